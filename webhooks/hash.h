// Digests and message authentication codes, over OpenSSL, whose types stay in hash.cc.
#pragma once

#include <string>
#include <string_view>

namespace linkspan::webhooks {

enum class HashAlgorithm { Sha1, Sha256, Sha384, Sha512 };

std::string sha256(std::string_view bytes);  // 32 raw bytes
std::string hmac(HashAlgorithm algorithm, std::string_view key, std::string_view bytes);  // raw

std::string to_hex(std::string_view bytes);  // lower case

}  // namespace linkspan::webhooks
