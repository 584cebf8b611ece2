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
#include <variant>
#include <vector>

namespace linkspan::policy {

enum class Order { Asc, Desc };  // Asc: the greatest wins (Flux's meaning); Desc: the least wins

// https://github.com/Masterminds/semver (v3) range language, as Flux and Argo users write it.
struct Semver {
    std::string range = "*";
    // false: "1.2" and "1" are versions too.
    bool strict = true;
};
struct Numerical {
    Order order = Order::Asc;
};
struct Alphabetical {
    Order order = Order::Asc;
};
// The latest creation time wins; where an image has none, or one that no image can have (builds
// that write 1970 to be reproducible), the time it was first seen.
struct Newest {};
// One tag that moves, followed by its digest: nothing else is ever selected. Keep means Pin here
// (see digest_mode()).
struct Follow {
    std::string tag = "latest";
};
// https://calver.org: YYYY YY 0Y, MM 0M, WW 0W, DD 0D, MAJOR, MINOR, MICRO and a final MODIFIER,
// with any other characters between them: "YYYY.0M.MICRO", "vYY.MM-MODIFIER". The latest wins.
struct Calver {
    std::string layout{};
};
// A pattern (RE2, unanchored, on the text that TagFilter left) whose named groups are compared in
// order. A group that is all digits is compared as a number and stands before one that isn't, which
// is compared by bytes.
struct Groups {
    struct Group {
        std::string name{};
        Order order = Order::Asc;
    };
    std::string pattern{};
    // At most 8. Empty: every named group, as they stand in the pattern, ascending.
    std::vector<Group> compare{};
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

    // What a policy in the manifest repository adds (config/repository_policy.h). A tag must pass
    // each of these filters too; what is compared, and cap, are those of `tags` alone.
    std::vector<TagFilter> also{};
    // Where `select` is Semver: a version must be in each of these ranges too.
    std::vector<Semver> within{};

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
