// The text of a file before YAML: whether it is text at all, and where things are in it.
#pragma once

#include "config/yaml.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace linkspan::config {

// Why the text can't be read: too long, not UTF-8, or with control characters. yaml-cpp would
// replace bad bytes silently, and takes the byte 0x04 for the end of the file.
std::optional<Problem> check_source(std::string_view text);

// Positions are lines and bytes in the line, both from 0. The text has to outlive it.
class SourceText {
public:
    explicit SourceText(std::string_view text);

    // The same place as people count: from 1, in characters.
    [[nodiscard]] Mark mark(std::size_t line, std::size_t byte) const;
    // The text from there on; empty beyond the end.
    [[nodiscard]] std::string_view from(std::size_t line, std::size_t byte) const;

private:
    std::string_view text_;
    std::vector<std::size_t> starts_;  // of the lines
};

// Whether `rest` begins with "~" or "null".
bool begins_with_null(std::string_view rest);

// Whether `rest` begins with a quoted text, behind anchors and tags, that is never closed. yaml-cpp
// 0.7 takes the end of the file for its end, and so would hide every key behind it.
bool begins_with_open_quote(std::string_view rest);

}  // namespace linkspan::config
