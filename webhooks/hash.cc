#include "webhooks/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace linkspan::webhooks {
namespace {

using DigestBytes = std::array<unsigned char, EVP_MAX_MD_SIZE>;

const EVP_MD* openssl_digest(HashAlgorithm algorithm) {
    switch (algorithm) {
        case HashAlgorithm::Sha1:
            return EVP_sha1();
        case HashAlgorithm::Sha256:
            return EVP_sha256();
        case HashAlgorithm::Sha384:
            return EVP_sha384();
        case HashAlgorithm::Sha512:
            return EVP_sha512();
    }
    return EVP_sha256();
}

const unsigned char* as_bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string as_string(const DigestBytes& bytes, unsigned int size) {
    return {reinterpret_cast<const char*>(bytes.data()), size};
}

}  // namespace

std::string sha256(std::string_view bytes) {
    DigestBytes out{};
    unsigned int size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error{"OpenSSL offers no SHA-256"};
    }
    return as_string(out, size);
}

std::string hmac(HashAlgorithm algorithm, std::string_view key, std::string_view bytes) {
    DigestBytes out{};
    unsigned int size = 0;
    if (HMAC(
            openssl_digest(algorithm),
            key.data(),
            static_cast<int>(key.size()),
            as_bytes(bytes),
            bytes.size(),
            out.data(),
            &size
        ) == nullptr) {
        throw std::runtime_error{"OpenSSL offers no such HMAC"};
    }
    return as_string(out, size);
}

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex += kDigits[byte >> 4U];
        hex += kDigits[byte & 0xFU];
    }
    return hex;
}

}  // namespace linkspan::webhooks
