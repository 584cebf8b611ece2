// Range: the range language of https://github.com/Masterminds/semver (v3.5), as Flux and Argo users
// write it: groups joined by "||", in each group comparators joined by ',' or spaces, hyphen
// ranges, and x, X or * for "any". docs/policies.md describes it for users.
//
// A pre-release is in a group only when one of the group's comparators names a pre-release.
#pragma once

#include "core/policy/semver.h"
#include "core/result.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::policy {

class Range {
public:
    // Errors: InvalidInput, saying which part does not read. At most 512 bytes and 32 groups.
    static Result<Range> parse(std::string_view text);

    enum class Verdict {
        In,
        Out,
        Prerelease,  // out only because no group that would take the release names a pre-release
    };
    [[nodiscard]] Verdict check(const Version& version) const;
    [[nodiscard]] bool contains(const Version& version) const {
        return check(version) == Verdict::In;
    }
    [[nodiscard]] const std::string& text() const { return *text_; }

    enum class Operator { Equal, NotEqual, Greater, Less, GreaterEqual, LessEqual, Tilde, Caret };
    // The version that was written, unwritten numbers 0. any: a number was left open; at most one
    // of any_minor and any_patch says which is the first ("1" and "1.x": any_minor). All open ("*")
    // sets neither.
    struct Comparator {
        Operator op = Operator::Equal;
        Version version;  // its pre-release is a view of *text_
        bool any = false;
        bool any_minor = false;
        bool any_patch = false;
    };
    struct Group {
        std::vector<Comparator> all_of;
        bool names_prerelease = false;
    };

private:
    // Shared, so that the views into it survive copies and moves.
    std::shared_ptr<const std::string> text_;
    std::vector<Group> any_of_;
};

}  // namespace linkspan::policy
