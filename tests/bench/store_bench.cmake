linkspan_benchmark(NAME bench_store SRCS store_bench.cc DEPS linkspan_store SQLite::SQLite3 fmt::fmt Threads::Threads)
