// The hidden block of a pull request's body, by which it is recognised when the store was lost: one
// line, versioned, with a checksum, in a comment (or in a reference definition, where the platform
// shows comments). Line endings and edits around it do not matter; an edited block counts as none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::plan {

// One image as a pull request has it.
struct CarriedImage {
    std::string image;  // host/repository
    std::string policy;
    std::string tag;
    std::string digest;  // empty: none is written
    friend bool operator==(const CarriedImage&, const CarriedImage&) = default;
    friend auto operator<=>(const CarriedImage&, const CarriedImage&) = default;
};

struct BodyState {
    std::string target;
    std::string group;
    std::vector<CarriedImage> images;  // may be cut short, see `left_out`
    std::size_t left_out = 0;
    std::uint64_t decision = 0;  // fingerprint of all images
    std::string ended;           // why Linkspan closed it: "superseded"; empty: it did not
    std::uint64_t title = 0;     // fingerprint of plain_title() of the title that Linkspan gave it
    friend bool operator==(const BodyState&, const BodyState&) = default;
};

// FNV-1a, 64 bits: tells texts apart, protects nothing.
std::uint64_t fingerprint(std::string_view text);
// Of what is carried, in any order.
std::uint64_t fingerprint(std::vector<CarriedImage> images);

// Without line breaks. Images that do not fit into `longest` bytes are left out and counted.
std::string write_state(const BodyState& state, bool html_comments, std::size_t longest);
// The last block that is whole; nullopt when there is none.
std::optional<BodyState> read_state(std::string_view body);

// As platforms keep a title: no blanks around it, and one where there were many.
std::string plain_title(std::string_view title);

// The task list entry that asks for a rebuild, and whether somebody ticked it; in ours, where there
// is such a part: what people copied elsewhere would stay ticked.
std::string rebuild_checkbox(bool html_comments);
bool rebuild_is_ticked(std::string_view body);
// A line "linkspan rebuild" (or "/linkspan rebuild", "@bot linkspan rebuild" ) in a comment.
bool asks_for_rebuild(std::string_view comment);

// The marks around what is ours in a body: what people wrote before and after it stays. `limit`:
// of the platform; people's text goes first when it does not fit.
std::string put_into(
    std::string_view current, std::string_view ours, bool html_comments, std::size_t limit
);
std::string begin_mark(bool html_comments);
// From the first mark to the state; empty when there are none.
std::string_view ours_in(std::string_view body);
// The body with a state that says why Linkspan closed it; as it is when it has no state.
std::string mark_ended(std::string_view body, const std::string& why, bool html_comments);
// The body with a state that knows our title, at most kTitleMark bytes longer; as it is when it has
// no state.
std::string mark_title(std::string_view body, std::string_view title, bool html_comments);
inline constexpr std::size_t kTitleMark = 24;
// A mark in a comment, by which it is found again.
std::string comment_mark(std::string_view key, bool html_comments);

}  // namespace linkspan::plan
