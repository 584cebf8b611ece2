#include "core/plan/template_text.h"

#include "core/plan/markdown.h"

#include <fmt/format.h>

namespace linkspan::plan {
namespace {

constexpr std::size_t kMaxListed = 50;

class Filler {
public:
    Filler(const TemplateData& data, TemplateStyle style, std::string_view what)
        : data_{data}, style_{style}, what_{what} {}

    // `scope` is the entry of a list inside a block.
    Result<std::string> fill(
        std::string_view text, std::size_t offset, const TemplateValues* scope
    ) {
        std::string out;
        std::size_t i = 0;
        while (i < text.size()) {
            const std::size_t open = text.find("{{", i);
            out += text.substr(i, open - i);
            if (open == std::string_view::npos) break;
            const std::size_t close = text.find("}}", open);
            if (close == std::string_view::npos) return at(offset + open, "\"{{\" without \"}}\"");
            std::string_view name = text.substr(open + 2, close - open - 2);
            while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
            while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
            i = close + 2;
            if (name.starts_with("#each ")) {
                if (scope != nullptr) return at(offset + open, "a block inside a block");
                const std::size_t end = text.find("{{/each}}", i);
                if (end == std::string_view::npos) {
                    return at(offset + open, "{{#each}} without {{/each}}");
                }
                LINKSPAN_TRY(
                    part, each(name.substr(6), text.substr(i, end - i), offset + i, offset + open)
                );
                out += part;
                i = end + 9;
                continue;
            }
            LINKSPAN_TRY(value, value_of(name, scope, around(text, open, i), offset + open));
            out += value;
        }
        return out;
    }

private:
    enum class Around { Text, Code, Address };

    // What the template has around a name that is from `open` to `end`.
    [[nodiscard]] static Around around(std::string_view text, std::size_t open, std::size_t end) {
        if (open == 0 || end >= text.size()) return Around::Text;
        if (text[open - 1] == '`' && text[end] == '`') return Around::Code;
        const bool address = open > 1 && text.substr(open - 2, 2) == "](" && text[end] == ')';
        return address ? Around::Address : Around::Text;
    }

    Result<std::string> each(
        std::string_view list, std::string_view body, std::size_t offset, std::size_t open
    ) {
        const auto found = data_.lists.find(list);
        if (found == data_.lists.end()) {
            std::vector<std::string_view> known;
            for (const auto& [name, entries] : data_.lists) known.push_back(name);
            return at(
                open, fmt::format("unknown list \"{}\"; known: {}", list, fmt::join(known, ", "))
            );
        }
        std::string out;
        std::size_t listed = 0;
        for (const auto& entry : found->second) {
            if (listed++ == kMaxListed) {
                out += fmt::format("… and {} more\n", found->second.size() - kMaxListed);
                break;
            }
            LINKSPAN_TRY(part, fill(body, offset, &entry));
            out += part;
        }
        return out;
    }

    Result<std::string> value_of(
        std::string_view name, const TemplateValues* scope, Around around, std::size_t position
    ) const {
        if (scope != nullptr) {
            if (const auto value = scope->find(name); value != scope->end()) {
                return fit(value->second, around);
            }
        }
        if (const auto value = data_.top.find(name); value != data_.top.end()) {
            return fit(value->second, around);
        }
        if (const auto value = data_.sentences.find(name); value != data_.sentences.end()) {
            if (style_ == TemplateStyle::Message) return value->second;
            return fit(value->second, around);
        }
        if (const auto block = data_.blocks.find(name); block != data_.blocks.end()) {
            return block->second;
        }
        return at(
            position,
            fmt::format(
                "unknown name \"{}\"; the names are in docs/configuration.md",
                markdown::one_line(name)
            )
        );
    }

    [[nodiscard]] std::string fit(const std::string& value, Around around) const {
        if (style_ == TemplateStyle::Message) return markdown::plain(value);
        if (style_ == TemplateStyle::Title) return markdown::title(value);
        if (around == Around::Address) return markdown::is_plain_url(value) ? value : "";
        return around == Around::Code ? markdown::inside_code(value) : markdown::prose(value);
    }

    [[nodiscard]] Error at(std::size_t position, const std::string& problem) const {
        return {Errc::InvalidInput, fmt::format("{}, byte {}: {}", what_, position, problem)};
    }

    const TemplateData& data_;
    TemplateStyle style_;
    std::string_view what_;
};

}  // namespace

Result<std::string> fill(
    std::string_view text, const TemplateData& data, TemplateStyle style, std::string_view what
) {
    return Filler{data, style, what}.fill(text, 0, nullptr);
}

}  // namespace linkspan::plan
