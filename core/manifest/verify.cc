// verify(): the independent check of every edit.
//
// Both texts are read with yaml-cpp as streams of events (no nodes: aliases are not expanded, so a
// bomb stays small). The first stream is kept flat; the second is compared with it event by event
// while it is read. Each edit is bound to the event of the first text that starts at its bytes; an
// event without an edit must be the same in both.

#include "core/image/quote.h"
#include "core/manifest/edit.h"
#include "core/manifest/encoding.h"
#include "core/manifest/plain.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <istream>
#include <iterator>
#include <optional>
#include <streambuf>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace linkspan::manifest {

namespace {

constexpr std::size_t kLargestText = std::size_t{17} << 20U;
constexpr std::size_t kMostEvents = 4'000'000;

enum class Kind : std::uint8_t {
    DocumentStart,
    DocumentEnd,
    Null,
    Alias,
    Scalar,
    SequenceStart,
    SequenceEnd,
    MapStart,
    MapEnd,
};

constexpr std::size_t kNoMark = static_cast<std::size_t>(-1);

struct Event {
    Kind kind = Kind::Null;
    std::uint8_t style = 0;
    std::uint32_t anchor = 0;
    std::uint32_t line = 0;  // 0-based
    std::size_t at = kNoMark;
    std::string_view tag;
    std::string_view value;
};

bool same(const Event& a, const Event& b) {
    return a.kind == b.kind && a.style == b.style && a.anchor == b.anchor && a.tag == b.tag &&
           a.value == b.value;
}

// Stops a parse from inside the handler; never leaves this file.
struct Stop : std::exception {
    explicit Stop(Error e) : error{std::move(e)} {}
    Error error;
};

class MemoryBuffer : public std::streambuf {
public:
    explicit MemoryBuffer(std::string_view text) {
        // streambuf takes char*, and nothing here writes.
        char* begin = const_cast<char*>(text.data());
        setg(begin, begin, begin + text.size());
    }
};

class Handler : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark& mark) override { emit(Kind::DocumentStart, mark); }
    void OnDocumentEnd() override { emit(Kind::DocumentEnd); }
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        emit(Kind::Null, mark, anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        emit(Kind::Alias, mark, anchor);
    }
    void OnScalar(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        const std::string& value
    ) override {
        emit(Kind::Scalar, mark, anchor, tag, value);
    }
    void OnSequenceStart(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        YAML::EmitterStyle::value style
    ) override {
        emit(Kind::SequenceStart, mark, anchor, tag, {}, style);
    }
    void OnSequenceEnd() override { emit(Kind::SequenceEnd); }
    void OnMapStart(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        YAML::EmitterStyle::value style
    ) override {
        emit(Kind::MapStart, mark, anchor, tag, {}, style);
    }
    void OnMapEnd() override { emit(Kind::MapEnd); }

protected:
    virtual void take(const Event& event) = 0;

private:
    void emit(Kind kind) {
        Event event;
        event.kind = kind;
        count();
        take(event);
    }

    void emit(
        Kind kind,
        const YAML::Mark& mark,
        YAML::anchor_t anchor = 0,
        std::string_view tag = {},
        std::string_view value = {},
        YAML::EmitterStyle::value style = YAML::EmitterStyle::Default
    ) {
        Event event;
        event.kind = kind;
        event.style = static_cast<std::uint8_t>(style);
        event.anchor = static_cast<std::uint32_t>(anchor);
        event.line = static_cast<std::uint32_t>(std::max(mark.line, 0));
        event.at = static_cast<std::size_t>(std::max(mark.pos, 0));
        event.tag = tag;
        event.value = value;
        count();
        take(event);
    }

    void count() {
        if (++events_ > kMostEvents) throw Stop{Error{Errc::Corrupt, "too many values to check"}};
    }

    std::size_t events_ = 0;
};

