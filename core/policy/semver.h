// Semantic versions as Masterminds/semver v3 reads and orders them (https://semver.org, plus an
// optional "v", leading zeros in the three numbers, and versions of one or two numbers).
//
// Two rules differ from that library, both towards the specification: numeric pre-release
// identifiers of any width compare as numbers, and a strict version has three numbers in its core
// ("1-a.b.c" has one).
#pragma once

#include "core/policy/reading.h"

#include <compare>
#include <cstdint>
#include <string_view>

namespace linkspan::policy {

struct Version {
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
    std::uint64_t patch = 0;
    std::string_view pre;  // into the text that was read; empty for a release
    bool complete = true;  // all three numbers were written
};

// Build metadata is checked and forgotten: it has no say in the order.
Reading<Version> read_version(std::string_view text);

// "alpha.1", "rc-2", "0": dot-separated identifiers, numeric ones without leading zeros.
bool is_prerelease(std::string_view text);
bool is_build_metadata(std::string_view text);

// Precedence by the specification: a release is greater than its pre-releases.
std::weak_ordering order(const Version& a, const Version& b);
// Ascends with the precedence, though not strictly.
std::uint64_t prefix(const Version& version);
std::weak_ordering order_prerelease(std::string_view a, std::string_view b);

}  // namespace linkspan::policy
