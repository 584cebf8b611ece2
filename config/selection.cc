// policies[].select: how the winner is found.
#include "config/sections.h"

namespace linkspan::config {

namespace {

using policy::Groups;
using policy::Order;
using policy::Selection;

const std::vector<std::string> kOrders{"asc", "desc"};

Order order_of(std::size_t choice) { return choice == 0 ? Order::Asc : Order::Desc; }

const Mapping<policy::Semver>& semver_mapping() {
    static const Mapping<policy::Semver> mapping{
        "semver", "A range of versions, with options.", [](Mapping<policy::Semver>& m) {
            m.text("range", &policy::Semver::range, "The range, such as >=1.2.0 <2.0.0 or ~1.4.");
            m.boolean(
                "strict",
                &policy::Semver::strict,
                "Only versions of three numbers; false: 1.2 and 1 are versions too."
            );
        }};
    return mapping;
}

void read_semver(Reader& reader, const Node& node, Selection& select) {
    policy::Semver semver;
    if (node.kind == Node::Kind::Mapping) {
        semver_mapping().read(reader, node, semver);
    } else if (const auto range = reader.text(node)) {
        semver.range = *range;
    }
    select = semver;
}

template <class Strategy>
void read_order(Reader& reader, const Node& node, Selection& select) {
    if (const auto i = reader.choice(node, kOrders)) select = Strategy{order_of(*i)};
}

const Mapping<policy::Newest>& newest_mapping() {
    static const Mapping<policy::Newest> mapping{
        "newest", "Nothing to say yet: {}.", [](Mapping<policy::Newest>&) {}};
    return mapping;
}

void read_newest(Reader& reader, const Node& node, Selection& select) {
    policy::Newest newest;
    newest_mapping().read(reader, node, newest);
    select = newest;
}

void read_digest(Reader& reader, const Node& node, Selection& select) {
    if (auto tag = reader.text(node)) select = policy::Follow{std::move(*tag)};
}

void read_calver(Reader& reader, const Node& node, Selection& select) {
    if (auto layout = reader.text(node)) select = policy::Calver{std::move(*layout)};
}

const Mapping<Groups::Group>& group_mapping() {
    static const Mapping<Groups::Group> mapping{
        "group", "A named group of the pattern.", [](Mapping<Groups::Group>& m) {
            m.text("name", &Groups::Group::name, "Its name.").required();
            m.choice(
                "order",
                &Groups::Group::order,
                "asc: the greatest wins; desc: the least.",
                Choices<Order>{{"asc", Order::Asc}, {"desc", Order::Desc}}
            );
        }};
    return mapping;
}

void read_compare(Reader& reader, const Node& node, Groups& groups) {
    static const Shape shape{.kind = Shape::Kind::List, .default_value = {}, .not_empty = true};
    const auto* items = reader.list(node, shape);
    if (items == nullptr) return;
    for (std::size_t i = 0; i < items->size(); ++i) {
        const auto place = reader.inside(i);
        const Node& item = *(*items)[i];
        Groups::Group group;
        if (item.kind == Node::Kind::Mapping) {
            group_mapping().read(reader, item, group);
        } else if (auto name = reader.text(item)) {
            group.name = std::move(*name);
        }
        if (!group.name.empty()) groups.compare.push_back(std::move(group));
    }
}

const Mapping<Groups>& regex_mapping() {
    static const Mapping<Groups> mapping{
        "regex", "A pattern whose named groups are compared.", [](Mapping<Groups>& m) {
            m.text("pattern", &Groups::pattern, "RE2, with named groups: (?P<build>[0-9]+).")
                .required();
            m.key(
                 "compare",
                 Shape::list(Shape::any_of({Shape::text(), Shape::of(group_mapping().shape())})),
                 "Names of groups, the most important first; digits are compared as numbers. None: "
                 "every named group in its order.",
                 read_compare
            )
                .not_empty();
        }};
    return mapping;
}

void read_regex(Reader& reader, const Node& node, Selection& select) {
    Groups groups;
    if (node.kind == Node::Kind::Mapping) {
        regex_mapping().read(reader, node, groups);
    } else if (auto pattern = reader.text(node)) {
        groups.pattern = std::move(*pattern);
    }
    // Without one the mapping has said so, and the policy need not.
    if (!groups.pattern.empty()) select = std::move(groups);
}

void add_keys(Mapping<Selection>& m) {
    m.key(
        "semver",
        Shape::any_of({Shape::text(), Shape::of(semver_mapping().shape())}),
        "The greatest version in a range.",
        read_semver
    );
    m.key("numerical", Shape::choice(kOrders), "By number: asc takes the greatest, desc the least.", read_order<policy::Numerical>);
    m.key("alphabetical", Shape::choice(kOrders), "By letter: asc takes the last, desc the first.", read_order<policy::Alphabetical>);
    m.key(
        "newest",
        Shape::of(newest_mapping().shape()),
        "The tag whose image was built last.",
        read_newest
    );
    m.key(
        "digest",
        Shape::text(),
        "One tag that moves, such as latest: its digest is written, and again when it changes.",
        read_digest
    );
    m.key(
        "calver",
        Shape::text(),
        "By date and number, in a layout of calver.org: YYYY.0M.MICRO, vYY.MM-MODIFIER.",
        read_calver
    );
    m.key(
        "regex",
        Shape::any_of({Shape::text(), Shape::of(regex_mapping().shape())}),
        "By the named groups of a pattern.",
        read_regex
    );
    m.exactly_one();
}

}  // namespace

const Mapping<Selection>& select_mapping() {
    static const Mapping<Selection> mapping{
        "select", "How the winner is found: one of these.", add_keys};
    return mapping;
}

}  // namespace linkspan::config
