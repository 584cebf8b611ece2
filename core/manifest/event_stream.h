// A text as a stream of YAML events, read with yaml-cpp: the independent reader. Private to
// core/manifest; the check of edits is its only user.
//
// Events and not nodes: aliases are not expanded, so a bomb stays small. yaml-cpp stops by itself
// at 500 levels. Some texts make it go round in circles, so there can't be more events than the
// text has room for.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::manifest {

enum class EventKind : std::uint8_t {
    DocumentStart,
    DocumentEnd,
    Null,
    Alias,
    Scalar,
    SequenceStart,
    SequenceEnd,
    MapStart,
    MapEnd,
};

inline constexpr std::uint32_t kNoMark = static_cast<std::uint32_t>(-1);

struct Event {
    EventKind kind = EventKind::Null;
    std::uint8_t style = 0;      // block or flow
    std::uint32_t anchor = 0;    // of the node, or what an alias refers to: numbered in a document
    std::uint32_t line = 0;      // 0-based
    std::uint32_t at = kNoMark;  // byte, from behind a byte order mark; with the tag and anchor
    std::string_view tag;        // "?" for plain text, "!" for quoted text
    std::string_view value;      // of a scalar

    [[nodiscard]] bool is(EventKind k) const { return kind == k; }
};

// Equal but for their positions.
bool same(const Event& a, const Event& b);

// A stream that is kept. Small: a text of 16 MiB is at most about 100 MB of events.
class Events {
public:
    // Errors: Corrupt, "line N: <context>: …", for what yaml-cpp does not read.
    static Result<Events> read(std::string_view text, std::string_view context);

    [[nodiscard]] std::size_t size() const { return stored_.size(); }
    // Views into this object.
    [[nodiscard]] Event operator[](std::size_t i) const;

private:
    struct Stored {
        EventKind kind;
        std::uint8_t style;
        std::uint32_t anchor;
        std::uint32_t line;
        std::uint32_t at;
        std::uint32_t begin;  // of tag and value in the arena
        std::uint32_t tag;    // sizes
        std::uint32_t value;
    };
    std::string arena_;
    std::vector<Stored> stored_;
};

// Hands over each event as it is read; the first error that `visit` returns ends it. Errors: that
// one, or Corrupt as above.
Status follow(
    std::string_view text,
    std::string_view context,
    const std::function<Status(const Event&)>& visit
);

}  // namespace linkspan::manifest
