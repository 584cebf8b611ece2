#include "core/manifest/marked.h"

#include "core/image/reference.h"
#include "core/manifest/encoding.h"
#include "core/manifest/marker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <span>
#include <utility>

namespace linkspan::manifest {

namespace {

constexpr std::string_view kNeedle = "$imagepolicy";
constexpr std::string_view kLongNeedle = "io.k8s.cli.setters.";
// Values that are weighed against each other behind a flow mapping.
constexpr std::size_t kMostCandidates = 256;

// Comment lines between a marker and what it is about.
constexpr std::size_t kMostCommentLines = 64;

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Where the comment that holds `at` begins, given that no token is between `from` and `at`.
std::optional<std::size_t> comment_begin(std::string_view bytes, std::size_t from, std::size_t at) {
    for (std::size_t i = from; i < at; ++i) {
        if (bytes[i] != '#') continue;
        if (i == 0 || is_blank(bytes[i - 1]) || bytes[i - 1] == '\n' || bytes[i - 1] == '\r' ||
            (i == kByteOrderMark.size() && bytes.starts_with(kByteOrderMark))) {
            return i;
        }
    }
    return std::nullopt;
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

class MarkerReader {
public:
    explicit MarkerReader(Finder& finder)
        : finder_{finder}, tree_{finder.tree()}, bytes_{tree_.bytes} {}

    void read() {
        std::vector<std::size_t> hits;
        for (const std::string_view needle : {kNeedle, kLongNeedle}) {
            for (std::size_t at = bytes_.find(needle); at != std::string_view::npos;
                 at = bytes_.find(needle, at + 1)) {
                hits.push_back(at);
            }
        }
        std::sort(hits.begin(), hits.end());
        std::size_t read_to = 0;  // one marker a line, however often the word is in it
        for (const std::size_t at : hits) {
            if (at < read_to) continue;
            read_to = finder_.lines().end_of(at);
            read_hit(at);
        }
    }

private:
    // The first token that ends behind `at`.
    [[nodiscard]] std::size_t token_after(std::size_t at) const {
        const auto it =
            std::partition_point(tree_.tokens.begin(), tree_.tokens.end(), [&](const Token& t) {
                return t.span.end <= at;
            });
        return static_cast<std::size_t>(it - tree_.tokens.begin());
    }

    [[nodiscard]] bool is_block_scalar(const Token& token) const {
        if (token.node == kNoNode) return false;
        const Node& node = tree_[token.node];
        return node.kind == NodeKind::Scalar &&
               (node.style == ScalarStyle::Literal || node.style == ScalarStyle::Folded);
    }

    void read_hit(std::size_t at) {
        const LineIndex& lines = finder_.lines();
        std::size_t line_begin = lines.begin_of(at);
        if (line_begin == 0 && bytes_.starts_with(kByteOrderMark)) {
            line_begin = kByteOrderMark.size();
        }
        const std::size_t line_end = lines.end_of(at);
        const std::size_t next = token_after(at);
        if (next < tree_.tokens.size() && tree_.tokens[next].span.begin <= at) {
            const Token& token = tree_.tokens[next];
            const bool header = is_block_scalar(token) && token.span.begin >= line_begin;
            if (header) {
                if (const auto hash = comment_begin(bytes_, token.span.begin, at)) {
                    attach(*hash, line_end, token.node);
                }
                return;
            }
            if (bytes_.substr(line_begin, at - line_begin).find('#') != std::string_view::npos) {
                finder_.problem(lines.line(at), "a marker inside a text value is not read");
            }
            return;
        }
        const std::size_t gap =
            std::max(line_begin, next == 0 ? 0 : tree_.tokens[next - 1].span.end);
        const auto hash = comment_begin(bytes_, gap, at);
        if (!hash) {
            if (bytes_.substr(gap, at - gap).find('#') != std::string_view::npos) {
                finder_.problem(
                    lines.line(at), "the marker is not read: a blank is missing in front of its #"
                );
            }
            return;
        }
        const std::string_view before = bytes_.substr(line_begin, *hash - line_begin);
        const bool own_line = std::all_of(before.begin(), before.end(), is_blank);
        line_ = lines.line(*hash);
        line_begin_ = line_begin;
        auto marker = parse_marker(bytes_.substr(*hash, line_end - *hash));
        if (!marker) return say(marker.error().message);
        const bool dashes = !own_line && std::all_of(before.begin(), before.end(), [](char c) {
            return is_blank(c) || c == '-';
        });
        if (own_line) {
            above(*marker, *hash, line_end, next);
        } else if (dashes && !before.starts_with("---") && next < tree_.tokens.size() &&
                   next_content(line_end, tree_.tokens[next].span.begin)) {
            below_dash(*marker, next);
        } else {
            behind(*marker, next);
        }
    }

    void attach(std::size_t hash, std::size_t line_end, NodeId value) {
        line_ = finder_.lines().line(hash);
        line_begin_ = finder_.lines().begin_of(hash);
        auto marker = parse_marker(bytes_.substr(hash, line_end - hash));
        if (!marker) return say(marker.error().message);
        take(*marker, value);
    }

    void say(std::string message) { finder_.problem(line_, std::move(message)); }

    // A comment at the end of a line that holds something. `next` is the token behind it.
    void behind(const Marker& marker, std::size_t next) {
        if (next == 0 || tree_.tokens[next - 1].span.end <= line_begin_) {
            return say("no value on the marker's line");
        }
        const Token& token = tree_.tokens[next - 1];
        if (token.node == kNoNode) return say("no value on the marker's line");
        const Node& node = tree_[token.node];
        if (node.kind == NodeKind::Mapping || node.kind == NodeKind::Sequence) {
            if (!token.closes) return say("the marker stands before its value: move it behind it");
            return take_best(marker, token.node);
        }
        if (!node.is_key) return take(marker, token.node);
        const NodeId value = node.next;
        if (value == kNoNode) return say("no value on the marker's line");
        take(marker, value);
    }

    // A comment on a line of its own. It counts for what begins on the next line, comments between
    // them aside.
    void above(const Marker& marker, std::size_t hash, std::size_t line_end, std::size_t next) {
        static constexpr std::string_view kNothing =
            "no value on the line below the marker: put it behind its value";
        while (next < tree_.tokens.size() && tree_.tokens[next].node == kNoNode) {
            const ByteSpan span = tree_.tokens[next].span;
            if (bytes_.substr(span.begin, span.size()) == "---") return say(std::string{kNothing});
            ++next;
        }
        if (next == tree_.tokens.size()) return say(std::string{kNothing});
        const Token& token = tree_.tokens[next];
        const auto start = next_content(line_end, token.span.begin);
        if (!start || token.closes) return say(std::string{kNothing});
        // Deeper than what follows: it ends the block above rather than begins the next.
        if (hash - line_begin_ > *start - finder_.lines().begin_of(*start)) {
            return say("the marker is indented deeper than the line below it");
        }
        const Node& node = tree_[token.node];
        if (node.kind == NodeKind::Mapping || node.kind == NodeKind::Sequence) {
            return take_best(marker, token.node);
        }
        if (!node.is_key) return take(marker, token.node);
        const NodeId value = node.next;
        const NodeId mapping = node.parent;
        const bool first_of_item = tree_[mapping].first_child == token.node &&
                                   tree_[mapping].parent != kNoNode &&
                                   tree_[tree_[mapping].parent].kind == NodeKind::Sequence;
        // Above "- name: app" the whole item is meant, not its first key.
        if (first_of_item && !fits(marker.role, node.text)) return take_best(marker, mapping);
        if (value == kNoNode) return say(std::string{kNothing});
        take(marker, value);
    }

    // Behind "-", with the item on the next line.
    void below_dash(const Marker& marker, std::size_t next) {
        const Token& token = tree_.tokens[next];
        if (token.node == kNoNode || token.closes) return say("no value on the marker's line");
        const Node& node = tree_[token.node];
        if (node.kind == NodeKind::Mapping || node.kind == NodeKind::Sequence) {
            return take_best(marker, token.node);
        }
        if (node.is_key) return take_best(marker, node.parent);
        take(marker, token.node);
    }

    // The first byte of the next line that is not a comment, when no blank line and nothing but
    // "- " comes before the token there.
    [[nodiscard]] std::optional<std::size_t> next_content(std::size_t line_end, std::size_t token)
        const {
        std::size_t at = line_end;
        for (std::size_t tries = 0; at < token && tries < kMostCommentLines; ++tries) {
            if (bytes_.substr(at, 2) == "\r\n") ++at;
            ++at;
            const std::size_t content =
                std::min(bytes_.find_first_not_of(" \t", at), bytes_.size());
            if (content >= bytes_.size() || bytes_[content] == '\n' || bytes_[content] == '\r') {
                return std::nullopt;
            }
            if (bytes_[content] == '#') {
                at = finder_.lines().end_of(content);
                continue;
            }
            if (finder_.lines().end_of(content) < token) return std::nullopt;
            return content;
        }
        return std::nullopt;
    }

    struct Candidate {
        NodeId key = kNoNode;
        NodeId value = kNoNode;
    };

    // How well a key fits the part that a marker writes; 0 is not at all.
    static int rank(Role role, std::string_view key) {
        const std::string name = lower(key);
        switch (role) {
            case Role::Reference:
                return name.ends_with("image") ? 1 : 0;
            case Role::Tag:
            case Role::TagDigest:
                return name == "newtag" || name == "tag" || name == "imagetag" ? 1 : 0;
            case Role::Name:
                return name == "newname" ? 3 : name == "repository" ? 2 : name == "name" ? 1 : 0;
            case Role::Digest:
                return name == "digest" ? 1 : 0;
            case Role::Registry:
                return 0;
        }
        return 0;
    }

    static bool fits(Role role, std::string_view key) { return rank(role, key) > 0; }

    void collect(NodeId collection, std::vector<Candidate>& out) const {
        for (NodeId at = tree_[collection].first_child; at != kNoNode; at = tree_[at].next) {
            const Node& node = tree_[at];
            if (out.size() >= kMostCandidates) return;
            if (node.is_key) continue;
            if (node.kind == NodeKind::Mapping || node.kind == NodeKind::Sequence) {
                if (node.flow) collect(at, out);
                continue;
            }
            if (node.has_token) out.push_back({node.key, at});
        }
    }

    // Of the values in a collection: the only one, or the only one that fits best.
    void take_best(const Marker& marker, NodeId collection) {
        std::vector<Candidate> found;
        collect(collection, found);
        const auto on_line = [&](const Candidate& c) {
            return tree_[c.value].span.end > line_begin_;
        };
        if (std::any_of(found.begin(), found.end(), on_line)) {
            std::erase_if(found, [&](const Candidate& c) { return !on_line(c); });
        }
        if (found.size() == 1) return take(marker, found.front().value);
        int best = 0;
        std::vector<NodeId> winners;
        for (const Candidate& c : found) {
            const int r = c.key == kNoNode || tree_[c.key].kind != NodeKind::Scalar
                              ? 0
                              : rank(marker.role, tree_[c.key].text);
            if (r == 0 || r < best) continue;
            if (r > best) winners.clear();
            best = r;
            winners.push_back(c.value);
        }
        if (winners.size() == 1) return take(marker, winners.front());
        say(winners.empty() ? "no value here fits the marker: put it behind its value"
                            : "several values could be meant: put the marker behind its value");
    }

    void take(const Marker& marker, NodeId value) {
        const NodeId id = tree_.resolve(value);
        if (id == kNoNode) return say("the marker is on an alias without an anchor");
        const Node& node = tree_[id];
        if (node.kind != NodeKind::Scalar) {
            return say("the marker is on a list or a mapping: put it behind a value");
        }
        if (!node.has_token) return say("the marker is on a key without a value");
        const auto [known, first] = named_.try_emplace(id, marker);
        if (!first) {
            if (known->second != marker) say("another marker names this value already");
            return;
        }
        auto scalar = finder_.scalar(id, marker.role);
        if (!scalar) return;
        Place place;
        place.kind = PlaceKind::Marker;
        place.policy = marker.policy;
        if (marker.role == Role::Reference || marker.role == Role::Name) {
            const std::string_view core =
                node.text.substr(0, node.text.find_last_not_of(" \r\n") + 1);
            if (marker.role == Role::Name) {
                if (auto name = image::ImageName::parse(core)) place.image = std::move(*name);
            } else if (auto written = image::parse_written(core)) {
                place.image = std::move(written->meaning.name);
            }
        }
        place.scalars.push_back(std::move(*scalar));
        finder_.add(std::move(place), id, {id});
    }

    Finder& finder_;
    const Tree& tree_;
    std::string_view bytes_;
    std::map<NodeId, Marker> named_;
    std::size_t line_ = 0;
    std::size_t line_begin_ = 0;
};

}  // namespace

bool may_have_markers(std::string_view bytes) {
    return bytes.find(kNeedle) != std::string_view::npos;
}

void find_marked_places(Finder& finder) { MarkerReader{finder}.read(); }

void report_unread_markers(std::string_view bytes, std::string_view why, Scan& scan) {
    const LineIndex lines{bytes};
    std::size_t reported = 0;
    for (std::size_t at = bytes.find(kNeedle); at != std::string_view::npos && reported < 100;
         at = bytes.find(kNeedle, lines.end_of(at))) {
        const std::size_t line = lines.begin_of(at);
        if (bytes.substr(line, at - line).find('#') == std::string_view::npos) continue;
        scan.problems.push_back({lines.line(at), fmt::format("the marker is not read: {}", why)});
        ++reported;
    }
}

}  // namespace linkspan::manifest
