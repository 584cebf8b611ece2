// Mapping<T>: how a mapping of the file becomes a T. Each key is declared once, with its name, its
// type, where it goes, and a sentence for people; unknown keys, the JSON Schema and the test of the
// documentation all follow from that.
//
//     static const Mapping<Server> mapping{"server", "The HTTP server.", [](Mapping<Server>& m) {
//         m.text("listen", &Server::listen, "Address and port.", rule::listen);
//         m.duration("idle_timeout", &Server::idle_timeout, "…", {.least = 1000});
//     }};
//
// `access` is a pointer to a member, or a function from T& to a reference. Defaults are those of a
// default-made T. Made once, in a function-local static, and read by any thread afterwards.
#pragma once

#include "config/reader.h"
#include "config/shape.h"
#include "config/units.h"
#include "core/result.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace linkspan::config {

// Accepts a text and gives its normal form, or says what is wrong with it.
using TextRule = Result<std::string> (*)(std::string_view);

template <class E>
using Choices = std::vector<std::pair<std::string_view, E>>;

template <class T>
class Mapping {
public:
    using ReadKey = std::function<void(Reader&, const Node&, T&)>;

    template <class Define>
    Mapping(std::string_view name, std::string_view doc, Define define) {
        shape_.name = name;
        shape_.doc = doc;
        define(*this);
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    [[nodiscard]] const MappingShape& shape() const { return shape_; }

    // Sets what it can; everything wrong is noted in the reader.
    void read(Reader& reader, const Node& node, T& value) const {
        if (!reader.mapping(node, shape_)) return;
        for (const Node::Member& member : node.members) {
            for (std::size_t i = 0; i < readers_.size(); ++i) {
                if (shape_.keys[i].name != member.key) continue;
                // Given twice: the parser has said so, the first one counts.
                if (node.find(member.key) != member.value.get()) continue;
                const auto place = reader.inside(member.key);
                readers_[i](reader, *member.value, value);
            }
        }
        if (check_) check_(reader, node, value);
    }

    // The general key; the others are short for it.
    Mapping& key(std::string_view name, Shape shape, std::string_view doc, ReadKey read) {
        shape_.keys.push_back(
            {.name = std::string{name}, .doc = std::string{doc}, .shape = std::move(shape)}
        );
        readers_.push_back(std::move(read));
        return *this;
    }

    // About the key declared last.
    Mapping& required() {
        shape_.keys.back().required = true;
        shape_.keys.back().shape.default_value.clear();
        return *this;
    }
    // For a default that is not the member's own.
    Mapping& defaults_to(std::string_view value) {
        shape_.keys.back().shape.default_value = value;
        return *this;
    }
    Mapping& not_empty() {
        shape_.keys.back().shape.not_empty = true;
        return *this;
    }
    Mapping& may_be_empty() {
        shape_.keys.back().shape.may_be_empty = true;
        return *this;
    }
    Mapping& pattern(std::string_view regex) {
        shape_.keys.back().shape.pattern = regex;
        return *this;
    }

    // About the whole mapping.
    Mapping& planned(std::vector<std::string> names) {
        shape_.planned = std::move(names);
        return *this;
    }
    Mapping& exactly_one() {
        shape_.exactly_one = true;
        return *this;
    }
    Mapping& expected(std::string_view words) {
        shape_.expected = words;
        return *this;
    }
    // Runs after every key was read, for rules between keys.
    Mapping& check(ReadKey check) {
        check_ = std::move(check);
        return *this;
    }

    template <class Access>
    Mapping& text(
        std::string_view name, Access access, std::string_view doc, TextRule rule = nullptr
    ) {
        Shape shape = Shape::text();
        shape.default_value = fallback(access);
        const std::size_t index = shape_.keys.size();
        return key(
            name,
            shape,
            doc,
            [this, index, access, rule](Reader& reader, const Node& node, T& value) {
                const bool empty = shape_.keys[index].shape.may_be_empty && node.quoted &&
                                   node.kind == Node::Kind::Scalar && node.text.empty();
                if (empty) {
                    std::invoke(access, value) = std::string{};
                } else if (auto text = checked(reader, node, rule)) {
                    std::invoke(access, value) = std::move(*text);
                }
            }
        );
    }

    template <class Access>
    Mapping& boolean(std::string_view name, Access access, std::string_view doc) {
        Shape shape{.kind = Shape::Kind::Boolean, .default_value = fallback(access)};
        return key(name, shape, doc, [access](Reader& reader, const Node& node, T& value) {
            if (const auto flag = reader.boolean(node)) std::invoke(access, value) = *flag;
        });
    }

    template <class Access>
    Mapping& integer(std::string_view name, Access access, std::string_view doc, Range range) {
        Shape shape{
            .kind = Shape::Kind::Integer, .default_value = fallback(access), .range = range};
        return key(name, shape, doc, [access, range](Reader& reader, const Node& node, T& value) {
            if (const auto number = reader.integer(node, range)) {
                assign(std::invoke(access, value), *number);
            }
        });
    }

    template <class Access>
    Mapping& size(std::string_view name, Access access, std::string_view doc, Range range) {
        T blank{};
        Shape shape{
            .kind = Shape::Kind::Size,
            .default_value = format_size(std::invoke(access, blank)),
            .range = range};
        return key(name, shape, doc, [access, range](Reader& reader, const Node& node, T& value) {
            if (const auto bytes = reader.size(node, range)) {
                assign(std::invoke(access, value), *bytes);
            }
        });
    }

    // The range is in milliseconds.
    template <class Access>
    Mapping& duration(
        std::string_view name, Access access, std::string_view doc, Range range = {}
    ) {
        T blank{};
        using Unit = std::remove_cvref_t<std::invoke_result_t<Access, T&>>;
        Shape shape{
            .kind = Shape::Kind::Duration,
            .default_value = format_duration(std::invoke(access, blank)),
            .range = range};
        return key(name, shape, doc, [access, range](Reader& reader, const Node& node, T& value) {
            if (const auto time = reader.duration(node, range, Unit{1})) {
                std::invoke(access, value) = std::chrono::duration_cast<Unit>(*time);
            }
        });
    }

    template <class Access, class E>
    Mapping& choice(
        std::string_view name, Access access, std::string_view doc, const Choices<E>& choices
    ) {
        T blank{};
        Shape shape = Shape::choice(names_of(choices));
        for (const auto& [word, meaning] : choices) {
            if (meaning == std::invoke(access, blank)) shape.default_value = word;
        }
        return key(name, shape, doc, [access, choices](Reader& reader, const Node& node, T& value) {
            if (const auto i = reader.choice(node, names_of(choices))) {
                std::invoke(access, value) = choices[*i].second;
            }
        });
    }

    template <class Access>
    Mapping& file(std::string_view name, Access access, std::string_view doc) {
        return key(name, Shape::text(), doc, [access](Reader& reader, const Node& node, T& value) {
            if (auto path = reader.file(node)) std::invoke(access, value) = std::move(*path);
        });
    }

    template <class Access>
    Mapping& texts(
        std::string_view name, Access access, std::string_view doc, TextRule rule = nullptr
    ) {
        return list_of(name, Shape::text(), access, doc, [rule](Reader& reader, const Node& node) {
            return checked(reader, node, rule);
        });
    }

    // A text, or a list of them.
    template <class Access>
    Mapping& text_or_texts(
        std::string_view name, Access access, std::string_view doc, TextRule rule = nullptr
    ) {
        return key(
            name,
            Shape::any_of({Shape::text(), Shape::list(Shape::text())}),
            doc,
            [access, rule](Reader& reader, const Node& node, T& value) {
                std::invoke(access, value) = text_or_texts(reader, node, rule);
            }
        );
    }
    static std::vector<std::string> text_or_texts(Reader& reader, const Node& node, TextRule rule) {
        std::vector<std::string> out;
        if (node.kind != Node::Kind::Sequence) {
            if (auto text = checked(reader, node, rule)) out.push_back(std::move(*text));
            return out;
        }
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            const auto place = reader.inside(i);
            if (auto text = checked(reader, *node.items[i], rule)) out.push_back(std::move(*text));
        }
        return out;
    }