// JSON writes characters past U+FFFF as two escapes ("\ud83d\ude80"), which yaml-cpp refuses. Both
// texts are read with such escapes moved to where nothing else is (U+E000 and on), byte for byte.
std::string without_surrogates(std::string_view text) {
    std::string out{text};
    for (std::size_t i = 0; i + 6 <= out.size(); ++i) {
        if (out[i] != '\\') continue;
        const char second = static_cast<char>(out[i + 3] | 0x20);
        const bool high = out[i + 1] == 'u' && (out[i + 2] == 'd' || out[i + 2] == 'D') &&
                          (second == '8' || second == '9' || (second >= 'a' && second <= 'f'));
        if (high) {
            static constexpr std::string_view kFrom = "89abcdef";
            out[i + 2] = 'e';
            out[i + 3] = static_cast<char>('0' + kFrom.find(second));
        }
        ++i;  // an escaped backslash escapes nothing
    }
    return out;
}

bool may_have_surrogates(std::string_view text) {
    return text.find("\\ud") != std::string_view::npos ||
           text.find("\\uD") != std::string_view::npos;
}

// `context` goes in front of what the parser itself has to say.
Status read(std::string_view text, Handler& handler, std::string_view context) {
    MemoryBuffer buffer{text};
    std::istream stream{&buffer};
    try {
        YAML::Parser parser{stream};
        while (parser.HandleNextDocument(handler)) {
        }
        return {};
    } catch (const Stop& stop) {
        return stop.error;
    } catch (const YAML::Exception& e) {
        return Error{
            Errc::Corrupt, fmt::format("line {}: {}: {}", e.mark.line + 1, context, e.msg)};
    }
}

// The first text: kept, with every string in one arena.
class Recorder : public Handler {
public:
    explicit Recorder(std::size_t size) { events_.reserve(size / 16); }

    std::vector<Event> finish() {
        // The arena does not move any more: offsets become views.
        for (std::size_t i = 0; i < events_.size(); ++i) {
            const Extent& e = extents_[i];
            events_[i].tag = std::string_view{arena_}.substr(e.begin, e.tag);
            events_[i].value = std::string_view{arena_}.substr(e.begin + e.tag, e.value);
        }
        return std::move(events_);
    }

private:
    struct Extent {
        std::size_t begin = 0;
        std::size_t tag = 0;
        std::size_t value = 0;
    };

    void take(const Event& event) override {
        extents_.push_back({arena_.size(), event.tag.size(), event.value.size()});
        arena_ += event.tag;
        arena_ += event.value;
        events_.push_back(event);
        events_.back().tag = {};
        events_.back().value = {};
    }

    std::string arena_;
    std::vector<Extent> extents_;
    std::vector<Event> events_;
};

// What yaml-cpp makes an event without a value of.
bool reads_as_null(std::string_view text) {
    return text == "~" || text == "null" || text == "Null" || text == "NULL";
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \n") - first + 1);
}

// Readers differ in how many line breaks a kept block ("|+") has at the end of a file. What they
// differ in is white space around the text: it is not the edit's, but must be the same before and
// after.
bool reads_as(std::string_view event, std::string_view meant) {
    return event == meant || (meant.ends_with('\n') && trimmed(event) == trimmed(meant));
}
bool same_surroundings(std::string_view before, std::string_view after) {
    const std::string_view old = trimmed(before);
    const std::string_view now = trimmed(after);
    if (old.empty() || now.empty()) return true;
    const auto lead = static_cast<std::size_t>(old.data() - before.data());
    const auto lead_now = static_cast<std::size_t>(now.data() - after.data());
    return before.substr(0, lead) == after.substr(0, lead_now) &&
           before.substr(lead + old.size()) == after.substr(lead_now + now.size());
}

enum class Change : std::uint8_t { Value, Embedded, Text, InsertBefore, RemovePair };

struct Bound {
    Change change = Change::Value;
    const Edit* edit = nullptr;
};

// Edits by the index of the event (of the first text) that they are about.
using Bindings = std::unordered_multimap<std::size_t, Bound>;

Error refuse(std::size_t line, std::string_view why) {
    return Error{Errc::Corrupt, fmt::format("line {}: the edit is refused: {}", line, why)};
}

