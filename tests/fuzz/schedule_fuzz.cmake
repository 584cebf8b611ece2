linkspan_fuzzer(NAME fuzz_schedule SRCS schedule_fuzz.cc DEPS linkspan_policy)
