linkspan_benchmark(
    NAME bench_policy
    SRCS "${CMAKE_CURRENT_LIST_DIR}/policy_bench.cc"
    DEPS linkspan_policy fmt::fmt
)
