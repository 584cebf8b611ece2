// A Scan as bytes, to be kept beside the blob that it was made from, and back.
//
// One byte of format, then fields in order: numbers as LEB128, texts with their length. Small, and
// read without trust: the database is a cache that may be damaged.
#pragma once

#include "core/manifest/place.h"
#include "core/result.h"

#include <string>
#include <string_view>

namespace linkspan::manifest {

std::string to_bytes(const Scan& scan);

// Errors: Corrupt, for anything that to_bytes() of this format does not write. Memory is bounded by
// a small multiple of the size of the bytes.
Result<Scan> scan_from_bytes(std::string_view bytes);

}  // namespace linkspan::manifest
