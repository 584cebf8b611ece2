#include "service/pipeline/registry_clients.h"

#include "tests/support/scripted_http_server.h"
#include "tests/unit/runtime/run_coroutine.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace linkspan::pipeline {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using support::ScriptedHttpServer;
using support::ScriptedReply;
using support::ScriptedRequest;
using ::testing::ElementsAre;

const std::string kTags = "/v2/acme/app/tags/list";

ScriptedReply page(const std::string& tag, bool more) {
    ScriptedReply reply{.body = R"({"tags":[")" + tag + "\"]}"};
    if (more) reply.headers.emplace_back("Link", "<?last=" + tag + R"(>; rel="next")");
    return reply;
}

class RegistryClientsTest : public ::testing::Test {
protected:
    ConfigPtr config(unsigned concurrency) {
        auto config = std::make_shared<config::Config>();
        config::Registry registry;
        registry.host = "r.example";
        registry.endpoint = server_.url();
        registry.timeout = 60s;
        registry.concurrency = concurrency;
        config->registries.push_back(std::move(registry));
        return config;
    }
    static image::ImageName app() { return image::ImageName::parse("r.example/acme/app").value(); }
    std::vector<std::string> asked() const {
        std::vector<std::string> out;
        for (const auto& request : server_.requests()) {
            out.push_back(request.method + " " + request.query);
        }
        return out;
    }

    ScriptedHttpServer server_;
    asio::io_context io_;
};

asio::awaitable<void> list(
    RegistryClients& clients, image::ImageName image, std::vector<std::string>& tags
) {
    auto listed = co_await clients.list_tags(std::move(image));
    EXPECT_TRUE(listed.has_value()) << (listed ? "" : listed.error().message);
    if (listed) tags = std::move(listed->tags);
}

asio::awaitable<void> resolve(RegistryClients& clients, image::ImageName image) {
    const std::string host = image.host();
    auto ask = [image](registry::Client& client) { return client.resolve(image, "1.0"); };
    (void)co_await clients.ask(host, std::move(ask));
}

TEST_F(RegistryClientsTest, AListGivesItsTurnAwayAfterEachPage) {
    server_.when("GET", kTags)
        .then_return(page("a", true))
        .then_return(page("b", true))
        .then_return(page("c", false));
    server_.when("HEAD", "/*").then_return({.status = 404});
    RegistryClients clients{io_.get_executor(), config(1)};
    std::vector<std::string> tags;
    asio::co_spawn(io_, list(clients, app(), tags), asio::detached);
    asio::co_spawn(io_, resolve(clients, app()), asio::detached);
    io_.run_for(runtime::kPatience);
    EXPECT_THAT(tags, ElementsAre("a", "b", "c"));
    EXPECT_THAT(asked(), ElementsAre("GET n=1000", "HEAD ", "GET last=a", "GET last=b"));
}

// How many requests are answered only when all of them are there; false when they never are.
class Meeting {
public:
    explicit Meeting(int wanted) : wanted_{wanted} {}
    bool come() {
        std::unique_lock lock{mutex_};
        ++inside_;
        most_ = std::max(most_, inside_);
        changed_.notify_all();
        const bool met = changed_.wait_for(lock, 60s, [this] { return most_ >= wanted_; });
        --inside_;
        return met;
    }
    int most() {
        const std::lock_guard lock{mutex_};
        return most_;
    }

private:
    const int wanted_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int inside_ = 0;
    int most_ = 0;
};

TEST_F(RegistryClientsTest, ARegistryIsAskedAsManyThingsAtOnceAsItIsConfiguredWith) {
    for (const int concurrency : {2, 24}) {
        SCOPED_TRACE(concurrency);
        Meeting meeting{concurrency};
        ScriptedHttpServer server;
        server.when("HEAD", "/*").then([&](const ScriptedRequest&) {
            EXPECT_TRUE(meeting.come());
            return ScriptedReply{.status = 404};
        });
        auto wanted = std::make_shared<config::Config>(*config(static_cast<unsigned>(concurrency)));
        wanted->registries[0].endpoint = server.url();
        RegistryClients clients{io_.get_executor(), wanted};
        for (int i = 0; i < 3 * concurrency; ++i) {
            asio::co_spawn(io_, resolve(clients, app()), asio::detached);
        }
        io_.restart();
        io_.run_for(runtime::kPatience);
        EXPECT_EQ(meeting.most(), concurrency);
    }
}

TEST_F(RegistryClientsTest, AListGoesOnAfterThePauseThatTheRegistryAsksFor) {
    server_.when("GET", kTags)
        .then_return(page("a", true))
        .then_return({.status = 429, .headers = {{"Retry-After", "1"}}})
        .then_return(page("b", false));
    RegistryClients clients{io_.get_executor(), config(4)};
    std::vector<std::string> tags;
    runtime::run(io_, list(clients, app(), tags));
    EXPECT_THAT(tags, ElementsAre("a", "b"));
    EXPECT_THAT(asked(), ElementsAre("GET n=1000", "GET last=a", "GET last=a"));
}

TEST_F(RegistryClientsTest, StoppingEndsThePause) {
    server_.when("GET", kTags)
        .then_return(page("a", true))
        .then_return({.status = 429, .headers = {{"Retry-After", "60"}}});
    RegistryClients clients{io_.get_executor(), config(4)};
    std::optional<Error> error;
    const auto ask = [](RegistryClients& all, std::optional<Error>& into) -> asio::awaitable<void> {
        auto listed = co_await all.list_tags(app());
        if (listed.has_error()) into = listed.error();
    };
    asio::co_spawn(io_, ask(clients, error), asio::detached);
    const auto deadline = std::chrono::steady_clock::now() + runtime::kPatience;
    while (asked().size() < 2 && std::chrono::steady_clock::now() < deadline) io_.run_for(10ms);
    // What came back is dealt with, and then nothing is left but the pause.
    io_.run_for(200ms);
    clients.stop();
    io_.run_for(30s);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind, Errc::Unavailable) << error->message;
}

TEST_F(RegistryClientsTest, AStormOf429EndsTheList) {
    server_.when("GET", kTags).then_return({.status = 429, .headers = {{"Retry-After", "1"}}});
    RegistryClients clients{io_.get_executor(), config(4)};
    auto listed = runtime::run(io_, clients.list_tags(app()));
    ASSERT_TRUE(listed.has_error());
    EXPECT_EQ(listed.error().kind, Errc::RateLimited);
    EXPECT_EQ(asked().size(), 1U);
}

}  // namespace
}  // namespace linkspan::pipeline