class Binder {
public:
    Binder(const std::vector<Event>& events, std::size_t bom) : events_{events}, bom_{bom} {
        for (std::size_t i = 0; i < events.size(); ++i) {
            if (events[i].at == kNoMark) continue;
            const std::size_t at = events[i].at + bom;
            if (events[i].kind == Kind::Scalar) scalars_.emplace_back(at, i);
            if (events[i].kind == Kind::Null) nulls_.emplace_back(at, i);
            if (events[i].kind == Kind::Scalar || events[i].kind == Kind::Alias) {
                leaves_.emplace_back(at, i);
            }
        }
    }

    Result<Bindings> bind(std::span<const Edit> edits) const {
        Bindings out;
        const Edit* last = nullptr;
        for (const Edit& edit : edits) {
            if (last != nullptr && *last == edit) continue;
            last = &edit;
            if (edit.text) {
                // In a comment, or in a text.
                const auto index = last_at_or_before(scalars_, edit.span.begin);
                if (index) out.emplace(*index, Bound{Change::Text, &edit});
            } else if (edit.embedded) {
                const auto index = last_at_or_before(scalars_, edit.span.begin);
                if (!index) return refuse(edit.line, "there is no such text");
                out.emplace(*index, Bound{Change::Embedded, &edit});
            } else if (edit.added.empty() && edit.removed.empty()) {
                // The token may have an anchor or a tag in front, where yaml-cpp's mark is.
                // "~" has an event of its own, at its very byte.
                auto index = last_at_or_before(nulls_, edit.span.begin);
                if (!reads_as_null(edit.old_value) || !index ||
                    events_[*index].at + bom_ != edit.span.begin) {
                    index = last_at_or_before(scalars_, edit.span.begin);
                    if (index && !reads_as(events_[*index].value, edit.old_value)) index.reset();
                }
                if (!index) {
                    return refuse(edit.line, "there is no such value");
                }
                out.emplace(*index, Bound{Change::Value, &edit});
            } else if (!edit.added.empty()) {
                const auto index = last_before(edit.span.begin);
                if (!index) return refuse(edit.line, "there is nothing to write the key behind");
                out.emplace(*index + 1, Bound{Change::InsertBefore, &edit});
            } else {
                const auto index = first_at_or_after(edit.span.begin);
                if (!index || *index + 1 >= events_.size() ||
                    events_[*index].value != edit.removed ||
                    events_[*index + 1].kind != Kind::Scalar ||
                    events_[*index + 1].value != edit.old_value) {
                    return refuse(edit.line, "there is no such key to take out");
                }
                out.emplace(*index, Bound{Change::RemovePair, &edit});
            }
        }
        return out;
    }

private:
    using Index = std::vector<std::pair<std::size_t, std::size_t>>;

    static std::optional<std::size_t> last_at_or_before(const Index& index, std::size_t at) {
        const auto it = std::partition_point(index.begin(), index.end(), [&](const auto& e) {
            return e.first <= at;
        });
        if (it == index.begin()) return std::nullopt;
        return std::prev(it)->second;
    }
    std::optional<std::size_t> last_before(std::size_t at) const {
        return at == 0 ? std::nullopt : last_at_or_before(leaves_, at - 1);
    }
    std::optional<std::size_t> first_at_or_after(std::size_t at) const {
        const auto it = std::partition_point(scalars_.begin(), scalars_.end(), [&](const auto& e) {
            return e.first < at;
        });
        if (it == scalars_.end()) return std::nullopt;
        return it->second;
    }

    const std::vector<Event>& events_;
    std::size_t bom_;
    Index scalars_;
    Index nulls_;
    Index leaves_;
};

constexpr std::string_view kPlainTag = "?";
constexpr std::string_view kQuotedTag = "!";

// The second text, against the first.
class Comparer : public Handler {
public:
    Comparer(const std::vector<Event>& before, const Bindings& bindings)
        : before_{before}, bindings_{bindings} {}

