#include "core/manifest/tree.h"

#include <fmt/format.h>
#include <libfyaml.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <utility>

namespace linkspan::manifest {

namespace {

template <auto fn>
struct Deleter {
    template <class T>
    void operator()(T* handle) const {
        fn(handle);
    }
};
using ParserHandle = std::unique_ptr<fy_parser, Deleter<fy_parser_destroy>>;
// destroy, not unref: only it frees the errors that were collected.
using DiagHandle = std::unique_ptr<fy_diag, Deleter<fy_diag_destroy>>;

// libfyaml prints what it finds unless it is given somewhere else to put it.
void discard(fy_diag* /*diag*/, void* /*user*/, const char* /*text*/, std::size_t /*size*/) {}

class EventHandle {
public:
    EventHandle(fy_parser* parser, fy_event* event) : parser_{parser}, event_{event} {}
    EventHandle(const EventHandle&) = delete;
    EventHandle& operator=(const EventHandle&) = delete;
    ~EventHandle() { fy_parser_event_free(parser_, event_); }
    [[nodiscard]] fy_event* get() const { return event_; }

private:
    fy_parser* parser_;
    fy_event* event_;
};

ScalarStyle style_of(fy_token* token) {
    switch (fy_token_scalar_style(token)) {
        case FYSS_SINGLE_QUOTED:
            return ScalarStyle::SingleQuoted;
        case FYSS_DOUBLE_QUOTED:
            return ScalarStyle::DoubleQuoted;
        case FYSS_LITERAL:
            return ScalarStyle::Literal;
        case FYSS_FOLDED:
            return ScalarStyle::Folded;
        default:
            return ScalarStyle::Plain;
    }
}

class Reader {
public:
    Reader(std::string_view bytes, const Limits& limits) : limits_{limits} { tree_.bytes = bytes; }

    Result<Tree> read() {
        if (tree_.bytes.empty()) return std::move(tree_);
        fy_diag_cfg diag_config;
        fy_diag_cfg_default(&diag_config);
        diag_config.fp = nullptr;
        diag_config.output_fn = discard;
        const DiagHandle diag{fy_diag_create(&diag_config)};
        if (!diag) return Error{Errc::Internal, "libfyaml: no memory"};
        fy_diag_set_collect_errors(diag.get(), true);

        fy_parse_cfg config{};
        config.flags = static_cast<fy_parse_cfg_flags>(
            FYPCF_QUIET | FYPCF_JSON_NONE | FYPCF_SLOPPY_FLOW_INDENTATION |
            FYPCF_ALLOW_DUPLICATE_KEYS | FYPCF_DISABLE_DEPTH_LIMIT
        );
        config.diag = diag.get();
        const ParserHandle parser{fy_parser_create(&config)};
        if (!parser ||
            fy_parser_set_string(parser.get(), tree_.bytes.data(), tree_.bytes.size()) != 0) {
            return Error{Errc::Internal, "libfyaml: no memory"};
        }
        while (fy_event* raw = fy_parser_parse(parser.get())) {
            const EventHandle event{parser.get(), raw};
            if (auto status = take(raw); !status) return status.error();
        }
        if (fy_parser_get_stream_error(parser.get())) return failure(diag.get());
        return std::move(tree_);
    }

private:
    struct Frame {
        NodeId node = kNoNode;
        NodeId last_child = kNoNode;
        std::size_t children = 0;
        bool bracketed = false;
    };

    static Error failure(fy_diag* diag) {
        void* cursor = nullptr;
        if (const fy_diag_error* error = fy_diag_errors_iterate(diag, &cursor)) {
            return Error{Errc::InvalidInput, fmt::format("line {}: {}", error->line, error->msg)};
        }
        return Error{Errc::InvalidInput, "not YAML"};
    }

    Error past_limit(fy_event* event, std::string_view what) const {
        const fy_mark* mark = fy_event_start_mark(event);
        return Error{
            Errc::InvalidInput, fmt::format("line {}: {}", mark ? mark->line + 1 : 0, what)};
    }

