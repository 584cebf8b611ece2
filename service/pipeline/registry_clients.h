// RegistryClients: a client for each registry of the configuration, and whose turn it is to ask.
//
// Lives on the io_context thread; the calls run on a pool of its own and come back as values. A
// registry is asked `concurrency` things at a time, first come first served. The pool grows with
// what is asked at once, so that one that hangs leaves threads for the others.
#pragma once

#include "config/config.h"
#include "core/result.h"
#include "service/registry/client.h"
#include "service/runtime/blocking.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace linkspan::pipeline {

using ConfigPtr = std::shared_ptr<const config::Config>;

// How a registry is asked, listed in the configuration or not.
const config::Registry& registry_of(const config::Config& config, const std::string& host);

class RegistryClients {
public:
    RegistryClients(boost::asio::any_io_executor executor, ConfigPtr config);
    ~RegistryClients();
    RegistryClients(const RegistryClients&) = delete;
    RegistryClients& operator=(const RegistryClients&) = delete;

    // From the next call on. Calls under way end with the client that they have.
    void use(ConfigPtr config);
    // Who waits for a turn is told so; calls under way end by themselves.
    void stop();

    // What `work`, a Result, returns for the client of the host. Called on the pool: it must own
    // what it touches. Errors: those of the work, and Unavailable when stopped.
    template <class Work>
    boost::asio::awaitable<std::invoke_result_t<Work&, registry::Client&>> ask(
        std::string host, Work work
    ) {
        if (!co_await take_turn(host)) co_return Error{Errc::Unavailable, "stopping"};
        const Turn turn{*this, host};
        auto job = [client = client(host), work = std::move(work)]() mutable {
            return work(*client);
        };
        co_return co_await runtime::blocking(pool_, std::move(job));
    }

    // All tags of the image, with a turn for each page: a long list keeps nobody waiting for its
    // end. Where the registry asks for a pause in between, the list goes on after it. Errors: those
    // of Client::fetch_page(), and Unavailable when stopped.
    boost::asio::awaitable<Result<registry::TagList>> list_tags(image::ImageName image);

    // Beside the registries, for what takes long without asking anybody.
    template <class Work>
    boost::asio::awaitable<std::invoke_result_t<Work&>> compute(Work work) {
        co_return co_await runtime::blocking(computing_, std::move(work));
    }

private:
    class Turn {
    public:
        Turn(RegistryClients& clients, std::string host)
            : clients_{clients}, host_{std::move(host)} {}
        ~Turn() { clients_.give_turn(host_); }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        RegistryClients& clients_;
        std::string host_;
    };
    struct Host {
        std::size_t running = 0;
        std::deque<std::shared_ptr<boost::asio::steady_timer>> waiting;
    };

    boost::asio::awaitable<bool> take_turn(std::string host);
    void give_turn(const std::string& host);
    [[nodiscard]] std::size_t limit(const std::string& host) const;
    // A turn has begun: there is a thread for it.
    void begin(Host& host);
    boost::asio::awaitable<void> pause(std::chrono::seconds time);
    std::shared_ptr<registry::Client> client(const std::string& host);

    boost::asio::any_io_executor executor_;
    ConfigPtr config_;
    boost::asio::thread_pool pool_;
    std::vector<std::thread> more_;  // of the pool
    boost::asio::thread_pool computing_;
    std::map<std::string, std::shared_ptr<registry::Client>> clients_;
    std::map<std::string, Host> hosts_;
    std::size_t running_ = 0;  // turns
    std::set<std::shared_ptr<boost::asio::steady_timer>> pauses_;
    bool stopping_ = false;
};

}  // namespace linkspan::pipeline
