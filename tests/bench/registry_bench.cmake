linkspan_benchmark(
    NAME bench_registry
    SRCS registry_bench.cc
    DEPS linkspan_pipeline linkspan_test_support nlohmann_json::nlohmann_json fmt::fmt
)
