linkspan_fuzzer(NAME fuzz_config SRCS config_fuzz.cc DEPS linkspan_config)