    Status finish() {
        enter();
        if (inserting_.empty() && next_ == before_.size() && used_ == bindings_.size()) return {};
        const std::size_t line = next_ < before_.size() ? before_[next_].line + 1U : 0U;
        return refuse(line, "the file would end early for an independent reader");
    }

private:
    void take(const Event& event) override {
        enter();
        if (!inserting_.empty()) return take_inserted(event);
        if (next_ == before_.size()) differ(event, "it would add a value");
        const Event& old = before_[next_];
        const auto [first, last] = bindings_.equal_range(next_);
        std::vector<const Edit*> inside;
        bool text = false;
        for (auto it = first; it != last; ++it) {
            text = text || it->second.change == Change::Text;
            if (it->second.change == Change::Embedded) inside.push_back(it->second.edit);
            if (it->second.change != Change::Value) continue;
            check_value(old, event, *it->second.edit);
            ++used_;
            ++next_;
            return;
        }
        if (!inside.empty()) {
            check_text(old, event, std::move(inside));
            used_ += static_cast<std::size_t>(std::distance(first, last));
            ++next_;
            return;
        }
        if (text) used_ += static_cast<std::size_t>(std::distance(first, last));
        const bool free = text && event.kind == Kind::Scalar && event.anchor == old.anchor;
        if (!free && !same(old, event)) differ(event, "another value would change with it");
        ++next_;
    }

    // At most once per event of the first text: what is inserted before it, and pairs that go.
    void enter() {
        while (entered_ != next_) {
            entered_ = next_;
            const auto [first, last] = bindings_.equal_range(next_);
            for (auto it = first; it != last; ++it) {
                if (it->second.change == Change::InsertBefore) {
                    for (const WrittenKey& key : it->second.edit->added) {
                        inserting_.push_back({it->second.edit, &key});
                    }
                    ++used_;
                }
            }
            // The order of a multimap's equal keys is not the order of the file. Last first.
            std::sort(inserting_.begin(), inserting_.end(), [](const auto& a, const auto& b) {
                return std::tie(a.edit, a.key) > std::tie(b.edit, b.key);
            });
            for (auto it = first; it != last; ++it) {
                if (it->second.change == Change::RemovePair) {
                    next_ += 2;
                    ++used_;
                    break;
                }
            }
        }
    }

    void take_inserted(const Event& event) {
        const auto [edit, key] = inserting_.back();
        const std::string& expected = key_taken_ ? key->value : key->key;
        if (event.kind != Kind::Scalar || event.anchor != 0 || event.value != expected) {
            throw Stop{refuse(edit->line, "the new key would not read as meant")};
        }
        if (key_taken_) {
            check_type(event, *edit);
            inserting_.pop_back();
        }
        key_taken_ = !key_taken_;
    }

    // A text that is YAML itself: its documents may differ in the edited values and nowhere else.
    static void check_text(const Event& old, const Event& event, std::vector<const Edit*> edits) {
        const std::size_t line = edits.front()->line;
        if (event.kind != Kind::Scalar || event.anchor != old.anchor || event.tag != old.tag) {
            throw Stop{refuse(line, "the text would not read as a text")};
        }
        std::sort(edits.begin(), edits.end(), [](const Edit* a, const Edit* b) {
            return a->span < b->span;
        });
        Recorder before{old.value.size()};
        Recorder after{event.value.size()};
        for (auto& [recorder, text] :
             {std::pair<Recorder*, std::string_view>{&before, old.value}, {&after, event.value}}) {
            if (auto status = read(text, *recorder, "in the text that begins here"); !status) {
                throw Stop{refuse(line, status.error().message)};
            }
        }
        const std::vector<Event> olds = before.finish();
        const std::vector<Event> news = after.finish();
        std::size_t next = 0;
        for (std::size_t i = 0; i < std::min(olds.size(), news.size()); ++i) {
            if (same(olds[i], news[i])) continue;
            if (next == edits.size() || !reads_as(olds[i].value, edits[next]->old_value)) {
                throw Stop{refuse(line, "another value in the text would change with it")};
            }
            check_value(olds[i], news[i], *edits[next]);
            ++next;
        }
        if (olds.size() != news.size() || next != edits.size()) {
            throw Stop{refuse(line, "the text would not read as meant")};
        }
    }

