# The load client and the reference server are a library: other benchmarks drive the whole service with them.
add_library(
    linkspan_load_client STATIC "${CMAKE_CURRENT_LIST_DIR}/load_client.cc"
                                "${CMAKE_CURRENT_LIST_DIR}/beast_reference.cc"
)
target_link_libraries(linkspan_load_client PUBLIC linkspan_runtime PRIVATE fmt::fmt)

add_executable(bench_http "${CMAKE_CURRENT_LIST_DIR}/http_bench.cc")
target_link_libraries(bench_http PRIVATE linkspan_http linkspan_load_client fmt::fmt)
