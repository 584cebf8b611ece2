// Session: one connection, from accept to close.
//
//   handshake ─► idle ─► reading ─► handling ─► writing ─┬─► idle …
//                 │         │                            │
//                 ▼         └── refused ────► writing ───┴─► lingering ─► closed
//               closed
//
// One deadline per phase, kept by one lazy timer. It wakes once per shortest timeout and looks, so
// setting a deadline is nearly always an assignment.
//
// Lingering (RFC 9112 9.6): closing a socket with unread bytes resets the connection and may
// destroy the answer on its way. So the sending side is closed first, and what the client still
// sends is read and discarded, up to a limit.
#pragma once

#include "service/http/request_reader.h"
#include "service/http/server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace linkspan::http {

class Session;

// What all sessions of a server share.
struct SessionContext {
    ServerOptions options;
    Handler handler;
    std::shared_ptr<boost::asio::ssl::context> tls;
    std::set<Session*> sessions;
    std::size_t surplus = 0;  // of them
    bool draining = false;

    [[nodiscard]] std::string_view date();  // for the Date header, made once a second

private:
    std::time_t date_second_ = 0;
    std::string date_;
};

class Session : public std::enable_shared_from_this<Session> {
public:
    // A session beyond max_connections is `surplus`: it reads a header and answers 503.
    Session(
        std::shared_ptr<SessionContext> context, boost::asio::ip::tcp::socket socket, bool surplus
    );
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Ends when the connection is closed. Throws only operation_aborted, when it is cancelled.
    static boost::asio::awaitable<void> serve(std::shared_ptr<Session> self);

    // Closes the connection now if nobody would miss an answer on it.
    void close_if_idle();
    void close();

private:
    using Clock = std::chrono::steady_clock;
    enum class Phase { Handshake, Idle, Reading, Handling, Writing, Lingering };
    enum class Read { Complete, Refused, Closed };

    boost::asio::awaitable<void> run();
    boost::asio::awaitable<bool> handshake();
    boost::asio::awaitable<bool> exchange();
    boost::asio::awaitable<Read> read_request();
    boost::asio::awaitable<std::size_t> read_some(std::size_t size);
    boost::asio::awaitable<Response> handle(Request request, const Request& seen);
    boost::asio::awaitable<bool> answer(
        const Request& seen, Response response, bool keep, bool head_only
    );
    boost::asio::awaitable<bool> write(std::string_view bytes);
    boost::asio::awaitable<void> linger(std::chrono::milliseconds patience);

    void enter(Phase phase, std::chrono::milliseconds limit);
    void watch();
    void on_watch();
    void report(const Request& seen, const Response& response);
    void failed(const Request& seen, std::string_view what);

    std::shared_ptr<SessionContext> context_;
    boost::asio::ip::tcp::socket socket_;
    std::shared_ptr<boost::asio::ssl::context> tls_context_;  // outlives tls_
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    boost::asio::steady_timer timer_;
    boost::beast::flat_buffer buffer_;
    RequestReader reader_;
    std::optional<Response> refusal_;
    std::string remote_address_;
    std::string client_subject_;
    std::string head_;
    Clock::duration tick_;
    Clock::time_point deadline_ = Clock::time_point::max();
    Clock::time_point began_{};  // the first byte of this request
    Phase phase_ = Phase::Idle;
    bool expired_ = false;  // the deadline of this phase passed
    bool surplus_;
    bool first_ = true;  // no request was read on this connection yet
};

}  // namespace linkspan::http