    template <class Access, class E>
    Mapping& choice_list(
        std::string_view name, Access access, std::string_view doc, const Choices<E>& choices
    ) {
        return list_of(
            name,
            Shape::choice(names_of(choices)),
            access,
            doc,
            [choices](Reader& reader, const Node& node) -> std::optional<E> {
                const auto i = reader.choice(node, names_of(choices));
                if (!i) return std::nullopt;
                return choices[*i].second;
            }
        );
    }

    // A mapping inside. The member may be std::optional.
    template <class Access, class Inner>
    Mapping& mapping(
        std::string_view name, Access access, std::string_view doc, const Mapping<Inner>& inner
    ) {
        return key(
            name,
            Shape::of(inner.shape()),
            doc,
            [access, &inner](Reader& reader, const Node& node, T& value) {
                auto& member = std::invoke(access, value);
                if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, Inner>) {
                    inner.read(reader, node, member);
                } else {
                    inner.read(reader, node, member.emplace());
                }
            }
        );
    }

    // A list of mappings. There is an element for every item, wrong or not, so that rules between
    // sections find the node of each by its index.
    template <class Access, class Inner>
    Mapping& mappings(
        std::string_view name, Access access, std::string_view doc, const Mapping<Inner>& inner
    ) {
        const Shape shape = Shape::list(Shape::of(inner.shape()));
        return key(
            name,
            shape,
            doc,
            [access, shape, &inner](Reader& reader, const Node& node, T& value) {
                const auto* items = reader.list(node, shape);
                if (items == nullptr) return;
                for (std::size_t i = 0; i < items->size(); ++i) {
                    const auto place = reader.inside(i);
                    inner.read(reader, *(*items)[i], std::invoke(access, value).emplace_back());
                }
            }
        );
    }

    template <class Access>
    Mapping& secret(std::string_view name, Access access, std::string_view doc);

