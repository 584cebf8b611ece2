// Policy: which tag of an image is allowed to run, as values. config/ makes them, select() reads
// them.
#pragma once

#include "core/image/platform.h"
#include "core/image/reference.h"
#include "core/policy/schedule.h"
#include "core/result.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace linkspan::policy {

enum class Order { Asc, Desc };  // Asc: the greatest wins (Flux's meaning); Desc: the least wins

// https://github.com/Masterminds/semver (v3) range language, as Flux and Argo users write it.
struct Semver {
    std::string range = "*";
    // false: "1.2" and "1" are versions too.
    bool strict = true;
    friend bool operator==(const Semver&, const Semver&) = default;
};
struct Numerical {
    Order order = Order::Asc;
    friend bool operator==(const Numerical&, const Numerical&) = default;
};
struct Alphabetical {
    Order order = Order::Asc;
    friend bool operator==(const Alphabetical&, const Alphabetical&) = default;
};
// The latest creation time wins; where an image has none, or one that no image can have (builds
// that write 1970 to be reproducible), the time it was first seen.
struct Newest {
    friend bool operator==(const Newest&, const Newest&) = default;
};
// One tag that moves, followed by its digest: nothing else is ever selected. Keep means Pin here
// (see digest_mode()).
struct Follow {
    std::string tag = "latest";
    friend bool operator==(const Follow&, const Follow&) = default;
};
// https://calver.org: YYYY YY 0Y, MM 0M, WW 0W, DD 0D, MAJOR, MINOR, MICRO and a final MODIFIER,
// with any other characters between them: "YYYY.0M.MICRO", "vYY.MM-MODIFIER". The latest wins.
struct Calver {
    std::string layout{};
    friend bool operator==(const Calver&, const Calver&) = default;
};
// A pattern (RE2, unanchored, on the text that TagFilter left) whose named groups are compared in
// order. A group that is all digits is compared as a number and stands before one that isn't, which
// is compared by bytes.
struct Groups {
    struct Group {
        std::string name{};
        Order order = Order::Asc;
        friend bool operator==(const Group&, const Group&) = default;
    };
    std::string pattern{};
    // At most 8. Empty: every named group, as they stand in the pattern, ascending.
    std::vector<Group> compare{};
    friend bool operator==(const Groups&, const Groups&) = default;
};
// Another way of selecting joins here; the compiler then lists every visit to extend.
using Selection = std::variant<Semver, Numerical, Alphabetical, Newest, Follow, Calver, Groups>;

// The empty initialisers below let a policy be written with designated initialisers: without them
// GCC warns about every field that is left out.

// Which tags are looked at, and which part of them is compared.
struct TagFilter {
    // RE2, unanchored. Empty: every tag.
    std::string pattern{};
    // Template over the pattern's groups: $1, ${1}, $name, ${name}. Empty: the whole tag.
    std::string extract{};
    // A tag must match one of `allow` (when there is any) and none of `ignore`. RE2 between slashes
    // ("/^rc/"), a glob otherwise ("*-debug").
    std::vector<std::string> allow{};
    std::vector<std::string> ignore{};
    // How many candidates an Explanation lists; 0: all. What is selected does not depend on it.
    std::size_t cap = 0;
    friend bool operator==(const TagFilter&, const TagFilter&) = default;
};

// What a policy in the manifest repository asks of tags on top of the configuration's.
struct Narrowing {
    std::string from{};  // its file
    // Its pattern, allow and ignore; what is compared is said by Policy::tags alone.
    TagFilter tags{};
    // Where Policy::select is Semver: the version must be in this range too. Empty: no more is
    // asked.
    std::string range{};
    friend bool operator==(const Narrowing&, const Narrowing&) = default;
};

// What to do with a digest when a tag is written.
enum class DigestMode {
    Keep,   // update a digest where one is written
    Pin,    // always write it
    Never,  // drop it
};

// A label of the image's config, or an annotation, and what it must be: RE2 between slashes
// ("/^https:/"), a glob where there is a '*', '?' or '[', otherwise that very text.
struct LabelRule {
    std::string key{};
    std::string expected{};
    friend bool operator==(const LabelRule&, const LabelRule&) = default;
};

// Errors: InvalidInput for an RE2 that does not compile.
Status check_label_rule(const LabelRule& rule);
// False for a rule that check_label_rule() refuses.
bool holds(const LabelRule& rule, std::string_view value);

// A public key of which a signature is accepted.
struct SigningKey {
    std::string name{};  // the file it came from, as it was written
    std::string pem{};
    friend bool operator==(const SigningKey&, const SigningKey&) = default;
};

struct Policy {
    std::string name{};
    std::string name_space{};  // markers name the policy "name_space:name"; may be empty
    image::ImageName image{};
    TagFilter tags{};
    Selection select{};
    DigestMode digest = DigestMode::Keep;
    bool allow_downgrade = false;

    // What policies in the manifest repository add; a tag must pass each.
    std::vector<Narrowing> also{};

    // Gates (gates.h).
    // How long a tag must have been there, with the digest it has.
    std::chrono::milliseconds soak{};
    Schedule schedule{};
    std::vector<image::Platform> platforms{};  // an image must be there for each
    std::vector<LabelRule> labels{};           // each must hold
    std::vector<SigningKey> signature{};       // one must have signed; none: no signature is asked

    // How the registry is asked: for all tags at least so often, and for new ones where it does not
    // call us. nullopt: the service's own way.
    std::optional<std::chrono::milliseconds> resync{};
    std::optional<std::chrono::milliseconds> poll{};

    // "flux-system:app", or "app" when there is no namespace.
    [[nodiscard]] std::string full_name() const {
        return name_space.empty() ? name : name_space + ":" + name;
    }
};

// What a policy does with digests: its `digest`, but a policy that follows a moving tag pins it
// where the configuration left the default, since nothing else in Git would ever change.
DigestMode digest_mode(const Policy& policy);

// Everything that can be said against a policy before any tag is seen: a range, a pattern or a
// template that does not read. Names the key ("select.semver", "tags.pattern") in the message.
Status validate(const Policy& policy);

}  // namespace linkspan::policy
