#include "core/manifest/simple_tree.h"

#include <algorithm>
#include <utility>

namespace linkspan::manifest {

namespace {

// Larger files are rare, and their node numbers are not worth a proof.
constexpr std::size_t kLargest = std::size_t{1} << 20U;
// libyaml: a key has at most 1,024 characters.
constexpr std::size_t kLongestLine = 1'000;
constexpr std::size_t kDeepest = 64;

constexpr bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// May begin plain text in a block collection ("-" when something follows it at once).
constexpr bool begins_plain(char c) {
    return is_word(c) || std::string_view{"-_/.$(<~=+^;\\"}.find(c) != std::string_view::npos;
}
// May be anywhere in plain text in a flow collection.
constexpr bool is_plain_in_flow(char c) {
    return is_word(c) || std::string_view{"-_/.=@+"}.find(c) != std::string_view::npos;
}

bool is_printable(std::string_view bytes) {
    bool good = true;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        // Without a branch, so that the compiler takes many bytes at once.
        good &= (byte == '\n') | ((byte >= 0x20) & (byte < 0x7F));
    }
    return good;
}

// Larger ones are rare, and given back.
constexpr std::size_t kMostSpareNodes = 4'096;

struct Spare {
    std::vector<Node> nodes;
    std::vector<Token> tokens;
};
Spare& spare() {
    thread_local Spare kept;
    return kept;
}

void take_spare(Tree& tree) {
    tree.nodes = std::exchange(spare().nodes, {});
    tree.tokens = std::exchange(spare().tokens, {});
}

class Reader {
public:
    Reader(std::string_view bytes, const Limits& limits) : bytes_{bytes}, limits_{limits} {
        take_spare(tree_);
        tree_.bytes = bytes;
        tree_.nodes.reserve(bytes.size() / 12 + 16);
        tree_.tokens.reserve(bytes.size() / 12 + 16);
        frames_.reserve(16);
    }

    std::optional<Tree> read() {
        std::size_t begin = 0;
        while (begin < bytes_.size()) {
            const std::size_t end = std::min(bytes_.find('\n', begin), bytes_.size());
            if (end - begin > kLongestLine || !line(begin, end)) return std::nullopt;
            begin = end + 1;
        }
        if (!end_document(bytes_.size())) return std::nullopt;
        return std::move(tree_);
    }

private:
    struct Frame {
        NodeId node = kNoNode;
        NodeId last_child = kNoNode;
        std::size_t children = 0;
        std::size_t indent = 0;
        bool sequence = false;
        bool open_key = false;  // the last key has no value yet
        std::size_t colon = 0;  // where that value would be: behind the key's colon
    };

    // Errors are false: give up.
    bool line(std::size_t begin, std::size_t end) {
        const std::size_t at = std::min(bytes_.find_first_not_of(' ', begin), end);
        if (at == end || bytes_[at] == '#') return true;
        const std::size_t column = at - begin;
        if (column == 0 && bytes_[at] != '-' && bytes_[at] != '.') return content(at, end, 0);
        if (column == 0) {
            const std::string_view text = bytes_.substr(at, end - at);
            if (text.starts_with("...")) return false;
            if (text.starts_with("---")) return blank_to(at + 3, end) && next_document(at);
        }
        return content(at, end, column);
    }

    // Nothing but blanks, and a comment behind one of them.
    [[nodiscard]] bool blank_to(std::size_t at, std::size_t end) const {
        if (at == end) return true;
        if (bytes_[at] != ' ') return false;
        at = std::min(bytes_.find_first_not_of(' ', at), end);
        return at == end || bytes_[at] == '#';
    }

    bool next_document(std::size_t at) {
        if (!end_document(at)) return false;
        explicit_ = true;
        tree_.roots.push_back(kNoNode);
        tree_.tokens.push_back({{at, at + 3}, kNoNode, false});
        return true;
    }

