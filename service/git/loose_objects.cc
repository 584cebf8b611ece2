#include "service/git/loose_objects.h"

#include "service/git/each_file.h"

#include <fmt/format.h>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace linkspan::git {
namespace {

namespace fs = std::filesystem;

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

// How many bytes there are in all when the header "blob 123\0" is right.
std::optional<std::size_t> whole_size(std::string_view begin) {
    const auto nul = begin.find('\0');
    const auto blank = begin.find(' ');
    if (nul == std::string_view::npos || blank == std::string_view::npos || blank > nul) {
        return std::nullopt;
    }
    std::size_t size = 0;
    const char* const end = begin.data() + nul;
    const auto read = std::from_chars(begin.data() + blank + 1, end, size);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return size + nul + 1;
}

// Whether the file holds one object. Adds what was unpacked to `unpacked`, and ends as true when
// that gets over `limit`.
bool is_whole(const fs::path& file, std::size_t& unpacked, std::size_t limit) {
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK) return true;
    const std::unique_ptr<z_stream, Deleter<inflateEnd>> owner{&stream};
    std::ifstream in{file, std::ios::binary};
    std::array<char, 16384> packed;
    std::array<char, 65536> plain;
    std::optional<std::size_t> expected;
    for (bool first = true;;) {
        in.read(packed.data(), packed.size());
        const auto count = in.gcount();
        if (count <= 0) return false;
        stream.next_in = reinterpret_cast<Bytef*>(packed.data());
        stream.avail_in = static_cast<uInt>(count);
        do {
            stream.next_out = reinterpret_cast<Bytef*>(plain.data());
            stream.avail_out = static_cast<uInt>(plain.size());
            const int code = inflate(&stream, Z_NO_FLUSH);
            if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return false;
            const std::size_t got = plain.size() - stream.avail_out;
            unpacked += got;
            if (first && got > 0) {
                expected = whole_size({plain.data(), got});
                if (!expected) return false;
                first = false;
            }
            if (code == Z_STREAM_END) return expected && stream.total_out == *expected;
            if (unpacked > limit) return true;
        } while (stream.avail_in > 0 || stream.avail_out == 0);
    }
}

}  // namespace

std::vector<LooseObject> list_loose(const fs::path& objects) {
    std::vector<LooseObject> found;
    each_file(objects, [&](const fs::path& folder) {
        const auto head = folder.filename().string();
        if (head.size() != 2 || !is_hex(head)) return;
        each_file(folder, [&](const fs::path& file) {
            const auto hex = head + file.filename().string();
            git_oid id;
            if (hex.size() == GIT_OID_HEXSZ && is_hex(hex) &&
                git_oid_fromstr(&id, hex.c_str()) == 0) {
                found.push_back({id, file});
            }
        });
    });
    return found;
}

Status check_loose(const fs::path& objects, const LooseLimits& limits) {
    std::vector<std::pair<fs::file_time_type, LooseObject>> by_age;
    for (auto& object : list_loose(objects)) {
        std::error_code error;
        const auto time = fs::last_write_time(object.file, error);
        if (!error) by_age.emplace_back(time, std::move(object));
    }
    std::sort(by_age.begin(), by_age.end(), [](const auto& a, const auto& b) {
        return a.first > b.first;
    });
    if (by_age.size() > limits.files) by_age.resize(limits.files);
    std::size_t unpacked = 0;
    for (const auto& [time, object] : by_age) {
        if (unpacked > limits.bytes) break;
        if (!is_whole(object.file, unpacked, limits.bytes)) {
            return Error{
                Errc::Corrupt,
                fmt::format("the file of object {} is cut short", to_hex(object.id))};
        }
    }
    return {};
}

}  // namespace linkspan::git
