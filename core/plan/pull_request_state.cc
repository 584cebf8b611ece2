#include "core/plan/pull_request_state.h"

#include "core/plan/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace linkspan::plan {
namespace {

constexpr std::string_view kVersion = "linkspan:v1 ";
constexpr std::string_view kOpenComment = "<!-- ";
constexpr std::string_view kCloseComment = " -->";
constexpr std::string_view kOpenReference = "[//]: # (";
constexpr std::string_view kCloseReference = ")";
constexpr std::string_view kBegin = "linkspan:begin";
constexpr std::string_view kRebuild = "linkspan:rebuild";
constexpr std::string_view kRebuildWords = "Rebuild this branch";

bool stays(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == ':' ||
           c == '/' || c == '-';
}

// Nothing is left that ends a comment, a definition or a field.
std::string encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (stays(c) && !(c == '-' && out.ends_with('-'))) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

// Names are for people who look at the block: very long ones end in a hash.
std::string named(const std::string& name) {
    constexpr std::size_t kLongest = 200;
    if (name.size() <= kLongest) return name;
    return fmt::format("{}…{:x}", markdown::cut(name, kLongest / 3), fingerprint(name));
}

std::optional<std::string> decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        unsigned value = 0;
        if (i + 2 >= text.size()) return std::nullopt;
        const char* const digits = text.data() + i + 1;
        if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) return std::nullopt;
        out += static_cast<char>(value);
        i += 2;
    }
    return out;
}

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(by);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

template <class Integer>
bool read_number(std::string_view text, Integer& value, int base) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc{} && end == text.data() + text.size();
}

std::optional<BodyState> read_fields(std::string_view text) {
    const auto sum_at = text.rfind(" sum=");
    if (sum_at == std::string_view::npos) return std::nullopt;
    std::uint64_t sum = 0;
    std::string_view sum_text = text.substr(sum_at + 5);
    while (sum_text.ends_with(' ')) sum_text.remove_suffix(1);
    if (!read_number(sum_text, sum, 16)) return std::nullopt;
    text = text.substr(0, sum_at);
    if (fingerprint(text) != sum) return std::nullopt;
    BodyState state;
    for (const auto field : split(text, ' ')) {
        const auto equals = field.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view name = field.substr(0, equals);
        const std::string_view value = field.substr(equals + 1);
        if (name == "image") {
            std::vector<std::string> parts;
            for (const auto part : split(value, ',')) {
                auto plain = decode(part);
                if (!plain) return std::nullopt;
                parts.push_back(std::move(*plain));
            }
            if (parts.size() != 4) return std::nullopt;
            state.images.push_back({parts[0], parts[1], parts[2], parts[3]});
            continue;
        }
        if (name == "left_out") {
            if (!read_number(value, state.left_out, 10)) return std::nullopt;
            continue;
        }
        if (name == "decision") {
            if (!read_number(value, state.decision, 16)) return std::nullopt;
            continue;
        }
        if (name == "title") {
            if (!read_number(value, state.title, 16)) return std::nullopt;
            continue;
        }
        auto plain = decode(value);
        if (!plain) return std::nullopt;
        if (name == "target") state.target = std::move(*plain);
        if (name == "group") state.group = std::move(*plain);
        if (name == "ended") state.ended = std::move(*plain);
    }
    if (state.target.empty()) return std::nullopt;
    return state;
}

std::string hidden(std::string_view text, bool html_comments) {
    return html_comments ? fmt::format("{}{}{}", kOpenComment, text, kCloseComment)
                         : fmt::format("{}{}{}", kOpenReference, text, kCloseReference);
}

// Where a block with that text begins and ends; npos: nowhere.
struct Found {
    std::size_t begin = std::string_view::npos;
    std::size_t end = 0;
    std::string_view inside;
};
Found find_hidden(std::string_view body, std::string_view start, std::size_t before) {
    for (std::size_t at = body.rfind(start, before); at != std::string_view::npos;
         at = at == 0 ? std::string_view::npos : body.rfind(start, at - 1)) {
        for (const auto& [open, close] :
             {std::pair{kOpenComment, kCloseComment}, std::pair{kOpenReference, kCloseReference}}) {
            if (at < open.size() || body.substr(at - open.size(), open.size()) != open) continue;
            const auto line_end = std::min(body.find_first_of("\r\n", at), body.size());
            const auto end = body.find(close, at);
            if (end == std::string_view::npos || end > line_end) continue;
            return {at - open.size(), end + close.size(), body.substr(at, end - at)};
        }
    }
    return {};
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

std::uint64_t fingerprint(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 1099511628211ULL;
    }
    return hash;
}

std::uint64_t fingerprint(std::vector<CarriedImage> images) {
    std::sort(images.begin(), images.end());
    std::string text;
    for (const auto& one : images) {
        for (const auto& part : {one.image, one.policy, one.tag, one.digest}) text += part + '\n';
    }
    return fingerprint(text);
}

