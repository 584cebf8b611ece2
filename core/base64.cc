#include "core/base64.h"

#include <cstddef>
#include <cstdint>

namespace linkspan {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char c, char c62, char c63) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == c62) return 62;
    if (c == c63) return 63;
    return -1;
}

std::optional<std::string> decode(std::string_view text, char c62, char c63, bool strictly) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const int value = value_of(c, c62, c63);
        if (value < 0) return std::nullopt;
        bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xFFU);
            bits &= (1U << static_cast<unsigned>(count)) - 1U;
        }
    }
    if (strictly && bits != 0) return std::nullopt;
    return bytes;
}

std::optional<std::string> padded(std::string_view text, bool strictly) {
    if (text.ends_with('=')) {
        if (text.size() % 4 != 0) return std::nullopt;
        text.remove_suffix(1);
        if (text.ends_with('=')) text.remove_suffix(1);
    }
    return decode(text, '+', '/', strictly);
}

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            const auto byte = i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U;
            bits = (bits << 8U) | byte;
        }
        for (std::size_t j = 0; j < 4; ++j) {
            const bool padding = i + j > bytes.size();
            text += padding ? '=' : kAlphabet[(bits >> (18U - 6U * j)) & 0x3FU];
        }
    }
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    return padded(text, /*strictly=*/true);
}

std::optional<std::string> from_base64_loosely(std::string_view text) {
    return padded(text, /*strictly=*/false);
}

std::optional<std::string> from_base64url(std::string_view text) {
    return decode(text, '-', '_', /*strictly=*/true);
}

std::string to_base64url(std::string_view bytes) {
    std::string text = to_base64(bytes);
    while (text.ends_with('=')) text.pop_back();
    for (char& c : text) {
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    return text;
}

}  // namespace linkspan
