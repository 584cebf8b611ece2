// fields of a target: values that are asked for by path or pattern.
#include "config/quote.h"
#include "config/rule.h"
#include "config/sections.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::config {

namespace {

struct Entry {
    std::string files;
    manifest::Field field;
    std::string policy;
};

const Choices<manifest::Role> kRoles{
    {"reference", manifest::Role::Reference},
    {"name", manifest::Role::Name},
    {"tag", manifest::Role::Tag},
    {"digest", manifest::Role::Digest},
    {"tag_digest", manifest::Role::TagDigest}};

const Mapping<Entry>& entry_mapping() {
    static const Mapping<Entry> mapping{
        "watched_field",
        "Values that name an image, by path or pattern, in files of any kind.",
        [](Mapping<Entry>& m) {
            m.text(
                 "files",
                 &Entry::files,
                 "Glob over paths inside the repository.",
                 rule::inside_repository
            )
                .required();
            m.text(
                "path",
                [](Entry& e) -> std::string& { return e.field.path; },
                "Where the value is in YAML or JSON; in dotenv and properties files the key."
            );
            m.text(
                "pattern",
                [](Entry& e) -> std::string& { return e.field.pattern; },
                "Instead of path, for any text: RE2 with groups named image, or registry, name, "
                "tag, digest."
            );
            m.choice(
                "role",
                [](Entry& e) -> manifest::Role& { return e.field.role; },
                "What the value at path holds.",
                kRoles
            );
            m.text(
                "policy",
                &Entry::policy,
                "The one policy that these values follow: for values that do not name their image."
            );
            m.check([](Reader& reader, const Node& node, Entry&) {
                const Node* const role = node.find("role");
                if (role != nullptr && node.find("pattern") != nullptr) {
                    reader.problem(role->mark, "goes with \"path\"; a pattern's groups say it");
                }
            });
        }};
    return mapping;
}

// The nodes of all items, in the order in which they were read.
std::vector<const Node*> items_of(const Node& target) {
    std::vector<const Node*> out;
    const auto add = [&](const Node& list) {
        for (const auto& item : list.items) out.push_back(item.get());
    };
    for (const Node::Member& member : target.members) {
        if (target.find(member.key) != member.value.get()) continue;
        if (member.key == "fields") add(*member.value);
        if (member.key != "find") continue;
        for (const auto& item : member.value->items) {
            if (const Node* const fields = item->find("fields")) add(*fields);
        }
    }
    return out;
}

}  // namespace

Shape watched_fields_shape() {
    Shape shape = Shape::list(Shape::of(entry_mapping().shape()));
    shape.not_empty = true;
    return shape;
}

void read_watched_fields(Reader& reader, const Node& node, Target& target) {
    static const Shape shape = watched_fields_shape();
    const auto* items = reader.list(node, shape);
    if (items == nullptr) return;
    for (std::size_t i = 0; i < items->size(); ++i) {
        const auto place = reader.inside(i);
        Entry entry;
        entry_mapping().read(reader, *(*items)[i], entry);
        auto watch = std::make_shared<plan::FieldWatch>();
        watch->files = std::move(entry.files);
        watch->policy = std::move(entry.policy);
        auto rule = manifest::FieldRule::compile(entry.field);
        if (rule.has_error()) {
            reader.problem((*items)[i]->mark, rule.error().message);
        } else {
            watch->rule = std::move(*rule);
        }
        target.fields.push_back(std::move(watch));
    }
}

void check_watched_fields(
    Reader& reader, const Node& node, const Config& config, const Target& target
) {
    const auto items = items_of(node);
    const auto place = reader.inside("fields");
    for (std::size_t i = 0; i < items.size() && i < target.fields.size(); ++i) {
        plan::FieldWatch& watch = *target.fields[i];
        const auto index = reader.inside(i);
        if (watch.policy.empty()) {
            if (!watch.rule.compiles() || watch.rule.names_image()) continue;
            // Whose tag it is goes without saying where there is one policy.
            const policy::Policy* const only =
                target.policies.size() == 1 ? config.policy(target.policies.front()) : nullptr;
            if (only != nullptr) {
                watch.policy = only->full_name();
            } else if (target.policies.size() > 1) {
                reader.problem(
                    items[i]->mark,
                    "the value does not name its image, and the target has several policies: say "
                    "whose it is with \"policy\""
                );
            }
            continue;
        }
        const policy::Policy* const named = config.policy(watch.policy);
        const bool listed =
            std::any_of(target.policies.begin(), target.policies.end(), [&](const auto& name) {
                return name == watch.policy || (named != nullptr && config.policy(name) == named);
            });
        if (named != nullptr && listed) watch.policy = named->full_name();
        // One that is not there at all was reported in the target's list.
        if (listed) continue;
        const Node* const at = items[i]->find("policy");
        reader.problem(
            at == nullptr ? items[i]->mark : at->mark,
            fmt::format("{} is not one of the target's policies", quote(watch.policy))
        );
    }
}

}  // namespace linkspan::config
