// policies: which tag of an image may run.
#include "config/quote.h"
#include "config/rule.h"
#include "config/sections.h"

#include <charconv>

namespace linkspan::config {

namespace {

using policy::Order;
using policy::Policy;
using policy::TagFilter;

const Choices<Order> kOrders{{"asc", Order::Asc}, {"desc", Order::Desc}};
const Choices<policy::DigestMode> kDigests{
    {"keep", policy::DigestMode::Keep},
    {"pin", policy::DigestMode::Pin},
    {"never", policy::DigestMode::Never},
};

const Mapping<TagFilter>& tags_mapping() {
    static const Mapping<TagFilter> mapping{
        "tags",
        "Which tags are looked at, and which part of them is compared.",
        [](Mapping<TagFilter>& m) {
            m.text(
                "pattern",
                &TagFilter::pattern,
                "RE2 regular expression that a tag has to match somewhere; ^ and $ tie it to the "
                "ends."
            );
            m.text(
                "extract",
                &TagFilter::extract,
                "What is compared, made of the pattern's groups: $1, ${1}, $name or ${name}. None: "
                "the whole tag."
            );
            m.texts(
                "allow",
                &TagFilter::allow,
                "A tag has to match one of these: a glob (*-prod), or RE2 between slashes (/^rc/). "
                "None: every tag."
            );
            m.texts("ignore", &TagFilter::ignore, "A tag that matches one of these is dropped.");
        }};
    return mapping;
}

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

void read_semver(Reader& reader, const Node& node, policy::Selection& select) {
    policy::Semver semver;
    if (node.kind == Node::Kind::Mapping) {
        semver_mapping().read(reader, node, semver);
    } else if (const auto range = reader.text(node)) {
        semver.range = *range;
    }
    select = semver;
}

template <class Strategy>
void read_order(Reader& reader, const Node& node, policy::Selection& select) {
    if (const auto i = reader.choice(node, {"asc", "desc"})) select = Strategy{kOrders[*i].second};
}

const Mapping<policy::Selection>& select_mapping() {
    static const Mapping<policy::Selection> mapping{
        "select", "How the winner is found: one of these.", [](Mapping<policy::Selection>& m) {
            m.key(
                "semver",
                Shape::any_of({Shape::text(), Shape::of(semver_mapping().shape())}),
                "The greatest version in a range.",
                read_semver
            );
            m.key(
            "numerical",
            Shape::choice({"asc", "desc"}),
            "By number: asc takes the greatest, desc the least.",
            read_order<policy::Numerical>
        );
            m.key(
            "alphabetical",
            Shape::choice({"asc", "desc"}),
            "By letter: asc takes the last, desc the first.",
            read_order<policy::Alphabetical>
        );
            m.exactly_one();
        }};
    return mapping;
}

void read_image(Reader& reader, const Node& node, Policy& policy) {
    const auto written = reader.text(node);
    if (!written) return;
    auto image = image::ImageName::parse(*written);
    if (image.has_error()) {
        reader.problem(node.mark, image.error().message);
    } else {
        policy.image = std::move(*image);
    }
}

// The node that a message such as "tags.allow[1]: …" speaks about; the nearest one that exists.
const Node& locate(const Node& root, std::string_view message) {
    const Node* node = &root;
    std::string_view rest = message;
    for (;;) {
        const Node* next = nullptr;
        if (rest.starts_with('[')) {
            std::size_t index = 0;
            const char* const last = rest.data() + rest.size();
            const auto [end, error] = std::from_chars(rest.data() + 1, last, index);
            if (error == std::errc{} && index < node->items.size()) next = node->items[index].get();
            rest.remove_prefix(std::min(rest.find(']') + 1, rest.size()));
        } else {
            const std::string_view key = rest.substr(0, rest.find_first_of(".[: "));
            if (key.empty()) return *node;
            next = node->find(key);
            rest.remove_prefix(key.size());
        }
        if (next == nullptr) return *node;
        node = next;
        if (rest.starts_with('.')) rest.remove_prefix(1);
    }
}

void check_policy(Reader& reader, const Node& node, Policy& policy) {
    // Half a selection would be refused for what the reader has refused already.
    const Node* const select = node.find("select");
    if (select == nullptr || select->members.size() != 1) return;
    const Status status = policy::validate(policy);
    if (status.has_error()) {
        const std::string& message = status.error().message;
        reader.problem(locate(node, message).mark, message);
    }
}

void add_keys(Mapping<Policy>& m, bool lone) {
    m.text("name", &Policy::name, "Targets and markers name it so.", rule::name)
        .pattern(rule::kNamePattern);
    if (!lone) m.required();
    m.text(
         "namespace",
         &Policy::name_space,
         "Markers name the policy namespace:name. None: name alone.",
         rule::name
    )
        .pattern(rule::kNamePattern);
    m.key("image", Shape::text(), "host/repository, without a tag.", read_image);
    if (!lone) m.required();
    m.mapping(
        "tags",
        &Policy::tags,
        "Which tags are looked at, and which part of them is compared. None: every tag, whole.",
        tags_mapping()
    );
    m.mapping("select", &Policy::select, "How the winner is found.", select_mapping()).required();
    m.choice(
        "digest",
        &Policy::digest,
        "keep: update a digest where one is written; pin: always write it; never: drop it.",
        kDigests
    );
    m.boolean(
        "allow_downgrade",
        &Policy::allow_downgrade,
        "Go back when the newest tag that is left is older than the one in Git."
    );
    m.planned({"soak"});
    m.check(check_policy);
}

}  // namespace

const Mapping<Policy>& policy_mapping() {
    static const Mapping<Policy> mapping{
        "policy", "Which tag of an image may run.", [](Mapping<Policy>& m) {
            add_keys(m, /*lone=*/false);
        }};
    return mapping;
}

const Mapping<Policy>& lone_policy_mapping() {
    static const Mapping<Policy> mapping{
        "lone_policy", "Which tag may run.", [](Mapping<Policy>& m) {
            add_keys(m, /*lone=*/true);
        }};
    return mapping;
}

}  // namespace linkspan::config
