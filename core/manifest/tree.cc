#include "core/manifest/tree.h"

#include "core/manifest/code_points.h"
#include "core/manifest/encoding.h"
#include "core/manifest/lines.h"
#include "core/manifest/simple_tree.h"
#include "core/manifest/strict_reader.h"

#include <fmt/format.h>

#include <yaml.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

namespace linkspan::manifest {

namespace {

class Parser {
public:
    Parser() : ready_{yaml_parser_initialize(&parser_) == 1} {}
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;
    ~Parser() { yaml_parser_delete(&parser_); }
    [[nodiscard]] bool ready() const { return ready_; }
    yaml_parser_t* get() { return &parser_; }

private:
    yaml_parser_t parser_{};
    bool ready_;
};

class Event {
public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { yaml_event_delete(&event_); }
    yaml_event_t* get() { return &event_; }
    const yaml_event_t* operator->() const { return &event_; }
    const yaml_event_t& operator*() const { return event_; }

private:
    yaml_event_t event_{};
};

std::string_view text_of(const yaml_char_t* text) {
    return text == nullptr ? std::string_view{} : reinterpret_cast<const char*>(text);
}

ScalarStyle style_of(yaml_scalar_style_t style) {
    switch (style) {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE:
            return ScalarStyle::SingleQuoted;
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
            return ScalarStyle::DoubleQuoted;
        case YAML_LITERAL_SCALAR_STYLE:
            return ScalarStyle::Literal;
        case YAML_FOLDED_SCALAR_STYLE:
            return ScalarStyle::Folded;
        default:
            return ScalarStyle::Plain;
    }
}

constexpr bool is_break(char c) { return c == '\n' || c == '\r'; }
constexpr bool is_space(char c) { return c == ' ' || c == '\t' || is_break(c); }

class Reader {
public:
    // `text` is what is parsed: `bytes`, or what stands for them byte for byte.
    Reader(std::string_view bytes, std::string_view text, const Limits& limits)
        : limits_{limits},
          text_{text},
          mark_{text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0},
          points_{text.substr(mark_)} {
        tree_.bytes = bytes;
    }

    Result<Tree> read() {
        Parser parser;
        if (!parser.ready()) return Error{Errc::Internal, "libyaml: no memory"};
        const std::string_view input = text_.substr(mark_);
        // libyaml takes no null pointer, which is what a default string_view holds.
        const char* const begin = input.data() == nullptr ? "" : input.data();
        yaml_parser_set_input_string(
            parser.get(), reinterpret_cast<const unsigned char*>(begin), input.size()
        );
        yaml_parser_set_encoding(parser.get(), YAML_UTF8_ENCODING);
        while (true) {
            Event event;
            if (yaml_parser_parse(parser.get(), event.get()) == 0) {
                bad_syntax_ = true;
                return failure(*parser.get());
            }
            if (event->type == YAML_STREAM_END_EVENT) return std::move(tree_);
            if (auto status = take(*event); !status) return status.error();
        }
    }

    // After read() failed: another spelling of the text may do better.
    [[nodiscard]] bool bad_syntax() const { return bad_syntax_; }

private:
    struct Frame {
        NodeId node = kNoNode;
        NodeId last_child = kNoNode;
        std::size_t children = 0;
        bool bracketed = false;
    };

    [[nodiscard]] std::size_t offset(const yaml_mark_t& mark) const {
        return mark_ + points_.offset(mark.index);
    }

    [[nodiscard]] Error failure(const yaml_parser_t& parser) const {
        const std::size_t line =
            parser.error == YAML_READER_ERROR
                ? LineIndex{text_}.line(std::min(mark_ + parser.problem_offset, text_.size()))
                : parser.problem_mark.line + 1;
        std::string message = fmt::format(
            "line {}: {}", line, parser.problem == nullptr ? "unreadable" : parser.problem
        );
        if (parser.context != nullptr) message += fmt::format(" ({})", parser.context);
        return Error{Errc::InvalidInput, std::move(message)};
    }

    static Error past_limit(const yaml_event_t& event, std::string_view what) {
        return Error{
            Errc::InvalidInput, fmt::format("line {}: {}", event.start_mark.line + 1, what)};
    }

    Status take(const yaml_event_t& event) {
        switch (event.type) {
            case YAML_DOCUMENT_START_EVENT:
                anchors_.clear();
                frames_.clear();
                tree_.roots.push_back(kNoNode);
                if (event.data.document_start.implicit == 0) {
                    // Directives are in the event too; the three dashes are its end.
                    const std::size_t end = offset(event.end_mark);
                    if (end >= 3) tree_.tokens.push_back({{end - 3, end}, kNoNode, false});
                }
                return {};
            case YAML_ALIAS_EVENT:
                return alias(event);
            case YAML_SCALAR_EVENT:
                return scalar(event);
            case YAML_SEQUENCE_START_EVENT:
                return open(
                    event,
                    NodeKind::Sequence,
                    event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
                    text_of(event.data.sequence_start.anchor)
                );
            case YAML_MAPPING_START_EVENT:
                return open(
                    event,
                    NodeKind::Mapping,
                    event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
                    text_of(event.data.mapping_start.anchor)
                );
            case YAML_SEQUENCE_END_EVENT:
            case YAML_MAPPING_END_EVENT:
                close(event);
                return {};
            default:
                return {};
        }
    }

