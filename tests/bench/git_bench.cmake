# With LINKSPAN_TESTS off nobody else adds the starters.
if(NOT TARGET linkspan_test_git)
    add_subdirectory("${CMAKE_SOURCE_DIR}/tests/support_git" "${CMAKE_BINARY_DIR}/tests/support_git")
endif()
add_executable(bench_git "${CMAKE_CURRENT_LIST_DIR}/git_bench.cc")
target_link_libraries(bench_git PRIVATE linkspan_git linkspan_test_git fmt::fmt)