private:
    static std::optional<std::string> checked(Reader& reader, const Node& node, TextRule rule) {
        auto text = reader.text(node);
        if (!text || rule == nullptr) return text;
        auto normal = rule(*text);
        if (normal.has_error()) {
            reader.problem(node.mark, normal.error().message);
            return std::nullopt;
        }
        return std::move(*normal);
    }

    template <class Member>
    static void assign(Member& member, std::uint64_t value) {
        member = static_cast<Member>(value);
    }

    template <class E>
    static std::vector<std::string> names_of(const Choices<E>& choices) {
        std::vector<std::string> names;
        for (const auto& choice : choices) names.emplace_back(choice.first);
        return names;
    }

    // The member of a default-made T, as the file would say it.
    template <class Access>
    static std::string fallback(Access access) {
        T blank{};
        const auto& member = std::invoke(access, blank);
        using Member = std::remove_cvref_t<decltype(member)>;
        if constexpr (std::is_same_v<Member, std::string>) {
            return member;
        } else if constexpr (std::is_same_v<Member, bool>) {
            return member ? "true" : "false";
        } else if constexpr (std::is_arithmetic_v<Member>) {
            return std::to_string(member);
        } else {
            return {};
        }
    }

    // A list in the file replaces the default.
    template <class Access, class ReadItem>
    Mapping& list_of(
        std::string_view name, Shape item, Access access, std::string_view doc, ReadItem read_item
    ) {
        Shape shape = Shape::list(std::move(item));
        const std::size_t index = shape_.keys.size();
        return key(
            name,
            std::move(shape),
            doc,
            [this, index, access, read_item](Reader& reader, const Node& node, T& value) {
                const auto* items = reader.list(node, shape_.keys[index].shape);
                if (items == nullptr) return;
                auto& member = std::invoke(access, value);
                member.clear();
                for (std::size_t i = 0; i < items->size(); ++i) {
                    const auto place = reader.inside(i);
                    if (auto item_value = read_item(reader, *(*items)[i])) {
                        member.push_back(std::move(*item_value));
                    }
                }
            }
        );
    }

    MappingShape shape_;
    std::vector<ReadKey> readers_;
    ReadKey check_;
};

// {file: …} or {env: …}
const Mapping<std::optional<SecretRef>>& secret_mapping();

template <class T>
template <class Access>
Mapping<T>& Mapping<T>::secret(std::string_view name, Access access, std::string_view doc) {
    return key(
        name,
        Shape::of(secret_mapping().shape()),
        doc,
        [access](Reader& reader, const Node& node, T& value) {
            if (auto reference = reader.secret(node)) {
                std::invoke(access, value) = std::move(*reference);
            }
        }
    );
}

}  // namespace linkspan::config
