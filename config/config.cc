#include "config/config.h"

#include <fmt/format.h>

#include <algorithm>

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

std::string Diagnostic::str() const {
    return fmt::format("{}:{}:{}: {}", file, line, column, message);
}

std::vector<Watch> match(const Config& config, const image::ImageName& image) {
    std::vector<Watch> watches;
    for (const Target& target : config.targets) {
        for (const std::string& name : target.policies) {
            const policy::Policy* const policy = config.policy(name);
            if (policy != nullptr && policy->image == image) watches.push_back({&target, policy});
        }
    }
    return watches;
}

}  // namespace linkspan::config