    // An explicit document without content holds an empty value: left to libyaml.
    bool end_document(std::size_t at) {
        if (!close_deeper_than(std::nullopt, at)) return false;
        return !explicit_ || tree_.roots.back() != kNoNode;
    }

    bool content(std::size_t at, std::size_t end, std::size_t column) {
        const bool item = bytes_[at] == '-' && (at + 1 == end || bytes_[at + 1] == ' ');
        if (!close_deeper_than(column, at)) return false;
        if (frames_.empty()) {
            if (tree_.roots.empty()) {
                tree_.roots.push_back(kNoNode);
            } else if (tree_.roots.back() != kNoNode) {
                return false;
            }
            if (!open(at, column, item)) return false;
        } else if (frames_.back().indent < column) {
            // Only below a key can something deeper begin; else text goes on here.
            if (!frames_.back().open_key) return false;
            frames_.back().open_key = false;
            if (!open(at, column, item)) return false;
        } else if (frames_.back().sequence && !item) {
            // A list in the same column as the key that it belongs to ends with the next key.
            close(at);
            if (frames_.empty() || frames_.back().sequence || frames_.back().indent != column) {
                return false;
            }
        } else if (!frames_.back().sequence && item) {
            if (!frames_.back().open_key) return false;
            frames_.back().open_key = false;
            if (!open(at, column, true)) return false;
        }
        return item ? list_item(at, end, column) : entry(at, end);
    }

    bool list_item(std::size_t at, std::size_t end, std::size_t column) {
        const std::size_t value = std::min(bytes_.find_first_not_of(' ', at + 1), end);
        if (value == end || bytes_[value] == '#') return false;
        if (bytes_[value] == '-' && (value + 1 == end || bytes_[value + 1] == ' ')) return false;
        std::size_t token_end = 0;
        ScalarStyle style{};
        if (bytes_[value] != '{' && bytes_[value] != '[') {
            if (!scan(value, end, token_end, style)) return false;
            if (token_end < end && bytes_[token_end] == ':') {
                return open(value, column + (value - at), false) && entry(value, end);
            }
        }
        return inline_value(value, end);
    }

    // "key:", "key: value", for the mapping on top.
    bool entry(std::size_t at, std::size_t end) {
        std::size_t key_end = 0;
        ScalarStyle style{};
        if (!scan(at, end, key_end, style) || key_end == end || bytes_[key_end] != ':')
            return false;
        if (frames_.back().open_key && !empty_value()) return false;
        if (!scalar(at, key_end, style)) return false;
        const std::size_t value = std::min(bytes_.find_first_not_of(' ', key_end + 1), end);
        if (value == end || bytes_[value] == '#') {
            frames_.back().open_key = true;
            frames_.back().colon = key_end + 1;
            return true;
        }
        if (bytes_[value] == '-' && (value + 1 == end || bytes_[value + 1] == ' ')) return false;
        return inline_value(value, end);
    }

    // A value that ends on its line.
    bool inline_value(std::size_t at, std::size_t end) {
        std::size_t value_end = at;
        if (bytes_[at] == '{' || bytes_[at] == '[') {
            if (!flow(value_end, end)) return false;
        } else {
            ScalarStyle style{};
            if (!scan(at, end, value_end, style) || !scalar(at, value_end, style)) return false;
        }
        return blank_to(value_end, end);
    }

    // Where the scalar that begins at `at` ends: in front of ": ", " #" or the end of the line.
    bool scan(std::size_t at, std::size_t end, std::size_t& token_end, ScalarStyle& style) const {
        const char first = bytes_[at];
        if (first == '"' || first == '\'') return scan_quoted(at, end, token_end, style);
        if (!begins_plain(first)) return false;
        style = ScalarStyle::Plain;
        std::size_t last = at;  // behind what is no blank
        for (std::size_t i = at; i < end; ++i) {
            const char c = bytes_[i];
            if (c == ' ') continue;
            if (c == '#' && bytes_[i - 1] == ' ') break;
            if (c == ':' && (i + 1 == end || bytes_[i + 1] == ' ')) {
                // "key : value" is left to libyaml.
                if (i != last) return false;
                break;
            }
            last = i + 1;
        }
        token_end = last;
        return true;
    }

