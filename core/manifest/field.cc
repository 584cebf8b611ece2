#include "core/manifest/field.h"

#include "core/image/quote.h"
#include "core/manifest/encoding.h"
#include "core/manifest/field_path.h"
#include "core/manifest/finder.h"
#include "core/manifest/helm.h"
#include "core/manifest/key_value.h"
#include "core/manifest/walk.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

namespace linkspan::manifest {

struct FieldRule::Compiled {
    Field field;
    std::optional<FieldPath> path;
    std::unique_ptr<re2::RE2> pattern;
    std::vector<std::pair<int, std::string>> groups;  // by number, in the text's order
};

namespace {

constexpr std::size_t kLargestFile = std::size_t{16} << 20U;
constexpr std::size_t kMostPlaces = 20'000;
constexpr std::int64_t kPatternMemory = std::int64_t{8} << 20U;

using Compiled = FieldRule::Compiled;

std::optional<Role> role_of(std::string_view group) {
    if (group == "image") return Role::Reference;
    if (group == "registry") return Role::Registry;
    if (group == "name") return Role::Name;
    if (group == "tag") return Role::Tag;
    if (group == "digest") return Role::Digest;
    return std::nullopt;
}

std::optional<KeyValueFormat> key_value_format(std::string_view path) {
    const std::string_view file = path.substr(path.rfind('/') + 1);
    if (file.ends_with(".properties")) return KeyValueFormat::Properties;
    if (file.ends_with(".env") || file.starts_with(".env") || file == "env") {
        return KeyValueFormat::Dotenv;
    }
    return std::nullopt;
}

std::string shown(const Field& field) {
    return field.path.empty() ? fmt::format("pattern {}", image::quote(field.pattern))
                              : fmt::format("path {}", image::quote(field.path));
}

// A value that is bytes, not YAML.
Scalar text_scalar(
    std::string_view bytes, const LineIndex& lines, const ByteSpan& span, Role role
) {
    Scalar out;
    out.role = role;
    out.span = span;
    out.value = bytes.substr(span.begin, span.size());
    out.line = lines.line(span.begin);
    out.column = lines.column(span.begin);
    out.text = true;
    return out;
}

// Which image the scalars name, given what the configuration says.
Result<std::optional<image::ImageName>> image_of(const Place& place, const Field& field) {
    std::string_view name;
    std::string_view registry;
    for (const Scalar& scalar : place.scalars) {
        if (scalar.role == Role::Reference) {
            LINKSPAN_TRY(written, image::parse_written(scalar.value));
            return std::optional{std::move(written.meaning.name)};
        }
        if (scalar.role == Role::Name) name = scalar.value;
        if (scalar.role == Role::Registry) registry = scalar.value;
    }
    if (name.empty()) return field.image;
    LINKSPAN_TRY(
        parsed,
        image::ImageName::parse(
            registry.empty() ? std::string{name} : fmt::format("{}/{}", registry, name)
        )
    );
    return std::optional{std::move(parsed)};
}

class FieldScanner {
public:
    FieldScanner(std::string_view path, std::string_view bytes)
        : path_{path}, bytes_{bytes}, lines_{bytes} {}

    Scan scan(std::span<const FieldRule> rules) {
        if (bytes_.size() > kLargestFile) {
            out_.skipped = fmt::format("larger than {} MiB", kLargestFile >> 20U);
            return std::move(out_);
        }
        if (auto problem = encoding_problem(bytes_)) {
            out_.skipped = std::move(problem);
            return std::move(out_);
        }
        for (const FieldRule& rule : rules) {
            if (rule.compiled().pattern) by_pattern(rule.compiled());
        }
        const bool by_path = std::any_of(rules.begin(), rules.end(), [](const FieldRule& rule) {
            return rule.compiled().path.has_value();
        });
        if (by_path) {
            if (const auto format = key_value_format(path_)) {
                by_key(rules, *format);
            } else {
                by_tree(rules);
            }
        }
        return std::move(out_);
    }

private:
    void nothing(const Field& field) {
        out_.problems.push_back({0, fmt::format("nothing here has the {}", shown(field))});
    }

    void add_text(Place place, const Field& field) {
        if (out_.places.size() >= kMostPlaces) return;
        place.kind = PlaceKind::Field;
        const std::size_t line = place.scalars.front().line;
        auto image = image_of(place, field);
        if (!image) {
            out_.problems.push_back(
                {line, fmt::format("{}: {}", shown(field), image.error().message)}
            );
            return;
        }
        place.image = std::move(*image);
        out_.places.push_back(std::move(place));
    }

    void by_pattern(const Compiled& rule) {
        const int groups = rule.pattern->NumberOfCapturingGroups() + 1;
        std::vector<re2::StringPiece> found(static_cast<std::size_t>(groups));
        const re2::StringPiece text{bytes_.data(), bytes_.size()};
        bool any = false;
        std::size_t at = 0;
        while (
            at <= bytes_.size() && out_.places.size() < kMostPlaces &&
            rule.pattern->Match(text, at, bytes_.size(), re2::RE2::UNANCHORED, found.data(), groups)
        ) {
            const auto end =
                static_cast<std::size_t>(found[0].data() - bytes_.data()) + found[0].size();
            at = std::max(end, at + 1);
            Place place;
            place.where = fmt::format("line {}", lines_.line(end - found[0].size()));
            for (const auto& [number, name] : rule.groups) {
                const re2::StringPiece& part = found[static_cast<std::size_t>(number)];
                if (part.data() == nullptr) continue;
                const auto begin = static_cast<std::size_t>(part.data() - bytes_.data());
                place.scalars.push_back(
                    text_scalar(bytes_, lines_, {begin, begin + part.size()}, *role_of(name))
                );
            }
            if (place.scalars.empty()) continue;
            any = true;
            add_text(std::move(place), rule.field);
        }
        if (!any) nothing(rule.field);
    }

