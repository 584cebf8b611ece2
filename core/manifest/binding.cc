#include "core/manifest/binding.h"

#include "core/manifest/encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

namespace linkspan::manifest {

namespace {

// What yaml-cpp makes an event without a value of.
bool reads_as_null(std::string_view text) {
    return text == "~" || text == "null" || text == "Null" || text == "NULL";
}

class Binder {
public:
    Binder(std::string_view bytes, const Events& events)
        : events_{events}, bom_{bytes.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0} {
        for (std::size_t i = 0; i < events.size(); ++i) {
            const Event event = events[i];
            if (event.at == kNoMark) continue;
            const std::size_t at = event.at + bom_;
            if (event.is(EventKind::Scalar)) scalars_.emplace_back(at, i);
            if (event.is(EventKind::Null)) nulls_.emplace_back(at, i);
            if (event.is(EventKind::Scalar) || event.is(EventKind::Alias)) {
                leaves_.emplace_back(at, i);
            }
        }
    }

    Result<std::vector<Bound>> bind(std::span<const Edit* const> edits) const {
        std::vector<Bound> out;
        for (const Edit* edit : edits) {
            if (edit->text) {
                if (const auto i = last_at(scalars_, edit->span.begin)) {
                    out.push_back({*i, Change::Text, edit});
                }
                continue;
            }
            LINKSPAN_TRY(bound, bind(*edit));
            out.push_back(bound);
        }
        std::stable_sort(out.begin(), out.end(), [](const Bound& a, const Bound& b) {
            return std::tie(a.event, a.change) < std::tie(b.event, b.change);
        });
        return out;
    }

private:
    using Index = std::vector<std::pair<std::size_t, std::size_t>>;  // position, event

    Result<Bound> bind(const Edit& edit) const {
        if (edit.embedded) {
            const auto i = last_at(scalars_, edit.span.begin);
            if (!i) return refuse(edit.line, "there is no such text");
            return Bound{*i, Change::Embedded, &edit};
        }
        if (!edit.added.empty()) {
            const auto i =
                edit.span.begin == 0 ? std::nullopt : last_at(leaves_, edit.span.begin - 1);
            if (!i) return refuse(edit.line, "there is nothing to write the key behind");
            return Bound{*i + 1, Change::InsertBefore, &edit};
        }
        if (!edit.removed.empty()) {
            const auto i = first_from(scalars_, edit.span.begin);
            if (!i || *i + 1 >= events_.size() || events_[*i].value != edit.removed ||
                !events_[*i + 1].is(EventKind::Scalar) || events_[*i + 1].value != edit.old_value) {
                return refuse(edit.line, "there is no such key to take out");
            }
            return Bound{*i, Change::RemovePair, &edit};
        }
        // "~" has an event at its very byte.
        if (reads_as_null(edit.old_value)) {
            const auto i = last_at(nulls_, edit.span.begin);
            if (i && events_[*i].at + bom_ == edit.span.begin) {
                return Bound{*i, Change::Value, &edit};
            }
        }
        // The token may have an anchor or a tag in front, where yaml-cpp's mark is.
        const auto i = last_at(scalars_, edit.span.begin);
        if (!i || !reads_as(events_[*i].value, edit.old_value)) {
            return refuse(edit.line, "there is no such value");
        }
        return Bound{*i, Change::Value, &edit};
    }

    // The last event that begins at `at` or before it.
    static std::optional<std::size_t> last_at(const Index& index, std::size_t at) {
        const auto it = std::partition_point(index.begin(), index.end(), [&](const auto& e) {
            return e.first <= at;
        });
        if (it == index.begin()) return std::nullopt;
        return std::prev(it)->second;
    }
    static std::optional<std::size_t> first_from(const Index& index, std::size_t at) {
        const auto it = std::partition_point(index.begin(), index.end(), [&](const auto& e) {
            return e.first < at;
        });
        if (it == index.end()) return std::nullopt;
        return it->second;
    }

    const Events& events_;
    std::size_t bom_;
    Index scalars_;
    Index nulls_;
    Index leaves_;  // scalars and aliases
};

}  // namespace

Error refuse(std::size_t line, std::string_view why) {
    return Error{Errc::Corrupt, fmt::format("line {}: the edit is refused: {}", line, why)};
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \n") - first + 1);
}

bool reads_as(std::string_view event, std::string_view meant) {
    return event == meant || (meant.ends_with('\n') && trimmed(event) == trimmed(meant));
}

Result<std::vector<Bound>> bind_edits(
    std::string_view bytes, const Events& events, std::span<const Edit* const> edits
) {
    return Binder{bytes, events}.bind(edits);
}

}  // namespace linkspan::manifest
