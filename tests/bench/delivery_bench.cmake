add_executable(bench_delivery "${CMAKE_CURRENT_LIST_DIR}/delivery_bench.cc")
target_link_libraries(bench_delivery PRIVATE linkspan_load_client linkspan_webhooks fmt::fmt)
add_dependencies(bench_delivery linkspan)
target_compile_definitions(bench_delivery PRIVATE LINKSPAN_BINARY="$<TARGET_FILE:linkspan>")
