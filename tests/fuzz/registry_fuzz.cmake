linkspan_fuzzer(NAME fuzz_registry SRCS registry_fuzz.cc DEPS linkspan_registry)
