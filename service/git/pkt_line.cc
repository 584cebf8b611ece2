#include "service/git/pkt_line.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace linkspan::git {

void append_packet(std::string& out, std::string_view payload) {
    fmt::format_to(std::back_inserter(out), "{:04x}", payload.size() + 4);
    out += payload;
}

PacketReader::PacketReader(Source source, std::string from)
    : source_{std::move(source)}, from_{std::move(from)} {}

Status PacketReader::fill(std::size_t wanted) {
    while (buffer_.size() - begin_ < wanted) {
        if (begin_ > 0) {
            buffer_.erase(0, begin_);
            begin_ = 0;
        }
        std::array<char, 16 * 1024> chunk;
        LINKSPAN_TRY(count, source_(chunk.data(), chunk.size()));
        if (count == 0) {
            return Error{Errc::Unavailable, from_ + ": the server ended its answer early"};
        }
        buffer_.append(chunk.data(), count);
        total_ += count;
    }
    return {};
}

Result<std::optional<std::string_view>> PacketReader::next() {
    if (auto status = fill(4); status.has_error()) return status.error();
    const char* digits = buffer_.data() + begin_;
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits, digits + 4, length, 16);
    if (error != std::errc{} || end != digits + 4 || (length > 0 && length < 4)) {
        return Error{Errc::Unavailable, from_ + ": the answer is not in Git's protocol"};
    }
    if (length == 0) {
        begin_ += 4;
        return std::optional<std::string_view>{};
    }
    if (auto status = fill(length); status.has_error()) return status.error();
    const std::string_view payload{buffer_.data() + begin_ + 4, length - 4};
    begin_ += length;
    return std::optional{payload};
}

}  // namespace linkspan::git
