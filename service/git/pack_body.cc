#include "service/git/pack_body.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <zlib.h>

#include <array>
#include <utility>

namespace linkspan::git {

Status PackBody::add(unsigned type, std::string_view bytes) {
    put_header(type, bytes.size());
    return put_compressed(bytes);
}

Status PackBody::add_delta(std::string_view base_id, std::string_view delta) {
    put_header(kRefDelta, delta.size());
    bytes_ += base_id;
    return put_compressed(delta);
}

std::string PackBody::finish() {
    std::string header{"PACK\0\0\0\2", 8};
    for (const int shift : {24, 16, 8, 0}) header += static_cast<char>((count_ >> shift) & 0xff);
    bytes_.replace(0, header.size(), header);
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size(), digest.data());
    bytes_.append(reinterpret_cast<const char*>(digest.data()), digest.size());
    count_ = 0;
    return std::exchange(bytes_, std::string(header.size(), '\0'));
}

void PackBody::put_header(unsigned type, std::size_t size) {
    ++count_;
    auto byte = (type << 4U) | (size & 0x0fU);
    size >>= 4U;
    while (size > 0) {
        bytes_ += static_cast<char>(byte | 0x80U);
        byte = size & 0x7fU;
        size >>= 7U;
    }
    bytes_ += static_cast<char>(byte);
}

Status PackBody::put_compressed(std::string_view bytes) {
    auto size = compressBound(static_cast<uLong>(bytes.size()));
    const auto at = bytes_.size();
    bytes_.resize(at + size);
    const int code = compress2(
        reinterpret_cast<Bytef*>(bytes_.data() + at),
        &size,
        reinterpret_cast<const Bytef*>(bytes.data()),
        static_cast<uLong>(bytes.size()),
        level_
    );
    if (code != Z_OK) return Error{Errc::Internal, fmt::format("zlib error {}", code)};
    bytes_.resize(at + size);
    return {};
}

}  // namespace linkspan::git
