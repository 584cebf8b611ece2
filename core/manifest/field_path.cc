#include "core/manifest/field_path.h"

#include "core/image/quote.h"
#include "core/manifest/walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_set>
#include <utility>

namespace linkspan::manifest {

namespace {

constexpr std::size_t kLongestPath = 4'096;
constexpr std::size_t kMostSteps = 128;
constexpr std::size_t kMostNodes = 10'000;
// Nodes looked at on the way: "**" sees every node below.
constexpr std::size_t kMostVisits = 4'000'000;

}  // namespace

class FieldPathReader {
public:
    explicit FieldPathReader(std::string_view text) : text_{text} {}

    Result<FieldPath> read() {
        if (text_.size() > kLongestPath) return fail("the path is too long");
        if (take('$')) {
            if (!done() && peek() != '.' && peek() != '[') return fail("expected '.' or '['");
        }
        while (!done()) {
            if (path_.steps_.size() == kMostSteps) return fail("too many steps");
            const Status status = peek() == '[' ? bracket() : key();
            if (!status) return status.error();
        }
        if (path_.steps_.empty()) return fail("the path is empty");
        return std::move(path_);
    }

private:
    using Kind = FieldPath::Kind;

    [[nodiscard]] bool done() const { return at_ >= text_.size(); }
    [[nodiscard]] char peek() const { return text_[at_]; }
    bool take(char c) {
        if (done() || peek() != c) return false;
        ++at_;
        return true;
    }
    [[nodiscard]] Error fail(std::string_view why) const {
        return Error{
            Errc::InvalidInput,
            fmt::format("field path {}: column {}: {}", image::quote(text_), at_ + 1, why)};
    }

    void add(Kind kind, std::string key = {}) {
        FieldPath::Step step;
        step.kind = kind;
        if (kind == Kind::Key) step.keys.push_back(std::move(key));
        path_.steps_.push_back(std::move(step));
    }

    Status key() {
        const bool dot = take('.');
        if (!dot && !path_.steps_.empty()) return fail("expected '.' or '['");
        if (dot && !done() && peek() == '[') return bracket();
        if (text_.substr(at_, 2) == "**") {
            at_ += 2;
            if (!done() && peek() != '.' && peek() != '[') return fail("expected '.' behind '**'");
            add(Kind::Descend);
            return {};
        }
        const std::size_t begin = at_;
        LINKSPAN_TRY(word, plain_word(".[]"));
        if (text_.substr(begin, at_ - begin) == "*") {
            add(Kind::Every);
        } else {
            add(Kind::Key, std::move(word));
        }
        return {};
    }

    Result<std::string> plain_word(std::string_view stop) {
        std::string out;
        while (!done() && stop.find(peek()) == std::string_view::npos) {
            if (peek() == '\\') {
                ++at_;
                if (done()) return fail("a '\\' at the end");
            }
            out += text_[at_++];
        }
        if (out.empty()) return fail("expected a key");
        return out;
    }

    Result<std::string> quoted_word() {
        const char quote = text_[at_++];
        std::string out;
        while (!done() && peek() != quote) {
            if (peek() == '\\' && quote == '"') {
                ++at_;
                if (done()) break;
            }
            out += text_[at_++];
        }
        if (!take(quote)) return fail("the quote is not closed");
        return out;
    }

    [[nodiscard]] bool at_quote() const { return !done() && (peek() == '"' || peek() == '\''); }

    Status bracket() {
        ++at_;
        if (at_quote()) {
            LINKSPAN_TRY(word, quoted_word());
            if (take(']')) {
                add(Kind::Key, std::move(word));
                return {};
            }
            return filter(std::move(word));
        }
        if (text_.substr(at_, 2) == "*]") {
            at_ += 2;
            add(Kind::Every);
            return {};
        }
        const std::size_t end = text_.find(']', at_);
        if (end == std::string_view::npos) return fail("the '[' is not closed");
        long index = 0;
        const auto [last, error] = std::from_chars(text_.data() + at_, text_.data() + end, index);
        if (error == std::errc{} && last == text_.data() + end) {
            at_ = end + 1;
            add(Kind::Index);
            path_.steps_.back().index = index;
            return {};
        }
        LINKSPAN_TRY(word, plain_word(".=[]"));
        return filter(std::move(word));
    }

