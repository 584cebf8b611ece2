#include "config/yaml.h"

#include "config/quote.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

namespace linkspan::config {

namespace {

// Length of the UTF-8 sequence at `at`, 0 when it is not well formed (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto within = [](unsigned b, unsigned low, unsigned high) {
        return b >= low && b <= high;
    };
    const auto tail = [&](std::size_t i) { return within(byte(i), 0x80, 0xBF); };
    const unsigned lead = byte(at);
    if (lead < 0x80) return 1;
    if (within(lead, 0xC2, 0xDF)) return tail(at + 1) ? 2 : 0;
    if (within(lead, 0xE0, 0xEF)) {
        const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = lead == 0xED ? 0x9F : 0xBF;
        return within(byte(at + 1), low, high) && tail(at + 2) ? 3 : 0;
    }
    if (within(lead, 0xF0, 0xF4)) {
        const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
        return within(byte(at + 1), low, high) && tail(at + 2) && tail(at + 3) ? 4 : 0;
    }
    return 0;
}

// yaml-cpp replaces bad bytes silently and takes the byte 0x04 for the end of the file, so both are
// looked for here.
std::optional<Problem> check_text(std::string_view text) {
    if (text.size() > kMaxText) {
        return Problem{
            {}, fmt::format("the file has {} bytes; at most {} are read", text.size(), kMaxText)};
    }
    Mark mark;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_length(text, i);
        const auto byte = static_cast<unsigned char>(text[i]);
        if (length == 0) {
            return Problem{
                mark,
                fmt::format("byte 0x{:02x} is not UTF-8; save the file in that encoding", byte)};
        }
        const bool control = byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r';
        if (control || byte == 0x7f) {
            return Problem{mark, fmt::format("control character 0x{:02x}; remove it", byte)};
        }
        if (byte == '\n') {
            mark = {.line = mark.line + 1, .column = 1};
        } else {
            ++mark.column;
        }
        i += length;
    }
    return std::nullopt;
}

// yaml-cpp counts columns in bytes.
class Lines {
public:
    explicit Lines(std::string_view text) : text_{text} {
        starts_.push_back(0);
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\n') starts_.push_back(i + 1);
        }
    }

    [[nodiscard]] Mark mark(const YAML::Mark& m) const {
        const auto line = static_cast<std::size_t>(m.line < 0 ? 0 : m.line);
        const auto bytes = static_cast<std::size_t>(m.column < 0 ? 0 : m.column);
        Mark mark{.line = line + 1, .column = 1};
        if (line >= starts_.size()) return mark;
        for (const char c : text_.substr(starts_[line], bytes)) {
            if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++mark.column;
        }
        return mark;
    }

    // Whether "~" or "null" is written there.
    [[nodiscard]] bool has_null(const YAML::Mark& m) const {
        const std::string_view rest = from(m);
        return !rest.empty() && (rest[0] == '~' || rest[0] == 'n' || rest[0] == 'N');
    }

    [[nodiscard]] bool has_dashes(const YAML::Mark& m) const { return from(m).starts_with("---"); }

    // yaml-cpp 0.7 takes the end of the file for the end of a quoted text, and so would hide every
    // key behind a quote that nobody closed.
    [[nodiscard]] bool has_open_quote(const YAML::Mark& m) const {
        std::string_view rest = from(m);
        while (!rest.empty() && (rest[0] == '&' || rest[0] == '!')) {
            rest.remove_prefix(std::min(rest.find_first_of(" \t\r\n"), rest.size()));
            rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
        }
        if (rest.empty() || (rest[0] != '"' && rest[0] != '\'')) return false;
        const char quote = rest[0];
        for (std::size_t i = 1; i < rest.size(); ++i) {
            if (quote == '"' && rest[i] == '\\') {
                ++i;
            } else if (rest[i] == quote) {
                if (quote == '"' || i + 1 >= rest.size() || rest[i + 1] != quote) return false;
                ++i;  // '' is one quote inside
            }
        }
        return true;
    }

private:
    [[nodiscard]] std::string_view from(const YAML::Mark& m) const {
        const auto line = static_cast<std::size_t>(m.line < 0 ? 0 : m.line);
        const auto column = static_cast<std::size_t>(m.column < 0 ? 0 : m.column);
        if (line >= starts_.size() || starts_[line] + column > text_.size()) return {};
        return text_.substr(starts_[line] + column);
    }

    std::string_view text_;
    std::vector<std::size_t> starts_;
};

// Ends the parse: the rest of the text can't be made sense of, or should not be.
struct Stop {
    Problem problem;
};

