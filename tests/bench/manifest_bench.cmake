add_executable(bench_manifest "${CMAKE_CURRENT_LIST_DIR}/manifest_bench.cc")
target_link_libraries(bench_manifest PRIVATE linkspan_manifest yaml-cpp fmt::fmt Threads::Threads)
