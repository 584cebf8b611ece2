#include "config/reader.h"

#include "config/file.h"
#include "config/mapping.h"
#include "config/nearest.h"
#include "config/quote.h"
#include "config/sections.h"
#include "config/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace linkspan::config {

namespace {

// A file of nonsense is not answered with a megabyte of talk.
constexpr std::size_t kMostProblems = 500;

std::string_view kind_name(const Node& node) {
    switch (node.kind) {
        case Node::Kind::Null:
            return "nothing";
        case Node::Kind::Scalar:
            return "text";
        case Node::Kind::Sequence:
            return "a list";
        case Node::Kind::Mapping:
            return "a mapping";
    }
    return "";
}

std::string quoted_keys(const std::vector<std::string>& keys, std::string_view last) {
    std::vector<std::string> words;
    for (const std::string& key : keys) words.push_back(quote(key));
    return enumerate(words, last);
}

}  // namespace

std::vector<std::string> MappingShape::names() const {
    std::vector<std::string> out;
    for (const KeyShape& key : keys) out.push_back(key.name);
    return out;
}

Reader::Reader(std::string directory, LoadOptions options)
    : directory_{std::move(directory)}, options_{options} {}

void Reader::problem(const Mark& mark, std::string_view message) {
    if (problems_.size() >= kMostProblems) {
        if (problems_.size() == kMostProblems) {
            problems_.push_back({mark, "more problems follow; mend these first"});
        }
        return;
    }
    std::string text;
    for (const std::string& segment : place_) {
        if (!text.empty() && !segment.starts_with('[')) text += '.';
        text += segment;
    }
    if (!text.empty()) text += ": ";
    text += one_line(message);  // what others say of a value may repeat its line breaks
    problems_.push_back({mark, std::move(text)});
}

Reader::Place Reader::inside(std::string_view key) {
    place_.push_back(printable(key));
    return Place{place_};
}

Reader::Place Reader::inside(std::size_t index) {
    place_.push_back(fmt::format("[{}]", index));
    return Place{place_};
}

void Reader::wrong_kind(const Node& node, std::string_view expected) {
    problem(node.mark, fmt::format("expected {}, found {}", expected, kind_name(node)));
}

std::optional<std::string> Reader::text(const Node& node) {
    if (node.kind == Node::Kind::Null || (node.kind == Node::Kind::Scalar && node.text.empty())) {
        problem(node.mark, "has no value; give one or remove the key");
        return std::nullopt;
    }
    if (node.kind != Node::Kind::Scalar) {
        wrong_kind(node, "text");
        return std::nullopt;
    }
    return node.text;
}

std::optional<bool> Reader::boolean(const Node& node) {
    if (node.kind == Node::Kind::Scalar && !node.quoted) {
        if (node.text == "true") return true;
        if (node.text == "false") return false;
    }
    if (node.kind == Node::Kind::Scalar) {
        problem(node.mark, fmt::format("expected true or false, found {}", quote(node.text)));
    } else {
        wrong_kind(node, "true or false");
    }
    return std::nullopt;
}

std::optional<std::uint64_t> Reader::integer(const Node& node, Range range) {
    std::uint64_t value = 0;
    if (node.kind != Node::Kind::Scalar) {
        wrong_kind(node, "a whole number");
        return std::nullopt;
    }
    const char* const end = node.text.data() + node.text.size();
    const auto [stop, error] = std::from_chars(node.text.data(), end, value);
    if (node.quoted || error != std::errc{} || stop != end) {
        problem(
            node.mark,
            fmt::format(
                "expected a whole number, found {}{}",
                quote(node.text),
                node.quoted && error == std::errc{} && stop == end ? " in quotes; remove them" : ""
            )
        );
        return std::nullopt;
    }
    if (value < range.least || value > range.most) {
        problem(
            node.mark, fmt::format("{} is not between {} and {}", value, range.least, range.most)
        );
        return std::nullopt;
    }
    return value;
}

std::optional<std::uint64_t> Reader::size(const Node& node, Range range) {
    const auto written = text(node);
    if (!written) return std::nullopt;
    const auto value = parse_size(*written);
    if (value.has_error()) {
        problem(node.mark, value.error().message);
        return std::nullopt;
    }
    if (*value < range.least || *value > range.most) {
        problem(
            node.mark,
            fmt::format(
                "{} is not between {} and {}",
                quote(*written),
                format_size(range.least),
                format_size(range.most)
            )
        );
        return std::nullopt;
    }
    return *value;
}