    void by_key(std::span<const FieldRule> rules, KeyValueFormat format) {
        const auto values = read_key_values(bytes_, format);
        for (const FieldRule& rule : rules) {
            const Field& field = rule.compiled().field;
            if (field.path.empty()) continue;
            // The last one counts, as readers have it.
            const auto it = std::find_if(values.rbegin(), values.rend(), [&](const KeyValue& kv) {
                return kv.key == field.path;
            });
            if (it == values.rend()) {
                nothing(field);
                continue;
            }
            Place place;
            place.where = field.path;
            place.scalars.push_back(text_scalar(bytes_, lines_, it->value, field.role));
            add_text(std::move(place), field);
        }
    }

    void by_tree(std::span<const FieldRule> rules) {
        const auto tree = read_tree(bytes_);
        if (!tree) {
            out_.skipped = fmt::format("not YAML: {}", tree.error().message);
            return;
        }
        Finder finder{path_, *tree, out_};
        for (const FieldRule& rule : rules) {
            if (!rule.compiled().path) continue;
            bool any = false;
            for (const NodeId root : tree->roots) {
                if (root == kNoNode) continue;
                for (const NodeId id : rule.compiled().path->find(*tree, root)) {
                    any = true;
                    add_node(finder, id, rule.compiled().field);
                }
            }
            if (!any) nothing(rule.compiled().field);
        }
    }

    static void add_node(Finder& finder, NodeId id, const Field& field) {
        const Tree& tree = finder.tree();
        if (is_mapping(tree, id)) {
            return find_in_values_mapping(finder, PlaceKind::Field, id, {}, {});
        }
        if (!is_scalar(tree, id)) {
            return finder.problem_at(id, fmt::format("{} leads to a list", shown(field)));
        }
        if (field.role == Role::Reference) return finder.add_reference(PlaceKind::Field, id);
        auto scalar = finder.scalar(id, field.role);
        if (!scalar) return;
        Place place;
        place.scalars.push_back(std::move(*scalar));
        place.kind = PlaceKind::Field;
        auto image = image_of(place, field);
        if (!image) return finder.problem_at(id, image.error().message);
        place.image = std::move(*image);
        finder.add(std::move(place), id, {id});
    }

    std::string_view path_;
    std::string_view bytes_;
    LineIndex lines_;
    Scan out_;
};

Error bad(std::string message) { return Error{Errc::InvalidInput, std::move(message)}; }

Status compile_pattern(Compiled& out) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kPatternMemory);
    out.pattern = std::make_unique<re2::RE2>(out.field.pattern, options);
    if (!out.pattern->ok()) {
        return bad(
            fmt::format("pattern {}: {}", image::quote(out.field.pattern), out.pattern->error())
        );
    }
    for (const auto& [number, name] : out.pattern->CapturingGroupNames()) {
        if (!role_of(name)) {
            return bad(fmt::format(
                "pattern {}: the group {} is not one of image, registry, name, tag, digest",
                image::quote(out.field.pattern),
                image::quote(name)
            ));
        }
        out.groups.emplace_back(number, name);
    }
    const auto has = [&](std::string_view name) {
        return out.pattern->NamedCapturingGroups().contains(std::string{name});
    };
    if (!has("image") && !has("tag") && !has("digest")) {
        return bad(fmt::format(
            "pattern {}: name a group for what changes: (?P<image>…), (?P<tag>…) or (?P<digest>…)",
            image::quote(out.field.pattern)
        ));
    }
    if (has("image") && out.groups.size() > 1) {
        return bad(fmt::format(
            "pattern {}: the group image stands for all parts: use it alone",
            image::quote(out.field.pattern)
        ));
    }
    return {};
}

}  // namespace

Result<FieldRule> FieldRule::compile(const Field& field) {
    if (field.path.empty() == field.pattern.empty()) {
        return bad("a field needs either a path or a pattern");
    }
    auto compiled = std::make_shared<Compiled>();
    compiled->field = field;
    if (field.path.empty()) {
        if (auto status = compile_pattern(*compiled); !status) return status.error();
    } else {
        LINKSPAN_TRY(path, FieldPath::parse(field.path));
        compiled->path = std::move(path);
    }
    FieldRule rule;
    rule.compiled_ = std::move(compiled);
    return rule;
}

bool FieldRule::names_image() const {
    const Field& field = compiled_->field;
    if (field.image) return true;
    if (!compiled_->pattern) return field.role == Role::Reference || field.role == Role::Name;
    const auto& groups = compiled_->groups;
    return std::any_of(groups.begin(), groups.end(), [](const auto& group) {
        return group.second == "image" || group.second == "name";
    });
}

std::string FieldRule::identity() const {
    const Field& field = compiled_->field;
    return fmt::format(
        "{}\n{}\n{}\n{}",
        static_cast<int>(field.role),
        field.path,
        field.pattern,
        field.image ? field.image->str() : std::string{}
    );
}

Scan scan_fields(std::string_view path, std::string_view bytes, std::span<const FieldRule> rules) {
    return FieldScanner{path, bytes}.scan(rules);
}

}  // namespace linkspan::manifest