class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(const Lines& lines, std::vector<Problem>& problems)
        : lines_{lines}, problems_{problems} {}

    std::shared_ptr<const Node> take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    // A value that is left out is reported where the next thing stands; its key, or the list that
    // it is an item of, is the better place.
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        auto node = make(Node::Kind::Null, mark);
        if (!stack_.empty() && !lines_.has_null(mark)) {
            const Open& parent = stack_.back();
            node->mark = parent.key ? parent.key->second : parent.node->mark;
        }
        add(std::move(node), anchor);
    }

    void OnScalar(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        const std::string& text
    ) override {
        refuse_tag(mark, tag, "tag:yaml.org,2002:str");
        auto node = make(Node::Kind::Scalar, mark);
        if (tag != "?" && lines_.has_open_quote(mark)) {
            throw Stop{{node->mark, "YAML syntax: the quote that opens here is never closed"}};
        }
        node->text = text;
        node->quoted = tag != "?";
        node->weight += text.size();
        add(std::move(node), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {
            throw Stop{{lines_.mark(mark), "this alias refers to a value that holds it"}};
        }
        attach(found->second, lines_.mark(mark));
    }

    void OnSequenceStart(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        YAML::EmitterStyle::value
    ) override {
        refuse_tag(mark, tag, "tag:yaml.org,2002:seq");
        open(Node::Kind::Sequence, mark, anchor);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        YAML::EmitterStyle::value
    ) override {
        refuse_tag(mark, tag, "tag:yaml.org,2002:map");
        open(Node::Kind::Mapping, mark, anchor);
    }
    void OnMapEnd() override { close(); }

private:
    struct Open {
        std::shared_ptr<Node> node;
        YAML::anchor_t anchor = 0;
        // Mapping: the key that waits for its value, and the line of every key seen.
        std::optional<std::pair<std::string, Mark>> key;
        std::map<std::string, std::size_t, std::less<>> lines;
    };

    std::shared_ptr<Node> make(Node::Kind kind, const YAML::Mark& mark) const {
        auto node = std::make_shared<Node>();
        node->kind = kind;
        node->mark = lines_.mark(mark);
        return node;
    }

    void refuse_tag(const YAML::Mark& mark, const std::string& tag, std::string_view allowed) {
        if (tag.empty() || tag == "?" || tag == "!" || tag == allowed) return;
        problems_.push_back(
            {lines_.mark(mark),
             fmt::format("the tag {} has no meaning here; remove it", quote(tag))}
        );
    }

    void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (stack_.size() >= kMaxDepth) {
            throw Stop{
                {lines_.mark(mark), fmt::format("nested more than {} levels deep", kMaxDepth)}};
        }
        stack_.push_back({.node = make(kind, mark), .anchor = anchor, .key = {}, .lines = {}});
    }

    void close() {
        Open done = std::move(stack_.back());
        stack_.pop_back();
        add(std::move(done.node), done.anchor);
    }

    void add(std::shared_ptr<const Node> node, YAML::anchor_t anchor) {
        if (anchor != 0) anchors_[anchor] = node;
        const Mark mark = node->mark;
        attach(std::move(node), mark);
    }

    void attach(std::shared_ptr<const Node> node, const Mark& mark) {
        if (stack_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = stack_.back();
        parent.node->weight += node->weight;
        if (parent.node->weight > kMaxWeight) {
            throw Stop{{mark, "the aliases expand to more than a configuration can need"}};
        }
        if (parent.node->kind == Node::Kind::Sequence) {
            parent.node->items.push_back(std::move(node));
        } else if (parent.key) {
            parent.node->members.push_back(
                {std::move(parent.key->first), parent.key->second, std::move(node)}
            );
            parent.key.reset();
        } else {
            take_key(parent, *node, mark);
        }
    }

    void take_key(Open& mapping, const Node& node, const Mark& mark) {
        if (node.kind != Node::Kind::Scalar) {
            throw Stop{{mark, "a key has to be plain text"}};
        }
        if (node.text == "<<" && !node.quoted) {
            problems_.push_back(
                {mark, "merge keys (\"<<\") are not understood; give an alias as a whole value"}
            );
        }
        const auto [seen, fresh] = mapping.lines.emplace(node.text, mark.line);
        if (!fresh) {
            problems_.push_back(
                {mark,
                 fmt::format(
                     "the key {} is given twice; it is on line {} already",
                     quote(node.text),
                     seen->second
                 )}
            );
        }
        mapping.key.emplace(node.text, mark);
    }

    const Lines& lines_;
    std::vector<Problem>& problems_;
    std::vector<Open> stack_;
    std::map<YAML::anchor_t, std::shared_ptr<const Node>> anchors_;
    std::shared_ptr<const Node> root_;
};

// The second document is not built, only noticed.
class SecondDocument final : public YAML::EventHandler {
public:
    explicit SecondDocument(const Lines& lines) : lines_{lines} {}
    void OnDocumentStart(const YAML::Mark& mark) override {
        throw Stop{
            {lines_.mark(mark),
             lines_.has_dashes(mark)
                 ? "a second YAML document; the configuration is one document, remove the \"---\""
                 : "YAML syntax: this does not continue what stands above; check its indentation"}};
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&)
        override {}
    void OnSequenceStart(
        const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value
    ) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(
        const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value
    ) override {}
    void OnMapEnd() override {}

private:
    const Lines& lines_;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
    for (const Member& member : members) {
        if (member.key == key) return member.value.get();
    }
    return nullptr;
}

ParsedYaml parse_yaml(std::string_view text) {
    ParsedYaml parsed;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (auto problem = check_text(text)) {
        parsed.problems.push_back(std::move(*problem));
        return parsed;
    }
    const Lines lines{text};
    TreeBuilder builder{lines, parsed.problems};
    try {
        std::istringstream stream{std::string{text}};
        YAML::Parser parser{stream};
        if (parser.HandleNextDocument(builder)) {
            parsed.root = builder.take();
            SecondDocument second{lines};
            parser.HandleNextDocument(second);
        }
        if (!parsed.root || parsed.root->kind == Node::Kind::Null) {
            parsed.root = nullptr;
            parsed.problems.push_back({{}, "the file is empty"});
        }
    } catch (const Stop& stop) {
        parsed.root = nullptr;
        parsed.problems.push_back(stop.problem);
    } catch (const YAML::Exception& e) {
        parsed.root = nullptr;
        parsed.problems.push_back({lines.mark(e.mark), "YAML syntax: " + printable(e.msg)});
    }
    return parsed;
}

}  // namespace linkspan::config
