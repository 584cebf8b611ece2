#include "core/policy/semver.h"

#include "core/policy/number.h"
#include "core/policy/prefix_sort.h"

#include <charconv>
#include <cstddef>
#include <system_error>

namespace linkspan::policy {

namespace {

constexpr std::string_view kNotVersion = "not a semantic version";
constexpr std::string_view kTooGreat =
    "not a semantic version: a number is greater than 18446744073709551615";
constexpr std::string_view kBadPrerelease =
    "not a semantic version: the pre-release must be dot-separated letters, digits and hyphens, "
    "its numbers without leading zeros";
constexpr std::string_view kBadMetadata =
    "not a semantic version: the build metadata must be dot-separated letters, digits and hyphens";

bool is_identifier(std::string_view text) {
    if (text.empty()) return false;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !is_digit(c) && c != '-') return false;
    }
    return true;
}

// Takes the part before the next '.'; `text` becomes what follows it.
std::string_view take_identifier(std::string_view& text) {
    const std::size_t dot = text.find('.');
    const std::string_view head = text.substr(0, dot);
    text = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
    return head;
}

std::weak_ordering order_identifier(std::string_view a, std::string_view b) {
    const bool a_numeric = all_digits(a);
    const bool b_numeric = all_digits(b);
    if (a_numeric && b_numeric) return order_digits(a, b);
    if (a_numeric != b_numeric) {
        return a_numeric ? std::weak_ordering::less : std::weak_ordering::greater;
    }
    return a <=> b;
}

}  // namespace

bool is_prerelease(std::string_view text) {
    if (text.empty() || text.back() == '.') return false;
    while (!text.empty()) {
        const std::string_view part = take_identifier(text);
        if (!is_identifier(part)) return false;
        if (part.size() > 1 && part.front() == '0' && all_digits(part)) return false;
    }
    return true;
}

bool is_build_metadata(std::string_view text) {
    if (text.empty() || text.back() == '.') return false;
    while (!text.empty()) {
        if (!is_identifier(take_identifier(text))) return false;
    }
    return true;
}

Reading<Version> read_version(std::string_view text) {
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    if (at != end && *at == 'v') ++at;

    Version version;
    std::uint64_t* const numbers[] = {&version.major, &version.minor, &version.patch};
    int count = 0;
    while (true) {
        const auto [next, error] = std::from_chars(at, end, *numbers[count]);
        if (error == std::errc::result_out_of_range) return unread(kTooGreat);
        if (error != std::errc{}) return unread(kNotVersion);
        at = next;
        ++count;
        if (count == 3 || at == end || *at != '.') break;
        ++at;
    }
    version.complete = count == 3;
    if (at != end && *at == '-') {
        const std::string_view rest{at + 1, static_cast<std::size_t>(end - at - 1)};
        version.pre = rest.substr(0, rest.find('+'));
        if (!is_prerelease(version.pre)) return unread(kBadPrerelease);
        at = version.pre.data() + version.pre.size();
    }
    if (at != end && *at == '+') {
        if (!is_build_metadata({at + 1, static_cast<std::size_t>(end - at - 1)})) {
            return unread(kBadMetadata);
        }
        at = end;
    }
    if (at != end) return unread(kNotVersion);
    return version;
}

std::weak_ordering order_prerelease(std::string_view a, std::string_view b) {
    while (!a.empty() && !b.empty()) {
        const auto step = order_identifier(take_identifier(a), take_identifier(b));
        if (step != 0) return step;
    }
    // All the same so far: the one with more identifiers is greater.
    return !a.empty() <=> !b.empty();
}

std::uint64_t prefix(const Version& version) {
    // Wide enough for years and dates in front, and for build numbers behind.
    return PrefixPacker{}
        .add(version.major, 26)
        .add(version.minor, 18)
        .add(version.patch, 19)
        .add(version.pre.empty() ? 1 : 0, 1)
        .value();
}

std::weak_ordering order(const Version& a, const Version& b) {
    if (a.major != b.major) return a.major <=> b.major;
    if (a.minor != b.minor) return a.minor <=> b.minor;
    if (a.patch != b.patch) return a.patch <=> b.patch;
    if (a.pre.empty() || b.pre.empty()) return a.pre.empty() <=> b.pre.empty();
    return order_prerelease(a.pre, b.pre);
}

}  // namespace linkspan::policy
