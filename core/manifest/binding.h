// Which event of a text each edit is about. Private to core/manifest: the first half of verify().
#pragma once

#include "core/manifest/edit.h"
#include "core/manifest/event_stream.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace linkspan::manifest {

enum class Change : std::uint8_t {
    InsertBefore,  // keys come in front of the event
    RemovePair,    // the event is a key that goes, with the value behind it
    Value,         // the event's value changes
    Embedded,      // the event's text is YAML, and a value in it changes
    Text,          // something in the event's text, or in a comment behind it, changes
};

struct Bound {
    std::size_t event = 0;
    Change change = Change::Value;
    const Edit* edit = nullptr;
};

// By event, then by kind of change, then by the edits' own order. The edits must be in the order of
// the file, and each only once. Errors: Corrupt, when an edit is about something that is not there.
Result<std::vector<Bound>> bind_edits(
    std::string_view bytes, const Events& events, std::span<const Edit* const> edits
);

// "line N: the edit is refused: …"
Error refuse(std::size_t line, std::string_view why);

// Whether a value as yaml-cpp reads it is the one that is meant. Readers differ in how many line
// breaks a kept block ("|+") has at the end of a file.
bool reads_as(std::string_view event, std::string_view meant);

// `text` without white space around it.
std::string_view trimmed(std::string_view text);

}  // namespace linkspan::manifest
