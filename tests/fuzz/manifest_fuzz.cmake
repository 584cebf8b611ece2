linkspan_fuzzer(NAME fuzz_manifest SRCS manifest_fuzz.cc DEPS linkspan_manifest)
linkspan_fuzzer(NAME fuzz_manifest_marker SRCS manifest_marker_fuzz.cc DEPS linkspan_manifest)
linkspan_fuzzer(NAME fuzz_manifest_field SRCS manifest_field_fuzz.cc DEPS linkspan_manifest)
linkspan_fuzzer(NAME fuzz_stored_scan SRCS stored_scan_fuzz.cc DEPS linkspan_manifest)
