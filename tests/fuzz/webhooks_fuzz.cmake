linkspan_fuzzer(NAME fuzz_webhooks SRCS webhooks_fuzz.cc DEPS linkspan_webhooks)
