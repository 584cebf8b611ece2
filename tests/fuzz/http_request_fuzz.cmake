linkspan_fuzzer(NAME fuzz_http_request SRCS "${CMAKE_CURRENT_LIST_DIR}/http_request_fuzz.cc" DEPS linkspan_http)