    Status take(fy_event* event) {
        switch (event->type) {
            case FYET_DOCUMENT_START:
                anchors_.clear();
                frames_.clear();
                tree_.roots.push_back(kNoNode);
                take_token(fy_event_get_token(event), kNoNode);
                return {};
            case FYET_SCALAR:
            case FYET_ALIAS:
                return leaf(event);
            case FYET_MAPPING_START:
            case FYET_SEQUENCE_START:
                return open(event);
            case FYET_MAPPING_END:
            case FYET_SEQUENCE_END:
                close(event);
                return {};
            default:
                return {};
        }
    }

    void take_token(fy_token* token, NodeId node) {
        if (token == nullptr) return;
        const fy_mark* begin = fy_token_start_mark(token);
        const fy_mark* end = fy_token_end_mark(token);
        if (begin == nullptr || end == nullptr || end->input_pos <= begin->input_pos ||
            end->input_pos > tree_.bytes.size()) {
            return;
        }
        tree_.tokens.push_back({{begin->input_pos, end->input_pos}, node, false});
    }

    [[nodiscard]] std::size_t last_end() const {
        return tree_.tokens.empty() ? 0 : tree_.tokens.back().span.end;
    }

    Result<NodeId> add(fy_event* event, NodeKind kind) {
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
        } else {
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
        }
        take_properties(event, id);
        return id;
    }

    // Tag and anchor may come in either order.
    void take_properties(fy_event* event, NodeId id) {
        if (event->type == FYET_ALIAS) return;
        fy_token* anchor = fy_event_get_anchor_token(event);
        fy_token* tag = fy_event_get_tag_token(event);
        if (anchor == nullptr && tag == nullptr) return;
        const std::size_t first = tree_.tokens.size();
        take_token(anchor, kNoNode);
        take_token(tag, kNoNode);
        if (tree_.tokens.size() == first + 2 &&
            tree_.tokens[first + 1].span < tree_.tokens[first].span) {
            std::swap(tree_.tokens[first], tree_.tokens[first + 1]);
        }
        Node& node = tree_.nodes[id];
        if (anchor != nullptr) {
            std::size_t size = 0;
            const char* text = fy_token_get_text(anchor, &size);
            anchors_[keep({text, size})] = id;
            node.anchored = true;
        }
        if (tag != nullptr) {
            const fy_mark* begin = fy_token_start_mark(tag);
            const fy_mark* end = fy_token_end_mark(tag);
            node.tag = tree_.bytes.substr(begin->input_pos, end->input_pos - begin->input_pos);
        }
    }

    // A view that lives as long as the tree: into the file where possible.
    std::string_view keep(std::string_view text) {
        const char* begin = tree_.bytes.data();
        const char* end = begin + tree_.bytes.size();
        if (text.data() >= begin && text.data() + text.size() <= end) return text;
        return tree_.decoded.emplace_back(text);
    }

    Status leaf(fy_event* event) {
        const bool alias = event->type == FYET_ALIAS;
        LINKSPAN_TRY(id, add(event, alias ? NodeKind::Alias : NodeKind::Scalar));
        fy_token* token = fy_event_get_token(event);
        if (token == nullptr) return {};
        std::size_t size = 0;
        const char* text = fy_token_get_text(token, &size);
        if (text == nullptr) return Error{Errc::InvalidInput, "a value that can't be read"};
        const std::string_view value = keep({text, size});
        const ScalarStyle style = alias ? ScalarStyle::Plain : style_of(token);
        Node& node = tree_.nodes[id];
        node.text = value;
        node.style = style;
        const fy_mark* begin = fy_token_start_mark(token);
        const fy_mark* end = fy_token_end_mark(token);
        if (begin == nullptr || end == nullptr || end->input_pos < begin->input_pos ||
            end->input_pos > tree_.bytes.size()) {
            return {};
        }
        node.span = {begin->input_pos, end->input_pos};
        node.has_token = widen(node);
        if (node.span.size() > 0) tree_.tokens.push_back({node.span, id, false});
        if (alias) {
            const auto found = anchors_.find(value);
            if (found != anchors_.end()) node.target = found->second;
            tree_.aliases.push_back(id);
        }
        return {};
    }

