// policies: which tag of an image may run.
#include "config/gates.h"
#include "config/rule.h"
#include "config/sections.h"

namespace linkspan::config {

namespace {

using policy::Policy;
using policy::TagFilter;

const Choices<policy::DigestMode> kDigests{
    {"keep", policy::DigestMode::Keep},
    {"pin", policy::DigestMode::Pin},
    {"never", policy::DigestMode::Never},
};

constexpr Range kPoll{.least = 5000, .most = 7ULL * 86'400'000};
constexpr Range kResync{.least = 60'000, .most = 365ULL * 86'400'000};

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
            m.integer(
                "cap",
                &TagFilter::cap,
                "How many candidates an explanation lists; 0: all. The winner does not depend on "
                "it.",
                {.least = 0, .most = 1'000'000}
            );
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

void check_policy(Reader& reader, const Node& node, Policy& policy) {
    check_schedule(reader, node, policy.schedule);
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
    add_gates(m);
    m.mapping(
        "signature",
        &Policy::signature,
        "Whose signature an image must have, as cosign makes them. None: it is not asked for.",
        signature_mapping()
    );
    m.key(
        "poll",
        Shape{.kind = Shape::Kind::Duration, .default_value = {}, .range = kPoll},
        "How often the registry is asked for new tags, where it can't call. None: never.",
        [](Reader& reader, const Node& node, Policy& policy) {
            policy.poll = reader.duration(node, kPoll, std::chrono::milliseconds{1});
        }
    );
    m.key(
        "resync",
        Shape{.kind = Shape::Kind::Duration, .default_value = {}, .range = kResync},
        "How often the registry is asked for all tags. None: the service's own way.",
        [](Reader& reader, const Node& node, Policy& policy) {
            policy.resync = reader.duration(node, kResync, std::chrono::milliseconds{1});
        }
    );
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
