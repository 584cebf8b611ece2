// ScriptedHttpServer: an HTTP server on a free loopback port that answers what the test says, byte
// for byte if need be, and remembers what it was asked.
//
//   ScriptedHttpServer server;
//   server.when("GET", "/v2/acme/app/tags/list").then_return({.body = R"({"tags":["1.0"]})"});
//   … server.url() …
//   EXPECT_EQ(server.requests().size(), 1U);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::support {

struct ScriptedRequest {
    std::string method;
    std::string path;
    std::string query;  // without '?'
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    // Empty when absent.
    [[nodiscard]] std::string header(std::string_view name) const;
};

// False when the peer has gone or the server stops.
using Writer = std::function<bool(std::string_view)>;

struct ScriptedReply {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    std::chrono::milliseconds delay{0};           // before the first byte
    std::size_t piece = 0;                        // body in pieces of this many bytes…
    std::chrono::milliseconds every{0};           // …with this between them
    std::optional<std::uint64_t> claim_length{};  // a Content-Length that is not the body's
    bool close = false;                           // after this answer
    std::optional<std::string> raw{};             // sent instead of all of the above, then closed
    std::function<void(const Writer&)> stream{};  // writes raw bytes itself, then closed
};

class ScriptedHttpServer {
public:
    struct Tls {
        std::string certificate;  // PEM files
        std::string key;
    };
    using Handler = std::function<ScriptedReply(const ScriptedRequest&)>;

    class Rule {
    public:
        // The n-th matching request gets the n-th answer; the last is repeated.
        Rule& then_return(ScriptedReply reply);
        Rule& then(Handler handler);

    private:
        friend class ScriptedHttpServer;
        struct State;
        Rule(std::shared_ptr<State> state, ScriptedHttpServer* server)
            : state_{std::move(state)}, server_{server} {}
        std::shared_ptr<State> state_;
        ScriptedHttpServer* server_;
    };

    ScriptedHttpServer();
    explicit ScriptedHttpServer(Tls tls);
    ~ScriptedHttpServer();
    ScriptedHttpServer(const ScriptedHttpServer&) = delete;
    ScriptedHttpServer& operator=(const ScriptedHttpServer&) = delete;

    // `path` without query; with a '*' at its end, a prefix. Method "*" is any. The first rule that
    // matches counts; without any, the answer is 404.
    Rule when(std::string method, std::string path);

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string host() const;  // "127.0.0.1:port"
    [[nodiscard]] std::string url() const;   // "http://127.0.0.1:port"
    // "http://localhost:port": the same server under another name.
    [[nodiscard]] std::string other_url() const;
    [[nodiscard]] std::vector<ScriptedRequest> requests() const;
    [[nodiscard]] std::size_t connections() const;  // accepted so far

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace linkspan::support
