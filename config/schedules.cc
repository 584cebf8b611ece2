#include "config/schedules.h"

#include "config/nearest.h"
#include "config/zone_names.h"

#include <cstddef>
#include <string>
#include <vector>

namespace linkspan::config {

namespace {

constexpr std::size_t kMostSpans = 50;

std::vector<policy::Span> read_spans(Reader& reader, const Node& node, bool not_empty) {
    const Shape shape{.kind = Shape::Kind::List, .default_value = {}, .not_empty = not_empty};
    std::vector<policy::Span> out;
    const auto* const items = reader.list(node, shape);
    if (items == nullptr) return out;
    if (items->size() > kMostSpans) {
        reader.problem(node.mark, "has more than 50 entries");
        return out;
    }
    for (std::size_t i = 0; i < items->size(); ++i) {
        const auto place = reader.inside(i);
        const auto text = reader.text(*(*items)[i]);
        if (!text) continue;
        auto span = policy::Span::parse(*text);
        if (span.has_value()) {
            out.push_back(std::move(*span));
            continue;
        }
        std::string message = span.error().message;
        if (span.error().kind == Errc::NotFound) {
            const std::string zone = text->substr(text->find_last_of(' ') + 1);
            if (const auto near = nearest(zone, zone_names())) {
                message += "; did you mean \"" + *near + "\"?";
            }
        }
        reader.problem((*items)[i]->mark, message);
    }
    return out;
}

}  // namespace

void read_windows(Reader& reader, const Node& node, policy::Schedule& schedule) {
    auto spans = read_spans(reader, node, /*not_empty=*/true);
    if (!spans.empty()) schedule.windows = {std::move(spans)};
}

void read_freezes(Reader& reader, const Node& node, policy::Schedule& schedule) {
    schedule.freezes = read_spans(reader, node, /*not_empty=*/false);
}

void check_schedule(Reader& reader, const Node& mapping, const policy::Schedule& schedule) {
    const Status status = policy::can_open(schedule);
    if (!status.has_error()) return;
    const std::string_view key = schedule.windows.empty() ? "freezes" : "windows";
    const Node* const node = mapping.find(key);
    const auto place = reader.inside(key);
    reader.problem(node == nullptr ? mapping.mark : node->mark, status.error().message);
}

}  // namespace linkspan::config