    bool scan_quoted(std::size_t at, std::size_t end, std::size_t& token_end, ScalarStyle& style)
        const {
        const char quote = bytes_[at];
        style = quote == '"' ? ScalarStyle::DoubleQuoted : ScalarStyle::SingleQuoted;
        const std::size_t close = bytes_.find(quote, at + 1);
        if (close >= end) return false;
        const std::string_view text = bytes_.substr(at + 1, close - at - 1);
        if (quote == '"' && text.find('\\') != std::string_view::npos) return false;
        token_end = close + 1;
        if (token_end == end || bytes_[token_end] == ' ') return true;
        if (bytes_[token_end] == ':') return token_end + 1 == end || bytes_[token_end + 1] == ' ';
        return in_flow_ &&
               std::string_view{",]}"}.find(bytes_[token_end]) != std::string_view::npos;
    }

    // From the bracket at `at`, which then is behind the closing one.
    bool flow(std::size_t& at, std::size_t end) {
        const bool mapping = bytes_[at] == '{';
        const char last = mapping ? '}' : ']';
        NodeId id = kNoNode;
        if (!add(mapping ? NodeKind::Mapping : NodeKind::Sequence, id)) return false;
        tree_.nodes[id].flow = true;
        tree_.nodes[id].has_token = true;
        tree_.nodes[id].span.begin = at;
        tree_.tokens.push_back({{at, at + 1}, id, false});
        Frame frame;
        frame.node = id;
        frame.sequence = !mapping;
        frames_.push_back(frame);
        at = skip_blanks(at + 1, end);
        for (bool more = at < end && bytes_[at] != last; more;) {
            if (mapping) {
                if (!flow_scalar(at, end)) return false;
                if (at + 1 >= end || bytes_[at] != ':' || bytes_[at + 1] != ' ') return false;
                at = skip_blanks(at + 1, end);
            }
            if (at == end) return false;
            const bool nested = bytes_[at] == '{' || bytes_[at] == '[';
            if (!(nested ? flow(at, end) : flow_scalar(at, end))) return false;
            at = skip_blanks(at, end);
            if (at == end) return false;
            more = bytes_[at] == ',';
            // A comma with nothing behind it fails as an empty value.
            if (more) at = skip_blanks(at + 1, end);
        }
        if (at >= end || bytes_[at] != last) return false;
        frames_.pop_back();
        tree_.tokens.push_back({{at, at + 1}, id, true});
        tree_.nodes[id].span.end = ++at;
        return true;
    }

    [[nodiscard]] std::size_t skip_blanks(std::size_t at, std::size_t end) const {
        return std::min(bytes_.find_first_not_of(' ', at), end);
    }

    bool flow_scalar(std::size_t& at, std::size_t end) {
        if (at == end) return false;
        std::size_t token_end = at;
        ScalarStyle style = ScalarStyle::Plain;
        if (bytes_[at] == '"' || bytes_[at] == '\'') {
            in_flow_ = true;
            const bool good = scan_quoted(at, end, token_end, style);
            in_flow_ = false;
            if (!good) return false;
        } else {
            if (!is_word(bytes_[at]) && bytes_[at] != '/' && bytes_[at] != '.') return false;
            while (token_end < end && (is_plain_in_flow(bytes_[token_end]) ||
                                       (bytes_[token_end] == ':' && token_end + 1 < end &&
                                        is_word(bytes_[token_end + 1])))) {
                ++token_end;
            }
        }
        if (token_end == end || !scalar(at, token_end, style)) return false;
        // Words with blanks between them, and comments, end here and are left to libyaml.
        at = token_end;
        return std::string_view{" :,]}"}.find(bytes_[at]) != std::string_view::npos;
    }

