// verify(): the independent check of every edit.
//
// First the bytes: between the edits both texts are the same. Then the meaning: both are read with
// yaml-cpp as streams of events. The first stream is kept; the second is compared with it while it
// is read. Each edit is bound to the event of the first text that starts at its bytes; an event
// without an edit must be the same in both.

#include "core/image/quote.h"
#include "core/manifest/binding.h"
#include "core/manifest/edit.h"
#include "core/manifest/event_stream.h"
#include "core/manifest/plain.h"
#include "core/manifest/strict_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::manifest {

namespace {

constexpr std::string_view kPlainTag = "?";
constexpr std::string_view kQuotedTag = "!";

// White space around a text is not the edit's, but must be the same before and after.
bool same_surroundings(std::string_view before, std::string_view after) {
    const std::string_view old = trimmed(before);
    const std::string_view now = trimmed(after);
    if (old.empty() || now.empty()) return true;
    const auto lead = static_cast<std::size_t>(old.data() - before.data());
    const auto lead_now = static_cast<std::size_t>(now.data() - after.data());
    return before.substr(0, lead) == after.substr(0, lead_now) &&
           before.substr(lead + old.size()) == after.substr(lead_now + now.size());
}

Status check_type(const Event& event, const Edit& edit) {
    if (event.tag == kPlainTag && reads_as_other_type(event.value)) {
        return refuse(edit.line, "the value would read as a number, bool, null or date");
    }
    return {};
}

Status check_value(const Event& old, const Event& event, const Edit& edit) {
    const bool was_plain = old.tag == kPlainTag || old.is(EventKind::Null);
    const bool same_tag = event.tag == (was_plain ? kPlainTag : old.tag);
    const bool quoted_now = was_plain && event.tag == kQuotedTag;
    if (!event.is(EventKind::Scalar) || event.anchor != old.anchor ||
        !reads_as(event.value, edit.new_value) || !same_surroundings(old.value, event.value) ||
        !(same_tag || quoted_now)) {
        return refuse(
            edit.line, fmt::format("the value would not read as {}", image::quote(edit.new_value))
        );
    }
    return check_type(event, edit);
}

// A text that is YAML itself: its documents may differ in the edited values and nowhere else.
Status check_text(const Event& old, const Event& event, std::span<const Bound> bounds) {
    const std::size_t line = bounds.front().edit->line;
    if (!event.is(EventKind::Scalar) || event.anchor != old.anchor || event.tag != old.tag) {
        return refuse(line, "the text would not read as a text");
    }
    constexpr std::string_view kContext = "of the text, which an independent reader does not read";
    const auto read_old = Events::read(old.value, kContext);
    if (!read_old) return refuse(line, read_old.error().message);
    const auto read_new = Events::read(event.value, kContext);
    if (!read_new) return refuse(line, read_new.error().message);
    const Events& olds = *read_old;
    const Events& news = *read_new;
    std::size_t next = 0;
    for (std::size_t i = 0; i < std::min(olds.size(), news.size()); ++i) {
        if (same(olds[i], news[i])) continue;
        if (next == bounds.size() || !reads_as(olds[i].value, bounds[next].edit->old_value)) {
            return refuse(line, "another value in the text would change with it");
        }
        if (auto status = check_value(olds[i], news[i], *bounds[next].edit); !status) {
            return status;
        }
        ++next;
    }
    if (olds.size() != news.size() || next != bounds.size()) {
        return refuse(line, "the text would not read as meant");
    }
    return {};
}

// The second text, against the first.
class Comparer {
public:
    Comparer(const Events& before, std::span<const Bound> bounds)
        : before_{before}, bounds_{bounds} {}

    Status take(const Event& event) {
        enter();
        if (inserted_ < inserting_.size()) return take_inserted(event);
        if (next_ == before_.size()) return refuse(event.line + 1U, "it would add a value");
        const Event old = before_[next_++];
        const auto mine = bounds_of(next_ - 1);
        if (mine.empty()) {
            if (same(old, event)) return {};
            return refuse(event.line + 1U, "another value would change with it");
        }
        switch (mine.front().change) {
            case Change::Value:
                if (mine.size() > 1) return refuse(mine[1].edit->line, "two edits of one value");
                return check_value(old, event, *mine.front().edit);
            case Change::Embedded:
                return check_text(old, event, mine);
            default:
                // Text: a pattern's match in a comment leaves the event as it was.
                if (same(old, event) || (event.is(EventKind::Scalar) && old.is(EventKind::Scalar) &&
                                         event.anchor == old.anchor)) {
                    return {};
                }
                return refuse(event.line + 1U, "another value would change with it");
        }
    }

