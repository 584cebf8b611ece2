#include "service/pipeline/registry_clients.h"

#include <boost/asio/as_tuple.hpp>

#include <optional>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

// Enough to keep several slow registries from standing in each other's way; threads are idle nearly
// always.
constexpr std::size_t kThreads = 16;
constexpr std::size_t kThreadsForHost = 4;

// Read from their files at every authentication.
Result<std::optional<registry::Credentials>> credentials_of(const config::Registry& registry) {
    if (registry.username) {
        registry::Credentials credentials;
        credentials.username = *registry.username;
        if (registry.password) {
            LINKSPAN_TRY(password, registry.password->read());
            credentials.password = password;
        }
        return std::optional{std::move(credentials)};
    }
    if (!registry.docker_config.empty()) {
        return registry::docker_config_credentials(registry.docker_config, registry.host);
    }
    return std::optional<registry::Credentials>{};
}

registry::RegistryOptions options_for(const ConfigPtr& config, const std::string& host) {
    registry::RegistryOptions options;
    options.host = host;
    const config::Registry& found = registry_of(*config, host);
    options.endpoint = found.endpoint;
    options.insecure = found.insecure;
    options.ca_file = found.ca_file;
    options.client_certificate = found.client_certificate;
    options.client_key = found.client_key;
    options.proxy = found.proxy;
    options.timeout = found.timeout;
    options.max_tags = found.max_tags;
    options.limits.concurrent = found.concurrency;
    options.limits.per_second = found.requests_per_second;
    // The config is kept alive by the copy.
    options.credentials = [config, &found] { return credentials_of(found); };
    return options;
}

}  // namespace

const config::Registry& registry_of(const config::Config& config, const std::string& host) {
    static const config::Registry unlisted;
    const config::Registry* found = config.registry(host);
    return found != nullptr ? *found : unlisted;
}

RegistryClients::RegistryClients(asio::any_io_executor executor, ConfigPtr config)
    : executor_{std::move(executor)}, config_{std::move(config)}, pool_{kThreads} {}

RegistryClients::~RegistryClients() { pool_.join(); }

void RegistryClients::use(ConfigPtr config) {
    config_ = std::move(config);
    clients_.clear();
}

void RegistryClients::stop() {
    stopping_ = true;
    for (auto& [name, host] : hosts_) {
        for (const auto& timer : host.waiting) timer->cancel();
        host.waiting.clear();
    }
}

std::shared_ptr<registry::Client> RegistryClients::client(const std::string& host) {
    auto& client = clients_[host];
    if (!client) client = std::make_shared<registry::Client>(options_for(config_, host));
    return client;
}

asio::awaitable<bool> RegistryClients::take_turn(std::string host) {
    while (!stopping_) {
        Host& state = hosts_[host];
        if (state.running < kThreadsForHost) {
            ++state.running;
            co_return true;
        }
        auto timer =
            std::make_shared<asio::steady_timer>(executor_, asio::steady_timer::time_point::max());
        state.waiting.push_back(timer);
        co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
        // Whoever ends hands the turn over: who comes now does not get in before who waited.
        if (!stopping_) co_return true;
    }
    co_return false;
}

void RegistryClients::give_turn(const std::string& host) {
    const auto found = hosts_.find(host);
    if (found == hosts_.end()) return;
    Host& state = found->second;
    if (!state.waiting.empty() && !stopping_) {
        state.waiting.front()->cancel();
        state.waiting.pop_front();
        return;
    }
    if (--state.running == 0 && state.waiting.empty()) {
        hosts_.erase(found);
    }
}

}  // namespace linkspan::pipeline
