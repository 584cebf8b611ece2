// Text from tags, labels, actors and messages, made fit to stand in Markdown on every platform: it
// can neither format, link, mention, refer, end a comment nor start a line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace linkspan::plan::markdown {

// On one line, without control and direction characters, broken UTF-8 replaced, at most `longest`
// bytes and then "…".
std::string one_line(std::string_view text, std::size_t longest = 300);
// In a code span, which is not rendered; some look through it all the same (GitLab closes issues
// for `fixes #1`). What would end the span, or a cell of a table, is replaced by a character that
// looks like it; what refers to something is followed by U+200B.
std::string code(std::string_view text, std::size_t longest = 300);
// The inside of a code span: for a template that brings its own backticks.
std::string inside_code(std::string_view text, std::size_t longest = 300);
// As running text. Characters that platforms give a meaning to are escaped, or followed by U+200B.
std::string prose(std::string_view text, std::size_t longest = 300);
// For commit messages, which are not Markdown, but looked through by platforms, issue trackers and
// CI systems for mentions, "fixes #1" and "[skip ci]". One word (a tag, a path, a digest) and an
// address stay as they are as far as that means nothing.
std::string plain(std::string_view text, std::size_t longest = 512);
// For titles: words are looked through as well.
std::string title(std::string_view text, std::size_t longest = 512);
// "[text](url)" when the URL is a plain http(s) one, else the text alone. `text` is Markdown
// already.
std::string link(std::string_view text, std::string_view url);
bool is_plain_url(std::string_view url);

// Characters as platforms count them (UTF-16), of UTF-8 text.
std::size_t length(std::string_view text);
// The longest beginning that has at most `limit` of them, with whole characters.
std::string_view cut(std::string_view text, std::size_t limit);

}  // namespace linkspan::plan::markdown