    Status filter(std::string first) {
        FieldPath::Step step;
        step.kind = Kind::Filter;
        step.keys.push_back(std::move(first));
        while (take('.')) {
            LINKSPAN_TRY(word, at_quote() ? quoted_word() : plain_word(".=[]"));
            step.keys.push_back(std::move(word));
        }
        if (!take('=')) {
            return fail("expected a number, *, \"key\" or key=value in the brackets");
        }
        LINKSPAN_TRY(value, at_quote() ? quoted_word() : plain_word("[]"));
        if (!take(']')) return fail("expected ']'");
        step.value = std::move(value);
        path_.steps_.push_back(std::move(step));
        return {};
    }

    std::string_view text_;
    std::size_t at_ = 0;
    FieldPath path_;
};

Result<FieldPath> FieldPath::parse(std::string_view text) { return FieldPathReader{text}.read(); }

namespace {

bool matches(
    const Tree& tree, NodeId node, const std::vector<std::string>& keys, std::string_view value
) {
    for (const std::string& key : keys) node = tree.resolve(tree.find(node, key));
    return is_scalar(tree, node) && tree[node].text == value;
}

}  // namespace

void FieldPath::take(
    const Tree& tree, const Step& step, NodeId node, std::vector<NodeId>& out, std::size_t& budget
) {
    const auto put = [&](NodeId id) {
        id = tree.resolve(id);
        if (id != kNoNode && budget > 0) {
            --budget;
            out.push_back(id);
        }
    };
    const auto each_child = [&](const auto& visit) {
        for (NodeId at = tree[node].first_child; at != kNoNode && budget > 0; at = tree[at].next) {
            if (!tree[at].is_key) visit(at);
        }
    };
    switch (step.kind) {
        case Kind::Key:
            return put(tree.find(node, step.keys.front()));
        case Kind::Every:
            return each_child(put);
        case Kind::Index: {
            if (!is_sequence(tree, node)) return;
            std::vector<NodeId> items;
            each_child([&](NodeId at) {
                --budget;
                items.push_back(at);
            });
            const auto size = static_cast<long>(items.size());
            const long index = step.index < 0 ? size + step.index : step.index;
            if (index >= 0 && index < size) put(items[static_cast<std::size_t>(index)]);
            return;
        }
        case Kind::Filter: {
            const auto keep = [&](NodeId at) {
                const NodeId id = tree.resolve(at);
                if (id != kNoNode && matches(tree, id, step.keys, step.value)) put(id);
            };
            return is_sequence(tree, node) ? each_child(keep) : keep(node);
        }
        case Kind::Descend: {
            // The node itself and all below it that is written there; aliases are not followed.
            const std::size_t first = out.size();
            put(node);
            for (std::size_t i = first; i < out.size() && budget > 0; ++i) {
                for (NodeId at = tree[out[i]].first_child; at != kNoNode && budget > 0;
                     at = tree[at].next) {
                    if (!tree[at].is_key && tree[at].kind != NodeKind::Alias) put(at);
                }
            }
            return;
        }
    }
}

std::vector<NodeId> FieldPath::find(const Tree& tree, NodeId root) const {
    std::size_t budget = kMostVisits;
    std::vector<NodeId> now{tree.resolve(root)};
    if (now.front() == kNoNode) return {};
    for (const Step& step : steps_) {
        std::vector<NodeId> next;
        for (const NodeId node : now) take(tree, step, node, next, budget);
        std::unordered_set<NodeId> seen;
        std::erase_if(next, [&](NodeId id) { return !seen.insert(id).second; });
        now = std::move(next);
    }
    std::sort(now.begin(), now.end());
    if (now.size() > kMostNodes) now.resize(kMostNodes);
    return now;
}

}  // namespace linkspan::manifest
