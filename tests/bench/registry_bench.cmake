linkspan_benchmark(NAME bench_registry SRCS registry_bench.cc DEPS linkspan_pipeline fmt::fmt)