    Result<NodeId> add(const yaml_event_t& event, NodeKind kind) {
        if (tree_.nodes.size() >= limits_.nodes) {
            return past_limit(event, fmt::format("more than {} values", limits_.nodes));
        }
        if (frames_.size() >= limits_.depth) {
            return past_limit(event, fmt::format("nested deeper than {}", limits_.depth));
        }
        const auto id = static_cast<NodeId>(tree_.nodes.size());
        Node& node = tree_.nodes.emplace_back();
        node.kind = kind;
        node.document = static_cast<std::uint32_t>(tree_.roots.size() - 1);
        if (frames_.empty()) {
            tree_.roots.back() = id;
            return id;
        }
        Frame& frame = frames_.back();
        node.parent = frame.node;
        if (tree_.nodes[frame.node].kind == NodeKind::Mapping) {
            node.is_key = frame.children % 2 == 0;
            if (!node.is_key) node.key = frame.last_child;
        } else {
            node.index = static_cast<std::uint32_t>(frame.children);
        }
        if (frame.last_child == kNoNode) {
            tree_.nodes[frame.node].first_child = id;
        } else {
            tree_.nodes[frame.last_child].next = id;
        }
        frame.last_child = id;
        ++frame.children;
        return id;
    }

    // libyaml's marks take in the anchor and the tag in front of a value. Where the value itself
    // begins, with tokens for what is in front of it.
    std::size_t skip_properties(NodeId id, std::size_t at, std::size_t end) {
        while (at < end && (text_[at] == '&' || text_[at] == '!')) {
            const std::size_t begin = at;
            if (text_.substr(at, 2) == "!<") {
                at = std::min(text_.find('>', at), end - 1) + 1;
            } else {
                while (at < end && !is_space(text_[at]) &&
                       std::string_view{",[]{}"}.find(text_[at]) == std::string_view::npos) {
                    ++at;
                }
            }
            tree_.tokens.push_back({{begin, at}, kNoNode, false});
            if (text_[begin] == '!') tree_.nodes[id].tag = tree_.bytes.substr(begin, at - begin);
            while (at < end && (is_space(text_[at]) || text_[at] == '#')) {
                if (text_[at] == '#') {
                    while (at < end && !is_break(text_[at])) ++at;
                } else {
                    ++at;
                }
            }
        }
        return at;
    }

    void set_anchor(NodeId id, std::string_view anchor) {
        if (anchor.empty()) return;
        anchors_[std::string{anchor}] = id;
        tree_.nodes[id].anchored = true;
    }

    Status alias(const yaml_event_t& event) {
        LINKSPAN_TRY(id, add(event, NodeKind::Alias));
        Node& node = tree_.nodes[id];
        node.span = {offset(event.start_mark), offset(event.end_mark)};
        node.has_token = node.span.size() > 1;
        if (node.has_token) {
            node.text = tree_.bytes.substr(node.span.begin + 1, node.span.size() - 1);
            tree_.tokens.push_back({node.span, id, false});
        }
        const auto found = anchors_.find(std::string{text_of(event.data.alias.anchor)});
        if (found != anchors_.end()) node.target = found->second;
        tree_.aliases.push_back(id);
        return {};
    }

    Status scalar(const yaml_event_t& event) {
        LINKSPAN_TRY(id, add(event, NodeKind::Scalar));
        set_anchor(id, text_of(event.data.scalar.anchor));
        const std::size_t end = offset(event.end_mark);
        const std::size_t begin = skip_properties(id, offset(event.start_mark), end);
        Node& node = tree_.nodes[id];
        node.style = style_of(event.data.scalar.style);
        node.span = {begin, end};
        node.has_token = begin < end && fits(node);
        const std::string_view value{
            reinterpret_cast<const char*>(event.data.scalar.value), event.data.scalar.length};
        node.text = keep(node, value);
        if (node.span.size() > 0) tree_.tokens.push_back({node.span, id, false});
        return {};
    }

    // The token begins and ends as its style says.
    [[nodiscard]] bool fits(const Node& node) const {
        const char first = text_[node.span.begin];
        const char last = text_[node.span.end - 1];
        switch (node.style) {
            case ScalarStyle::Plain:
                return true;
            case ScalarStyle::SingleQuoted:
                return node.span.size() >= 2 && first == '\'' && last == '\'';
            case ScalarStyle::DoubleQuoted:
                return node.span.size() >= 2 && first == '"' && last == '"';
            case ScalarStyle::Literal:
                return first == '|';
            case ScalarStyle::Folded:
                return first == '>';
        }
        return false;
    }

