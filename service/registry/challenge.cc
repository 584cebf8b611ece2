#include "service/registry/challenge.h"

#include <algorithm>

namespace linkspan::registry {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}
bool is_token_char(char c) {
    return is_alphanumeric(c) ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}
bool is_token68_char(char c) {
    return is_alphanumeric(c) || std::string_view{"-._~+/"}.find(c) != std::string_view::npos;
}

class Reader {
public:
    explicit Reader(std::string_view text) : text_{text} {}

    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }

    bool skip_space() {
        const auto before = at_;
        while (peek() == ' ' || peek() == '\t') ++at_;
        return at_ != before;
    }
    void skip_commas() {
        do skip_space();
        while (take(','));
    }
    bool take(char c) {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    std::string take_token() {
        const auto from = at_;
        while (!at_end() && is_token_char(text_[at_])) ++at_;
        std::string out{text_.substr(from, at_ - from)};
        std::transform(out.begin(), out.end(), out.begin(), lower);
        return out;
    }
    // Only when it is all that the challenge holds; else nothing is taken.
    std::string take_token68() {
        auto to = at_;
        while (to < text_.size() && is_token68_char(text_[to])) ++to;
        if (to == at_) return {};
        while (to < text_.size() && text_[to] == '=') ++to;
        auto after = to;
        while (after < text_.size() && (text_[after] == ' ' || text_[after] == '\t')) ++after;
        if (after < text_.size() && text_[after] != ',') return {};
        std::string out{text_.substr(at_, to - at_)};
        at_ = to;
        return out;
    }
    // A token (values keep their case) or a quoted string.
    std::optional<std::string> take_value() {
        if (!take('"')) {
            const auto from = at_;
            while (!at_end() && is_token_char(text_[at_])) ++at_;
            if (from == at_) return std::nullopt;
            return std::string{text_.substr(from, at_ - from)};
        }
        std::string out;
        while (!at_end()) {
            const char c = text_[at_++];
            if (c == '"') return out;
            if (c == '\\') {
                if (at_end()) return std::nullopt;
                out.push_back(text_[at_++]);
            } else {
                out.push_back(c);
            }
        }
        return std::nullopt;
    }
    [[nodiscard]] std::size_t position() const { return at_; }
    void rewind(std::size_t position) { at_ = position; }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

std::optional<std::string> Challenge::param(std::string_view name) const {
    for (const auto& [key, value] : params) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::vector<Challenge> parse_challenges(std::string_view field) {
    std::vector<Challenge> out;
    Reader reader{field};
    for (reader.skip_commas(); !reader.at_end(); reader.skip_commas()) {
        Challenge challenge;
        challenge.scheme = reader.take_token();
        if (challenge.scheme.empty()) return out;
        const bool spaced = reader.skip_space();
        if (spaced) challenge.token68 = reader.take_token68();
        if (!spaced || !challenge.token68.empty() || reader.peek() == ',') {
            if (!spaced && !reader.at_end() && reader.peek() != ',') return out;
            out.push_back(std::move(challenge));
            continue;
        }
        // name=value, … up to a name without '=', which is the next scheme.
        for (;;) {
            const auto start = reader.position();
            const std::string name = reader.take_token();
            reader.skip_space();
            if (name.empty() || !reader.take('=')) {
                reader.rewind(start);
                break;
            }
            reader.skip_space();
            auto value = reader.take_value();
            if (!value) {
                out.push_back(std::move(challenge));
                return out;
            }
            challenge.params.emplace_back(name, std::move(*value));
            reader.skip_space();
            if (!reader.at_end() && reader.peek() != ',') {
                out.push_back(std::move(challenge));
                return out;
            }
            reader.skip_commas();
        }
        out.push_back(std::move(challenge));
    }
    return out;
}

}  // namespace linkspan::registry
