#include "config/yaml.h"

#include "config/quote.h"
#include "config/source_text.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

namespace linkspan::config {

namespace {

std::size_t offset(int value) { return static_cast<std::size_t>(value < 0 ? 0 : value); }

Mark mark_of(const SourceText& text, const YAML::Mark& m) {
    return text.mark(offset(m.line), offset(m.column));
}

std::string_view from(const SourceText& text, const YAML::Mark& m) {
    return text.from(offset(m.line), offset(m.column));
}

// Ends the parse: the rest of the text can't be made sense of, or should not be.
struct Stop {
    Problem problem;
};

class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(const SourceText& source, std::vector<Problem>& problems)
        : text_{source}, problems_{problems} {}

    std::shared_ptr<const Node> take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    // A value that is left out is reported where the next thing stands; its key, or the list that
    // it is an item of, is the better place.
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        auto node = make(Node::Kind::Null, mark);
        if (!stack_.empty() && !begins_with_null(from(text_, mark))) {
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
        if (tag != "?" && begins_with_open_quote(from(text_, mark))) {
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
            throw Stop{{mark_of(text_, mark), "this alias refers to a value that holds it"}};
        }
        attach(found->second, mark_of(text_, mark));
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
        node->mark = mark_of(text_, mark);
        return node;
    }

    void refuse_tag(const YAML::Mark& mark, const std::string& tag, std::string_view allowed) {
        if (tag.empty() || tag == "?" || tag == "!" || tag == allowed) return;
        problems_.push_back(
            {mark_of(text_, mark),
             fmt::format("the tag {} has no meaning here; remove it", quote(tag))}
        );
    }

    void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (stack_.size() >= kMaxDepth) {
            throw Stop{
                {mark_of(text_, mark), fmt::format("nested more than {} levels deep", kMaxDepth)}};
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

    const SourceText& text_;
    std::vector<Problem>& problems_;
    std::vector<Open> stack_;
    std::map<YAML::anchor_t, std::shared_ptr<const Node>> anchors_;
    std::shared_ptr<const Node> root_;
};

// The second document is not built, only noticed.
class SecondDocument final : public YAML::EventHandler {
public:
    explicit SecondDocument(const SourceText& source) : text_{source} {}
    void OnDocumentStart(const YAML::Mark& mark) override {
        throw Stop{
            {mark_of(text_, mark),
             from(text_, mark).starts_with("---")
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
    const SourceText& text_;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
    for (const Member& member : members) {
        if (member.key == key) return member.value.get();
    }
    return nullptr;
}

const Node& locate(const Node& root, std::string_view rest) {
    const Node* node = &root;
    for (;;) {
        const Node* next = nullptr;
        if (rest.starts_with('[')) {
            std::size_t index = 0;
            const char* const last = rest.data() + rest.size();
            const auto [end, error] = std::from_chars(rest.data() + 1, last, index);
            if (error == std::errc{} && index < node->items.size()) next = node->items[index].get();
            rest.remove_prefix(std::min(rest.find(']') + 1, rest.size()));
        } else {
            const std::string_view key = rest.substr(0, rest.find_first_of(".[: "));
            if (key.empty()) return *node;
            next = node->find(key);
            rest.remove_prefix(key.size());
        }
        if (next == nullptr) return *node;
        node = next;
        if (rest.starts_with('.')) rest.remove_prefix(1);
    }
}

ParsedYaml parse_yaml(std::string_view text) {
    ParsedYaml parsed;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (auto problem = check_source(text)) {
        parsed.problems.push_back(std::move(*problem));
        return parsed;
    }
    const SourceText source{text};
    TreeBuilder builder{source, parsed.problems};
    try {
        std::istringstream stream{std::string{text}};
        YAML::Parser parser{stream};
        if (parser.HandleNextDocument(builder)) {
            parsed.root = builder.take();
            SecondDocument second{source};
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
        parsed.problems.push_back({mark_of(source, e.mark), "YAML syntax: " + printable(e.msg)});
    }
    return parsed;
}

}  // namespace linkspan::config