    // libfyaml marks what is inside the quotes, and a block scalar's body; the span takes in the
    // quotes, the header, and an alias's star.
    bool widen(Node& node) const {
        const std::string_view bytes = tree_.bytes;
        ByteSpan& span = node.span;
        if (node.kind == NodeKind::Alias) {
            if (span.begin == 0 || bytes[span.begin - 1] != '*') return false;
            --span.begin;
            return true;
        }
        switch (node.style) {
            case ScalarStyle::Plain:
                return span.size() > 0;
            case ScalarStyle::SingleQuoted:
            case ScalarStyle::DoubleQuoted: {
                const char quote = node.style == ScalarStyle::SingleQuoted ? '\'' : '"';
                if (span.begin == 0 || span.end >= bytes.size() || bytes[span.begin - 1] != quote ||
                    bytes[span.end] != quote) {
                    return false;
                }
                --span.begin;
                ++span.end;
                return true;
            }
            case ScalarStyle::Literal:
            case ScalarStyle::Folded:
                return widen_block(node);
        }
        return false;
    }

    // The header ("|-", ">2 # comment") is on the line that ends where the body begins, after every
    // token that came before.
    bool widen_block(Node& node) const {
        const std::string_view bytes = tree_.bytes;
        const std::size_t from = last_end();
        std::size_t end = node.span.begin;
        if (end < from) return false;
        if (end > from && bytes[end - 1] == '\n') --end;
        if (end > from && bytes[end - 1] == '\r') --end;
        std::size_t line = end;
        while (line > from && bytes[line - 1] != '\n' && bytes[line - 1] != '\r') --line;
        const char indicator = node.style == ScalarStyle::Literal ? '|' : '>';
        const std::size_t header = bytes.substr(line, end - line).find(indicator);
        if (header == std::string_view::npos) return false;
        node.span.begin = line + header;
        return true;
    }

    Status open(fy_event* event) {
        const bool mapping = event->type == FYET_MAPPING_START;
        LINKSPAN_TRY(id, add(event, mapping ? NodeKind::Mapping : NodeKind::Sequence));
        Frame frame;
        frame.node = id;
        Node& node = tree_.nodes[id];
        node.flow = fy_event_get_node_style(event) == FYNS_FLOW;
        if (const fy_mark* mark = fy_event_start_mark(event)) {
            const std::size_t at = std::min(mark->input_pos, tree_.bytes.size());
            node.span = {at, at};
            // "[a: b]" holds a mapping without brackets of its own.
            frame.bracketed = node.flow && at < tree_.bytes.size() && at >= last_end() &&
                              tree_.bytes[at] == (mapping ? '{' : '[');
            if (frame.bracketed) tree_.tokens.push_back({{at, at + 1}, id, false});
        }
        frames_.push_back(frame);
        return {};
    }

    void close(fy_event* event) {
        if (frames_.empty()) return;
        const Frame frame = frames_.back();
        frames_.pop_back();
        Node& node = tree_.nodes[frame.node];
        const fy_mark* mark = fy_event_start_mark(event);
        if (mark == nullptr) return;
        const std::size_t at = std::min(mark->input_pos, tree_.bytes.size());
        node.span.end = std::max(node.span.begin, at);
        if (!frame.bracketed || at >= tree_.bytes.size()) return;
        node.span.end = at + 1;
        node.has_token = true;
        tree_.tokens.push_back({{at, at + 1}, frame.node, true});
    }

    Limits limits_;
    Tree tree_;
    std::vector<Frame> frames_;
    std::unordered_map<std::string_view, NodeId> anchors_;
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
    return Reader{bytes, limits}.read();
}

}  // namespace linkspan::manifest
