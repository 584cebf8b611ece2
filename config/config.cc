#include "config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace linkspan::config {

namespace {

template <class T, class Is>
const T* first(const std::vector<T>& all, Is is) {
    const auto found = std::find_if(all.begin(), all.end(), is);
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

const webhooks::Receiver* Config::receiver(std::string_view name) const {
    return first(receivers, [&](const auto& r) { return r.name == name; });
}

const Registry* Config::registry(std::string_view host) const {
    return first(registries, [&](const auto& r) { return r.host == host; });
}

const Repository* Config::repository(std::string_view name) const {
    return first(repositories, [&](const auto& r) { return r.name == name; });
}

const policy::Policy* Config::policy(std::string_view name) const {
    const auto* full = first(policies, [&](const auto& p) { return p.full_name() == name; });
    if (full != nullptr) return full;
    return first(policies, [&](const auto& p) { return p.name == name; });
}

const Target* Config::target(std::string_view name) const {
    return first(targets, [&](const auto& t) { return t.name == name; });
}

const Notification* Config::notification(std::string_view name) const {
    return first(notifications, [&](const auto& n) { return n.name == name; });
}

std::string Diagnostic::str() const {
    return fmt::format("{}:{}:{}: {}", file, line, column, message);
}

std::vector<Watch> match(const Config& config, const image::ImageName& image) {
    // Policies of the image first: nearly always none or one, whatever the size of the
    // configuration.
    std::vector<std::pair<const policy::Policy*, std::string>> policies;
    for (const policy::Policy& policy : config.policies) {
        if (policy.image == image) policies.emplace_back(&policy, policy.full_name());
    }
    std::vector<Watch> watches;
    if (policies.empty()) return watches;
    for (const Target& target : config.targets) {
        for (const std::string& name : target.policies) {
            for (const auto& [policy, full_name] : policies) {
                if (name != full_name && name != policy->name) continue;
                // A short name may mean another policy than this one.
                if (config.policy(name) == policy) watches.push_back({&target, policy});
            }
        }
    }
    return watches;
}

}  // namespace linkspan::config
