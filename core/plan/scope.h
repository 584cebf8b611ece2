// Scope: what a target watches in its repository, and whose a place is.
#pragma once

#include "core/image/mirrors.h"
#include "core/manifest/field.h"
#include "core/manifest/place.h"
#include "core/policy/policy.h"

#include <memory>
#include <string>
#include <vector>

namespace linkspan::plan {

// One entry of a target's `fields`: values that the configuration asks for by path or pattern.
struct FieldWatch {
    std::string files;  // glob over paths inside the repository
    manifest::FieldRule rule;
    // Full name of the policy whose image a value means that does not say so itself (a tag alone).
    // Where it is set, no other policy follows these values. Empty: any policy whose image they
    // name.
    std::string policy{};

    [[nodiscard]] bool wants(const std::string& path) const;
};

struct Scope {
    std::vector<std::string> paths{};   // prefixes; empty: everything
    std::vector<std::string> ignore{};  // globs
    bool markers = true;
    bool images = true;
    std::vector<std::shared_ptr<const FieldWatch>> fields{};
    std::shared_ptr<const image::Mirrors> mirrors{};  // null: none
    // The full names of all policies that there are, sorted: markers that name others are reported.
    // Null: not known.
    std::shared_ptr<const std::vector<std::string>> policies{};

    [[nodiscard]] bool holds(const std::string& path) const;
    // The paths in their normal form ("clusters/prod"); empty: everything.
    [[nodiscard]] std::vector<std::string> prefixes() const;
    // Whether two names are the same image, mirrors considered.
    [[nodiscard]] bool same(const image::ImageName& a, const image::ImageName& b) const;
};

// Whether a place is marked for a policy that nobody has configured.
bool names_no_policy(const Scope& scope, const manifest::Place& place);

// Whether a place that was found by shape or marker is the policy's.
bool follows(const Scope& scope, const policy::Policy& policy, const manifest::Place& place);
// Whether a place that a field led to is.
bool follows(
    const Scope& scope,
    const policy::Policy& policy,
    const FieldWatch& watch,
    const manifest::Place& place
);

bool overlaps(const manifest::ByteSpan& a, const manifest::ByteSpan& b);

// Whether a marker of the file governs a value of the place: then nothing else touches it.
bool governed(const manifest::Scan& scan, const manifest::Place& place);

}  // namespace linkspan::plan