    bool add(NodeKind kind, NodeId& id) {
        if (tree_.nodes.size() >= limits_.nodes) return false;
        if (frames_.size() >= std::min(limits_.depth, kDeepest)) return false;
        id = static_cast<NodeId>(tree_.nodes.size());
        Node& node = tree_.nodes.emplace_back();
        node.kind = kind;
        node.document = static_cast<std::uint32_t>(tree_.roots.size() - 1);
        if (frames_.empty()) {
            tree_.roots.back() = id;
            return true;
        }
        Frame& frame = frames_.back();
        node.parent = frame.node;
        if (frame.sequence) {
            node.index = static_cast<std::uint32_t>(frame.children);
        } else {
            node.is_key = frame.children % 2 == 0;
            if (!node.is_key) node.key = frame.last_child;
        }
        if (frame.last_child == kNoNode) {
            tree_.nodes[frame.node].first_child = id;
        } else {
            tree_.nodes[frame.last_child].next = id;
        }
        frame.last_child = id;
        ++frame.children;
        return true;
    }

    bool open(std::size_t at, std::size_t column, bool sequence) {
        NodeId id = kNoNode;
        if (!add(sequence ? NodeKind::Sequence : NodeKind::Mapping, id)) return false;
        tree_.nodes[id].span = {at, at};
        Frame frame;
        frame.node = id;
        frame.indent = column;
        frame.sequence = sequence;
        frames_.push_back(frame);
        return true;
    }

    bool scalar(std::size_t begin, std::size_t end, ScalarStyle style) {
        NodeId id = kNoNode;
        if (!add(NodeKind::Scalar, id)) return false;
        Node& node = tree_.nodes[id];
        node.style = style;
        node.span = {begin, end};
        node.has_token = begin < end;
        const std::size_t quote = style == ScalarStyle::Plain ? 0 : 1;
        const std::string_view text = bytes_.substr(begin + quote, end - begin - 2 * quote);
        if (!text.empty()) node.text = text;
        if (begin < end) tree_.tokens.push_back({node.span, id, false});
        return true;
    }

    bool empty_value() {
        Frame& frame = frames_.back();
        frame.open_key = false;
        return scalar(frame.colon, frame.colon, ScalarStyle::Plain);
    }

    // A block collection ends where the next thing begins that is not in it.
    bool close(std::size_t at) {
        if (frames_.back().open_key && !empty_value()) return false;
        Node& node = tree_.nodes[frames_.back().node];
        node.span.end = std::max(node.span.begin, at);
        frames_.pop_back();
        return true;
    }

    bool close_deeper_than(std::optional<std::size_t> column, std::size_t at) {
        while (!frames_.empty() && (!column || frames_.back().indent > *column)) {
            if (!close(at)) return false;
        }
        return true;
    }

    std::string_view bytes_;
    const Limits& limits_;
    Tree tree_;
    std::vector<Frame> frames_;
    bool explicit_ = false;  // the document at hand has begun with "---"
    bool in_flow_ = false;
};

}  // namespace

void recycle(Tree tree) {
    if (std::max(tree.nodes.capacity(), tree.tokens.capacity()) > kMostSpareNodes) return;
    tree.nodes.clear();
    tree.tokens.clear();
    if (tree.nodes.capacity() > spare().nodes.capacity()) spare().nodes.swap(tree.nodes);
    if (tree.tokens.capacity() > spare().tokens.capacity()) spare().tokens.swap(tree.tokens);
}

std::optional<Tree> read_simple_tree(std::string_view bytes, const Limits& limits) {
    if (bytes.size() > kLargest || !is_printable(bytes)) return std::nullopt;
    return Reader{bytes, limits}.read();
}

}  // namespace linkspan::manifest
