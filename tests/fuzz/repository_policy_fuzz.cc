// Any bytes as a policy file of a manifest repository: a policy that is no looser than before, or
// at least one diagnostic and the same policy.
#include "config/narrow.h"
#include "core/policy/select.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using linkspan::policy::Policy;

void require(bool condition) {
    if (!condition) std::abort();
}

std::vector<std::string> candidates(const Policy& policy) {
    std::vector<linkspan::policy::KnownTag> tags;
    for (const char* tag : {"0.9.0", "1.0.0", "1.2.0-rc.1", "1.2.0", "v1.4.0", "2.0.0", "latest"}) {
        tags.push_back({.tag = tag, .created = {}, .first_seen = {}});
    }
    const auto selection = linkspan::policy::select_every(policy, tags);
    require(selection.has_value());
    return selection->candidates;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace std::chrono_literals;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libFuzzer's interface
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    static const std::vector<Policy> allowed{Policy{
        .name = "app",
        .name_space = "flux",
        .select = linkspan::policy::Semver{.range = ">=1.0.0-0"},
        .soak = 30min}};
    static const std::vector<std::string> before = candidates(allowed[0]);
    const std::vector<linkspan::config::RepositoryFile> files{{"p.yaml", std::string{text}}};
    const auto narrowed = linkspan::config::narrow_policies(allowed, files);
    require(narrowed.policies.size() == 1);
    const Policy& policy = narrowed.policies[0];
    if (!narrowed.diagnostics.empty()) {
        require(policy.also.empty() && policy.soak == allowed[0].soak && policy.labels.empty());
        for (const auto& d : narrowed.diagnostics) {
            require(d.line >= 1 && d.column >= 1 && !d.message.empty());
            for (const char c : d.str()) require(static_cast<unsigned char>(c) >= 0x20);
        }
        return 0;
    }
    require(policy.soak >= allowed[0].soak && !policy.allow_downgrade);
    for (const std::string& tag : candidates(policy)) {
        require(std::find(before.begin(), before.end(), tag) != before.end());
    }
    return 0;
}