    // A view that lives as long as the tree: into the file where the value is written as it is.
    std::string_view keep(const Node& node, std::string_view value) {
        if (value.empty()) return {};
        std::string_view written = tree_.bytes.substr(node.span.begin, node.span.size());
        if (node.style != ScalarStyle::Plain && written.size() >= 2) {
            written = written.substr(1, written.size() - 2);
        }
        if (written == value) return written;
        return tree_.decoded.emplace_back(value);
    }

    Status open(const yaml_event_t& event, NodeKind kind, bool flow, std::string_view anchor) {
        LINKSPAN_TRY(id, add(event, kind));
        set_anchor(id, anchor);
        const std::size_t end = offset(event.end_mark);
        // Of a block collection the mark ends where its first entry begins.
        const std::size_t at =
            skip_properties(id, offset(event.start_mark), flow ? end : text_.size());
        Frame frame;
        frame.node = id;
        Node& node = tree_.nodes[id];
        node.flow = flow;
        node.span = {at, at};
        // "[a: b]" holds a mapping without brackets of its own.
        frame.bracketed = flow && at < end && text_[at] == (kind == NodeKind::Mapping ? '{' : '[');
        if (frame.bracketed) tree_.tokens.push_back({{at, at + 1}, id, false});
        frames_.push_back(frame);
        return {};
    }

    void close(const yaml_event_t& event) {
        if (frames_.empty()) return;
        const Frame frame = frames_.back();
        frames_.pop_back();
        Node& node = tree_.nodes[frame.node];
        const std::size_t at = offset(event.start_mark);
        node.span.end = std::max(node.span.begin, at);
        if (!frame.bracketed || at >= text_.size()) return;
        node.span.end = at + 1;
        node.has_token = true;
        tree_.tokens.push_back({{at, at + 1}, frame.node, true});
    }

    Limits limits_;
    std::string_view text_;
    std::size_t mark_;  // size of the byte order mark
    CodePoints points_;
    bool bad_syntax_ = false;
    Tree tree_;
    std::vector<Frame> frames_;
    std::unordered_map<std::string, NodeId> anchors_;
};

// Merges may chain, and a hostile file may make them cyclic, so the depth is bounded.
constexpr int kMergeDepth = 4;

NodeId find_at(const Tree& tree, NodeId mapping, std::string_view key, int depth) {
    mapping = tree.resolve(mapping);
    if (mapping == kNoNode || tree[mapping].kind != NodeKind::Mapping || depth > kMergeDepth) {
        return kNoNode;
    }
    NodeId found = kNoNode;
    NodeId merge = kNoNode;
    for (NodeId k = tree[mapping].first_child; k != kNoNode;) {
        if (tree.lookups == 0) return kNoNode;
        --tree.lookups;
        const NodeId value = tree[k].next;
        if (value == kNoNode) break;
        if (tree[k].kind == NodeKind::Scalar) {
            if (tree[k].text == key) found = value;
            if (tree[k].text == "<<" && tree[k].style == ScalarStyle::Plain) merge = value;
        }
        k = tree[value].next;
    }
    if (found != kNoNode) return found;
    merge = tree.resolve(merge);
    if (merge == kNoNode) return kNoNode;
    if (tree[merge].kind == NodeKind::Mapping) return find_at(tree, merge, key, depth + 1);
    if (tree[merge].kind != NodeKind::Sequence) return kNoNode;
    for (NodeId item = tree[merge].first_child; item != kNoNode && tree.lookups > 0;) {
        found = find_at(tree, item, key, depth + 1);
        if (found != kNoNode) return found;
        item = tree[item].next;
    }
    return kNoNode;
}

}  // namespace

NodeId Tree::resolve(NodeId id) const {
    // An alias never points at an alias: the anchor is on the node itself.
    if (id == kNoNode || nodes[id].kind != NodeKind::Alias) return id;
    return nodes[id].target;
}

NodeId Tree::find(NodeId mapping, std::string_view key) const {
    return mapping == kNoNode ? kNoNode : find_at(*this, mapping, key, 0);
}

NodeId Tree::find_scalar(NodeId mapping, std::string_view key) const {
    const NodeId id = resolve(find(mapping, key));
    return id != kNoNode && nodes[id].kind == NodeKind::Scalar ? id : kNoNode;
}

Result<Tree> read_tree(std::string_view bytes, const Limits& limits) {
    if (auto tree = read_simple_tree(bytes, limits)) return std::move(*tree);
    return read_tree_with_libyaml(bytes, limits);
}

bool same_tree(const Tree& a, const Tree& b) {
    return a.nodes == b.nodes && a.roots == b.roots && a.tokens == b.tokens &&
           a.aliases == b.aliases;
}

Result<Tree> read_tree_with_libyaml(std::string_view bytes, const Limits& limits) {
    Reader reader{bytes, bytes, limits};
    auto tree = reader.read();
    if (tree || !reader.bad_syntax()) return tree;
    const auto text = for_strict_reader(bytes);
    if (!text) return tree;
    auto again = Reader{bytes, *text, limits}.read();
    return again ? std::move(again) : std::move(tree);
}

}  // namespace linkspan::manifest
