#include "service/registry/digest.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>
#include <string>

namespace linkspan::registry {

image::Digest compute_digest(std::string_view bytes, std::string_view algorithm) {
    const EVP_MD* const kind = algorithm == "sha512" ? EVP_sha512() : EVP_sha256();
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), &size, kind, nullptr) != 1) {
        throw std::runtime_error{"OpenSSL can't compute a digest"};
    }
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::string text = algorithm == "sha512" ? "sha512:" : "sha256:";
    for (unsigned i = 0; i < size; ++i) {
        text.push_back(kHex[hash[i] >> 4U]);
        text.push_back(kHex[hash[i] & 15U]);
    }
    return image::Digest::parse(text).value();
}

}  // namespace linkspan::registry
