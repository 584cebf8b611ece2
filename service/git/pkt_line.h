// Git's packet lines: four hex digits of length (with themselves), then the bytes; "0000" is a
// flush. Source: Documentation/gitprotocol-common.txt.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::git {

// Adds one packet to `out`; payload is at most 65516 bytes.
void append_packet(std::string& out, std::string_view payload);
inline constexpr std::string_view kFlush = "0000";

class PacketReader {
public:
    // Waits for at least one byte; 0 is the end.
    using Source = std::function<Result<std::size_t>(char*, std::size_t)>;
    // `from` names the other side in messages.
    PacketReader(Source source, std::string from);

    // The next packet's bytes, valid until the next call; nullopt is a flush. Errors: Unavailable
    // for an early end and for what is no packet; those of the source.
    Result<std::optional<std::string_view>> next();
    // All bytes read so far: a limit for what a hostile server may send.
    [[nodiscard]] std::size_t total() const { return total_; }
    [[nodiscard]] const std::string& from() const { return from_; }

private:
    Status fill(std::size_t wanted);

    Source source_;
    std::string from_;
    std::string buffer_;
    std::size_t begin_ = 0;
    std::size_t total_ = 0;
};

}  // namespace linkspan::git