std::optional<std::chrono::milliseconds> Reader::duration(
    const Node& node, Range range, std::chrono::milliseconds unit
) {
    const auto written = text(node);
    if (!written) return std::nullopt;
    const auto value = parse_duration(*written);
    if (value.has_error()) {
        problem(node.mark, value.error().message);
        return std::nullopt;
    }
    const auto count = static_cast<std::uint64_t>(value->count());
    if (count < range.least || count > range.most) {
        const auto shown = [](std::uint64_t ms) {
            return format_duration(std::chrono::milliseconds{static_cast<std::int64_t>(ms)});
        };
        problem(
            node.mark,
            fmt::format(
                "{} is not between {} and {}",
                quote(*written),
                shown(range.least),
                shown(range.most)
            )
        );
        return std::nullopt;
    }
    if (*value % unit != std::chrono::milliseconds{0}) {
        problem(
            node.mark,
            fmt::format("{} is not a multiple of {}", quote(*written), format_duration(unit))
        );
        return std::nullopt;
    }
    return *value;
}

std::optional<std::size_t> Reader::choice(const Node& node, const std::vector<std::string>& names) {
    const auto written = text(node);
    if (!written) return std::nullopt;
    const auto found = std::find(names.begin(), names.end(), *written);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    problem(
        node.mark,
        fmt::format(
            "{} is {} {}{}",
            quote(*written),
            names.size() == 1 ? "not" : "not one of",
            enumerate(names),
            nearest(*written, names) ? suggestion(*written, names) : ""
        )
    );
    return std::nullopt;
}

std::optional<std::string> Reader::file(const Node& node) {
    const auto written = text(node);
    if (!written) return std::nullopt;
    std::string path = absolute(*written);
    if (options_.check_references) {
        const Status readable = check_readable(path);
        if (readable.has_error()) {
            problem(node.mark, readable.error().message);
            return std::nullopt;
        }
    }
    return path;
}

std::optional<SecretRef> Reader::secret(const Node& node) {
    const std::size_t before = problems_.size();
    std::optional<SecretRef> reference;
    secret_mapping().read(*this, node, reference);
    if (problems_.size() != before || !reference) return std::nullopt;
    if (options_.check_references) {
        const auto value = reference->read();
        if (value.has_error()) {
            problem(node.mark, value.error().message);
            return std::nullopt;
        }
    }
    return reference;
}

const std::vector<std::shared_ptr<const Node>>* Reader::list(const Node& node, const Shape& shape) {
    if (node.kind != Node::Kind::Sequence && node.kind != Node::Kind::Null) {
        wrong_kind(node, "a list");
        return nullptr;
    }
    if (shape.not_empty && node.items.empty()) {
        problem(node.mark, "the list is empty; name at least one");
        return nullptr;
    }
    return &node.items;
}

bool Reader::mapping(const Node& node, const MappingShape& shape) {
    if (node.kind != Node::Kind::Mapping && node.kind != Node::Kind::Null) {
        if (shape.expected.empty()) {
            wrong_kind(node, "a mapping");
        } else {
            problem(node.mark, shape.expected);
        }
        return false;
    }
    const std::vector<std::string> names = shape.names();
    for (const Node::Member& member : node.members) {
        if (problems_.size() > kMostProblems) break;
        if (std::find(names.begin(), names.end(), member.key) != names.end()) continue;
        if (std::find(shape.planned.begin(), shape.planned.end(), member.key) !=
            shape.planned.end()) {
            problem(member.mark, quote(member.key) + " is not built yet; remove the key");
        } else if (member.key != "<<") {  // the parser has said it
            problem(
                member.mark,
                fmt::format("unknown key {}{}", quote(member.key), suggestion(member.key, names))
            );
        }
    }
    for (const KeyShape& key : shape.keys) {
        if (key.required && node.find(key.name) == nullptr) {
            problem(node.mark, "missing " + quote(key.name));
        }
    }
    if (shape.exactly_one) exactly_one(node, shape);
    return true;
}

void Reader::exactly_one(const Node& node, const MappingShape& shape) {
    const std::vector<std::string> names = shape.names();
    std::vector<const Node::Member*> given;
    for (const Node::Member& member : node.members) {
        if (std::find(names.begin(), names.end(), member.key) != names.end()) {
            given.push_back(&member);
        }
    }
    if (given.empty() && node.members.empty()) {  // otherwise an unknown key was said
        problem(node.mark, "give one of " + quoted_keys(names, "or"));
    } else if (given.size() > 1 && given[0]->key != given[1]->key) {
        std::vector<std::string> found;
        for (const Node::Member* member : given) found.push_back(member->key);
        problem(
            given[1]->mark,
            fmt::format(
                "give one of {}, not {}", quoted_keys(names, "or"), quoted_keys(found, "and")
            )
        );
    }
}

std::string Reader::absolute(std::string_view path) const {
    return (std::filesystem::path{directory_} / path).lexically_normal().string();
}

}  // namespace linkspan::config