    static void check_value(const Event& old, const Event& event, const Edit& edit) {
        const bool was_plain = old.tag == kPlainTag || old.kind == Kind::Null;
        const bool same_tag = event.tag == (was_plain ? kPlainTag : old.tag);
        const bool quoted_now = was_plain && event.tag == kQuotedTag;
        if (event.kind != Kind::Scalar || event.anchor != old.anchor ||
            !reads_as(event.value, edit.new_value) || !same_surroundings(old.value, event.value) ||
            !(same_tag || quoted_now)) {
            throw Stop{refuse(
                edit.line,
                fmt::format("the value would not read as {}", image::quote(edit.new_value))
            )};
        }
        check_type(event, edit);
    }

    static void check_type(const Event& event, const Edit& edit) {
        if (event.tag == kPlainTag && reads_as_other_type(event.value)) {
            throw Stop{refuse(edit.line, "the value would read as a number, bool, null or date")};
        }
    }

    [[noreturn]] static void differ(const Event& event, std::string_view why) {
        throw Stop{refuse(event.line + 1U, why)};
    }

    const std::vector<Event>& before_;
    const Bindings& bindings_;
    std::size_t next_ = 0;
    std::size_t entered_ = kNoMark;
    std::size_t used_ = 0;
    struct Inserting {
        const Edit* edit;
        const WrittenKey* key;
    };
    std::vector<Inserting> inserting_;
    bool key_taken_ = false;
};

}  // namespace

namespace {

// Independent of apply(): what is between the edits, piece by piece.
Status verify_bytes(std::string_view before, std::string_view after, std::span<const Edit> edits) {
    std::vector<const Edit*> order;
    for (const Edit& edit : edits) order.push_back(&edit);
    std::stable_sort(order.begin(), order.end(), [](const Edit* a, const Edit* b) {
        return a->span < b->span;
    });
    std::size_t at = 0;
    const Edit* last = nullptr;
    for (const Edit* edit : order) {
        if (last != nullptr && *last == *edit) continue;
        last = edit;
        if (edit->span.begin < at || edit->span.end > before.size()) {
            return refuse(edit->line, "it is not where it says");
        }
        const std::string_view kept = before.substr(at, edit->span.begin - at);
        if (!after.starts_with(kept) || !after.substr(kept.size()).starts_with(edit->replacement)) {
            return refuse(edit->line, "other bytes would change with it");
        }
        after.remove_prefix(kept.size() + edit->replacement.size());
        at = edit->span.end;
    }
    if (after != before.substr(at)) return refuse(0, "other bytes would change with it");
    return {};
}

}  // namespace

Status verify(std::string_view before, std::string_view after, std::span<const Edit> edits) {
    if (auto status = verify_bytes(before, after, edits); !status) return status;
    std::string plain_before;
    std::string plain_after;
    if (may_have_surrogates(before)) {
        plain_before = without_surrogates(before);
        plain_after = without_surrogates(after);
        before = plain_before;
        after = plain_after;
    }
    if (before.size() > kLargestText || after.size() > kLargestText) {
        return Error{Errc::Corrupt, "too large to check"};
    }
    const bool only_text =
        !edits.empty() &&
        std::all_of(edits.begin(), edits.end(), [](const Edit& e) { return e.text; });
    Recorder recorder{before.size()};
    if (auto status = read(before, recorder, "the file can't be checked by an independent reader");
        !status) {
        // A file that is no YAML, changed where it was asked for.
        return only_text ? Status{} : status;
    }
    const std::vector<Event> events = recorder.finish();
    const Binder binder{events, before.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0};
    LINKSPAN_TRY(bindings, binder.bind(edits));
    Comparer comparer{events, bindings};
    if (auto status = read(after, comparer, "the edit is refused: it would break the file");
        !status) {
        return status;
    }
    return comparer.finish();
}

}  // namespace linkspan::manifest
