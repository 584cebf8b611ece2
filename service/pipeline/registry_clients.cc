#include "service/pipeline/registry_clients.h"

#include <boost/asio/as_tuple.hpp>

#include <optional>
#include <system_error>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

// To begin with, and at most: beyond, registries share what there is.
constexpr std::size_t kThreads = 4;
constexpr std::size_t kMostThreads = 256;
constexpr std::size_t kComputingThreads = 2;
// Of one list: how often the registry may ask for a pause, and for how long, before the list is
// begun again later.
constexpr int kMostPauses = 20;
constexpr std::chrono::seconds kLongestPause{60};

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
    : executor_{std::move(executor)},
      config_{std::move(config)},
      pool_{kThreads},
      computing_{kComputingThreads} {}

RegistryClients::~RegistryClients() {
    pool_.join();
    for (auto& thread : more_) thread.join();
    computing_.join();
}

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
    for (const auto& timer : pauses_) timer->cancel();
}

std::shared_ptr<registry::Client> RegistryClients::client(const std::string& host) {
    auto& client = clients_[host];
    if (!client) client = std::make_shared<registry::Client>(options_for(config_, host));
    return client;
}

std::size_t RegistryClients::limit(const std::string& host) const {
    return registry_of(*config_, host).concurrency;
}

void RegistryClients::begin(Host& host) {
    ++host.running;
    ++running_;
    const std::size_t threads = kThreads + more_.size();
    if (running_ <= threads || threads == kMostThreads) return;
    try {
        more_.emplace_back([this] { pool_.attach(); });
    } catch (const std::system_error&) {
        // The system gives no more: those that are there do one thing after the other.
    }
}

asio::awaitable<bool> RegistryClients::take_turn(std::string host) {
    if (stopping_) co_return false;
    Host& state = hosts_[host];
    if (state.running < limit(host)) {
        begin(state);
        co_return true;
    }
    auto timer =
        std::make_shared<asio::steady_timer>(executor_, asio::steady_timer::time_point::max());
    state.waiting.push_back(timer);
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    // Whoever ends hands the turn over, already begun: who comes now does not get in before who
    // waited.
    co_return !stopping_;
}

void RegistryClients::give_turn(const std::string& host) {
    const auto found = hosts_.find(host);
    if (found == hosts_.end()) return;
    Host& state = found->second;
    --state.running;
    --running_;
    while (!stopping_ && !state.waiting.empty() && state.running < limit(host)) {
        begin(state);
        state.waiting.front()->cancel();
        state.waiting.pop_front();
    }
    if (state.running == 0 && state.waiting.empty()) hosts_.erase(found);
}

asio::awaitable<void> RegistryClients::pause(std::chrono::seconds time) {
    if (stopping_) co_return;
    auto timer = std::make_shared<asio::steady_timer>(executor_, time);
    pauses_.insert(timer);
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    pauses_.erase(timer);
}

asio::awaitable<Result<registry::TagList>> RegistryClients::list_tags(image::ImageName image) {
    auto listing = std::make_shared<registry::TagListing>(image);
    // The same to the end, whatever is configured meanwhile: its pages are at one place.
    const auto client = this->client(image.host());
    for (int pauses = 0; !listing->done();) {
        auto page = [listing, client](registry::Client&) { return client->fetch_page(*listing); };
        const auto status = co_await ask(image.host(), std::move(page));
        if (!status.has_error()) continue;
        const Error error = status.error();
        const bool resumes = error.kind == Errc::RateLimited && error.retry_after &&
                             *error.retry_after <= kLongestPause && listing->pages() > 0 &&
                             ++pauses <= kMostPauses;
        if (!resumes) co_return error;
        co_await pause(*error.retry_after);
    }
    co_return listing->take();
}

}  // namespace linkspan::pipeline