    Status finish() {
        enter();
        if (inserted_ == inserting_.size() && next_ == before_.size() && bound_ == bounds_.size()) {
            return {};
        }
        const std::size_t line = next_ < before_.size() ? before_[next_].line + 1U : 0U;
        return refuse(line, "the file would end early for an independent reader");
    }

private:
    // What is inserted in front of the next event, and pairs that go.
    void enter() {
        while (bound_ < bounds_.size() && bounds_[bound_].event == next_) {
            const Bound& bound = bounds_[bound_];
            if (bound.change == Change::InsertBefore) {
                for (const WrittenKey& key : bound.edit->added) {
                    inserting_.push_back({bound.edit, &key});
                }
            } else if (bound.change == Change::RemovePair) {
                next_ += 2;
            } else {
                return;
            }
            ++bound_;
        }
    }

    std::span<const Bound> bounds_of(std::size_t event) {
        const std::size_t first = bound_;
        while (bound_ < bounds_.size() && bounds_[bound_].event == event) ++bound_;
        return bounds_.subspan(first, bound_ - first);
    }

    Status take_inserted(const Event& event) {
        const auto [edit, key] = inserting_[inserted_];
        const std::string& expected = key_taken_ ? key->value : key->key;
        if (!event.is(EventKind::Scalar) || event.anchor != 0 || event.value != expected) {
            return refuse(edit->line, "the new key would not read as meant");
        }
        if (key_taken_) {
            ++inserted_;
            if (auto status = check_type(event, *edit); !status) return status;
        }
        key_taken_ = !key_taken_;
        return {};
    }

    struct Inserting {
        const Edit* edit;
        const WrittenKey* key;
    };

    const Events& before_;
    std::span<const Bound> bounds_;
    std::size_t next_ = 0;   // event of the first text
    std::size_t bound_ = 0;  // edit that comes next
    std::vector<Inserting> inserting_;
    std::size_t inserted_ = 0;
    bool key_taken_ = false;
};

// In the order of the file, each once.
std::vector<const Edit*> in_order(std::span<const Edit> edits) {
    std::vector<const Edit*> out;
    out.reserve(edits.size());
    for (const Edit& edit : edits) out.push_back(&edit);
    std::stable_sort(out.begin(), out.end(), [](const Edit* a, const Edit* b) {
        return a->span < b->span;
    });
    const auto equal = [](const Edit* a, const Edit* b) { return *a == *b; };
    out.erase(std::unique(out.begin(), out.end(), equal), out.end());
    return out;
}

// Independent of apply(): what is between the edits, piece by piece.
Status verify_bytes(
    std::string_view before, std::string_view after, std::span<const Edit* const> edits
) {
    std::size_t at = 0;
    for (const Edit* edit : edits) {
        if (edit->span.begin < at || edit->span.end < edit->span.begin ||
            edit->span.end > before.size()) {
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
    const std::vector<const Edit*> order = in_order(edits);
    if (auto status = verify_bytes(before, after, order); !status) return status;
    auto events = Events::read(before, "the file can't be checked by an independent reader");
    std::optional<std::string> strict_before;
    std::optional<std::string> strict_after;
    if (!events && (strict_before = for_strict_reader(before))) {
        if (auto again = Events::read(*strict_before, {})) {
            strict_after = for_strict_reader(after);
            before = *strict_before;
            if (strict_after) after = *strict_after;
            events = std::move(again);
        }
    }
    if (!events) {
        // A file that is no YAML, changed where it was asked for.
        const bool only_text =
            !order.empty() &&
            std::all_of(order.begin(), order.end(), [](const Edit* e) { return e->text; });
        return only_text ? Status{} : events.error();
    }
    LINKSPAN_TRY(bounds, bind_edits(before, *events, order));
    Comparer comparer{*events, bounds};
    if (auto status = follow(
            after,
            "the edit is refused: it would break the file",
            [&](const Event& event) { return comparer.take(event); }
        );
        !status) {
        return status;
    }
    return comparer.finish();
}

}  // namespace linkspan::manifest
