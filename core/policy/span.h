// Span: one entry of a window or freeze list, parsed: a set of instants. See schedule.h.
#pragma once

#include "core/policy/cron.h"
#include "core/policy/zone.h"
#include "core/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace linkspan::policy {

// Minutes of a week, from Monday 00:00; `end` not included, and may be after the week's end.
struct WeekPart {
    int begin = 0;
    int end = 0;
};
struct Weekly {
    std::vector<WeekPart> parts;
};
struct Dated {
    LocalTime begin;
    LocalTime end;  // not included
};
class Span {
public:
    // Errors: InvalidInput, which says what does not read and how it is written. A zone that does
    // not exist: NotFound, so that who has a list of zones can name the nearest one.
    static Result<Span> parse(std::string_view text);

    struct State {
        bool in_force = false;
        // Nothing changes before; it may also not change then. nullopt: never again.
        std::optional<UtcTime> until;
    };
    [[nodiscard]] State at(UtcTime instant) const;

    [[nodiscard]] const std::string& text() const { return text_; }
    // Of a dated span, its beginning.
    [[nodiscard]] std::optional<UtcTime> dated_begin() const;

    friend bool operator==(const Span& a, const Span& b) { return a.text_ == b.text_; }

private:
    std::string text_;
    Zone zone_;
    std::variant<Weekly, Dated, Cron> when_;
};

}  // namespace linkspan::policy
