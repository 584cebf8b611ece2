// targets: which places in a repository follow which policies.
#include "config/rule.h"
#include "config/schedules.h"
#include "config/sections.h"
#include "config/watched_fields.h"

#include <algorithm>

namespace linkspan::config {

namespace {

const Choices<Deliver> kDelivers{
    {"commit", Deliver::Commit}, {"pull_request", Deliver::PullRequest}};
const Choices<Find> kFinds{{"markers", Find::Markers}, {"images", Find::Images}};

const Mapping<Target>& find_fields_mapping() {
    static const Mapping<Target> mapping{
        "find_fields", "Values that are asked for by path or pattern.", [](Mapping<Target>& m) {
            m.key(
                 "fields",
                 watched_fields_shape(),
                 "The same as \"fields\" of the target.",
                 read_watched_fields
            )
                .required();
        }};
    return mapping;
}

void read_find(Reader& reader, const Node& node, Target& target) {
    static const Shape shape{.kind = Shape::Kind::List, .default_value = {}, .not_empty = true};
    const auto* items = reader.list(node, shape);
    if (items == nullptr) return;
    target.find.clear();
    for (std::size_t i = 0; i < items->size(); ++i) {
        const auto place = reader.inside(i);
        const Node& item = *(*items)[i];
        if (item.kind == Node::Kind::Mapping && item.find("fields") != nullptr) {
            find_fields_mapping().read(reader, item, target);
        } else if (const auto which = reader.choice(item, {"markers", "images"})) {
            const Find find = kFinds[*which].second;
            if (std::find(target.find.begin(), target.find.end(), find) == target.find.end()) {
                target.find.push_back(find);
            }
        }
    }
}

void read_notify(Reader& reader, const Node& node, Target& target) {
    static const Shape shape = Shape::list(Shape::text());
    const auto* items = reader.list(node, shape);
    if (items == nullptr) return;
    auto& names = target.notify.emplace();
    for (std::size_t i = 0; i < items->size(); ++i) {
        const auto place = reader.inside(i);
        if (auto name = reader.text(*(*items)[i])) names.push_back(std::move(*name));
    }
}

}  // namespace

const Mapping<Target>& target_mapping() {
    static const Mapping<Target> mapping{
        "target", "Places in a repository that follow policies.", [](Mapping<Target>& m) {
            m.text("name", &Target::name, "Answers and commits name it so.", rule::name)
                .pattern(rule::kNamePattern)
                .required();
            m.text("repository", &Target::repository, "Name of one of \"repositories\".")
                .required();
            m.texts(
                "paths",
                &Target::paths,
                "Folders or files inside the repository. None: everything.",
                rule::inside_repository
            );
            m.texts(
                "ignore",
                &Target::ignore,
                "Globs over paths inside the repository that are left alone.",
                rule::inside_repository
            );
            m.texts(
                 "policies", &Target::policies, "Names of \"policies\": name, or namespace:name."
            )
                .required()
                .not_empty();
            m.key(
                 "find",
                 Shape::list(Shape::any_of(
                     {Shape::choice({"markers", "images"}),
                      Shape::of(find_fields_mapping().shape())}
                 )),
                 "markers: places with a comment that names a policy; images: image fields of the "
                 "same repository; fields: values by path or pattern.",
                 read_find
            )
                .not_empty()
                .defaults_to("[markers, images]");
            m.key(
                "fields",
                watched_fields_shape(),
                "Values by path or pattern, besides what \"find\" finds.",
                read_watched_fields
            );
            m.choice(
                "deliver",
                &Target::deliver,
                "commit: push a commit to the branch; pull_request: propose it.",
                kDelivers
            );
            m.mapping(
                "pull_request", &Target::pull_request, "How it is proposed.", pull_request_mapping()
            );
            m.duration(
                "batch",
                &Target::batch,
                "How long a change waits for others, to share their commit.",
                {.least = 0, .most = 3'600'000}
            );
            m.key(
                "notify",
                Shape::list(Shape::text()),
                "Names of \"notifications\" that are told of this target. None: all; []: nobody.",
                read_notify
            );
            add_schedule(m);
            m.check([](Reader& reader, const Node& node, Target& target) {
                check_schedule(reader, node, target.schedule);
                const Node* const proposed = node.find("pull_request");
                if (proposed != nullptr && target.deliver != Deliver::PullRequest) {
                    reader.problem(proposed->mark, "needs \"deliver: pull_request\" beside it");
                }
                // "." is everything, whatever else is named.
                if (std::find(target.paths.begin(), target.paths.end(), "") != target.paths.end()) {
                    target.paths.clear();
                }
            });
        }};
    return mapping;
}

}  // namespace linkspan::config