std::string write_state(const BodyState& state, bool html_comments, std::size_t longest) {
    std::string head{kVersion};
    head += "target=" + encode(named(state.target));
    if (!state.group.empty()) head += " group=" + encode(named(state.group));
    head += fmt::format(" decision={:x}", state.decision);
    if (!state.ended.empty()) head += " ended=" + encode(state.ended);
    if (state.title != 0) head += fmt::format(" title={:x}", state.title);
    // For the frame, the checksum and left_out.
    constexpr std::size_t kRest = 60;
    std::string images;
    std::size_t left_out = state.left_out;
    for (const auto& one : state.images) {
        const std::string entry = fmt::format(
            " image={},{},{},{}",
            encode(one.image),
            encode(one.policy),
            encode(one.tag),
            encode(one.digest)
        );
        if (head.size() + images.size() + entry.size() + kRest > longest) {
            ++left_out;
        } else {
            images += entry;
        }
    }
    std::string text = head + images;
    if (left_out > 0) text += fmt::format(" left_out={}", left_out);
    text += fmt::format(" sum={:x}", fingerprint(std::string_view{text}.substr(kVersion.size())));
    return hidden(text, html_comments);
}

std::optional<BodyState> read_state(std::string_view body) {
    std::size_t before = std::string_view::npos;
    for (;;) {
        const Found found = find_hidden(body, kVersion, before);
        if (found.begin == std::string_view::npos) return std::nullopt;
        auto state = read_fields(found.inside.substr(kVersion.size()));
        if (state) return state;
        if (found.begin == 0) return std::nullopt;
        before = found.begin - 1;
    }
}

std::string rebuild_checkbox(bool html_comments) {
    return fmt::format(
        "- [ ] {}{}", html_comments ? "<!-- linkspan:rebuild -->" : "", kRebuildWords
    );
}

bool rebuild_is_ticked(std::string_view body) {
    if (const auto ours = ours_in(body); !ours.empty()) body = ours;
    for (const auto line : split(body, '\n')) {
        const std::string_view text = trimmed(line);
        if (text.size() < 6 || (text[0] != '-' && text[0] != '*') || text[1] != ' ') continue;
        if (text[2] != '[' || (text[3] | 0x20) != 'x' || text[4] != ']') continue;
        if (text.find(kRebuild) != std::string_view::npos ||
            trimmed(text.substr(5)).starts_with(kRebuildWords)) {
            return true;
        }
    }
    return false;
}

bool asks_for_rebuild(std::string_view comment) {
    for (const auto line : split(comment, '\n')) {
        std::string text{trimmed(line)};
        std::transform(text.begin(), text.end(), text.begin(), [](char c) {
            return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        });
        if (text.starts_with('@')) text.erase(0, std::min(text.find(' '), text.size() - 1) + 1);
        if (text.starts_with('/')) text.erase(0, 1);
        if (text == "linkspan rebuild") return true;
    }
    return false;
}

std::string begin_mark(bool html_comments) { return hidden(kBegin, html_comments); }

std::string_view ours_in(std::string_view body) {
    const Found begin = find_hidden(body, kBegin, std::string_view::npos);
    const Found state = find_hidden(body, kVersion, std::string_view::npos);
    if (begin.begin == std::string_view::npos || state.begin == std::string_view::npos ||
        state.begin < begin.end) {
        return {};
    }
    return trimmed(body.substr(begin.end, state.end - begin.end));
}

namespace {

template <class Change>
std::string with_state(
    std::string_view body, std::size_t longer, bool html_comments, const Change& change
) {
    auto state = read_state(body);
    const Found found = find_hidden(body, kVersion, std::string_view::npos);
    if (!state) return std::string{body};
    change(*state);
    return fmt::format(
        "{}{}{}",
        body.substr(0, found.begin),
        write_state(*state, html_comments, found.end - found.begin + longer),
        body.substr(found.end)
    );
}

}  // namespace

std::string mark_ended(std::string_view body, const std::string& why, bool html_comments) {
    return with_state(body, why.size() + 40, html_comments, [&](BodyState& state) {
        state.ended = why;
    });
}

std::string mark_title(std::string_view body, std::string_view title, bool html_comments) {
    return with_state(body, 80, html_comments, [&](BodyState& state) {
        state.title = fingerprint(plain_title(title));
    });
}

std::string plain_title(std::string_view title) {
    std::string out;
    for (const char c : title) {
        if (std::isspace(static_cast<unsigned char>(c)) == 0) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    if (out.ends_with(' ')) out.pop_back();
    return out;
}

std::string comment_mark(std::string_view key, bool html_comments) {
    return hidden(fmt::format("linkspan:said {:x}", fingerprint(key)), html_comments);
}

std::string put_into(
    std::string_view current, std::string_view ours, bool html_comments, std::size_t limit
) {
    const std::string whole = fmt::format("{}\n{}", begin_mark(html_comments), ours);
    const Found begin = find_hidden(current, kBegin, std::string_view::npos);
    const Found state = find_hidden(current, kVersion, std::string_view::npos);
    std::string_view before;
    std::string_view after;
    if (begin.begin != std::string_view::npos && state.begin != std::string_view::npos &&
        state.begin > begin.begin) {
        before = trimmed(current.substr(0, begin.begin));
        after = trimmed(current.substr(state.end));
    } else if (begin.begin == std::string_view::npos && state.begin == std::string_view::npos) {
        before = trimmed(current);
    } else if (begin.begin == std::string_view::npos) {
        // One of the marks is gone: where ours begins, or ends, is not known any more.
        after = trimmed(current.substr(state.end));
    } else {
        before = trimmed(current.substr(0, begin.begin));
    }
    std::string out;
    if (!before.empty()) out += std::string{before} + "\n\n";
    out += whole;
    if (!after.empty()) out += "\n\n" + std::string{after};
    return markdown::length(out) <= limit ? out : whole;
}

}  // namespace linkspan::plan
