#include "service/http/session.h"

#include "service/http/response_head.h"
#include "service/http/tls.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace linkspan::http {
namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

// Most webhook requests fit in one read of this size; bodies that don't are read in larger ones.
constexpr std::size_t kHeaderRead = 8 << 10;
constexpr std::size_t kBodyRead = 32 << 10;
// An idle connection keeps no larger buffer than this.
constexpr std::size_t kKeptBuffer = 16 << 10;
// Bodies up to this size are sent in one piece with the header.
constexpr std::size_t kJoinedBody = 16 << 10;

// How long to wait for the client to close after an answer that it has no reason not to have read,
// and after one that came before it had sent everything.
constexpr milliseconds kGoodbye{1000};
constexpr milliseconds kLinger{5000};
constexpr std::size_t kLingerBytes = 64 << 20;

// Longer timeouts are none: they would not fit into a time point.
constexpr milliseconds kNever = std::chrono::hours{24 * 365};

std::chrono::steady_clock::duration shortest_timeout(const ServerOptions& o) {
    const auto shortest =
        std::min({o.header_timeout, o.body_timeout, o.idle_timeout, o.write_timeout});
    return std::clamp<milliseconds>(shortest, milliseconds{1}, std::chrono::hours{1});
}

std::string address_text(const asio::ip::tcp::socket& socket) {
    error_code ec;
    const auto endpoint = socket.remote_endpoint(ec);
    if (ec) return {};
    auto address = endpoint.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    const auto text = address.to_string();
    return address.is_v6() ? fmt::format("[{}]:{}", text, endpoint.port())
                           : fmt::format("{}:{}", text, endpoint.port());
}

// What observe() and failed() may see.
Request summary(const Request& request) {
    Request out;
    out.method = request.method;
    out.target = request.target;
    out.path = request.path;
    out.query = request.query;
    out.remote_address = request.remote_address;
    out.client_subject = request.client_subject;
    for (const auto& header : request.headers) {
        for (const auto name : kObservedHeaders) {
            if (boost::beast::iequals(header.name, name)) out.headers.push_back(header);
        }
    }
    return out;
}

Response overloaded() {
    auto response = problem(
        503, "Too many connections", "the server has as many connections as it may; try again"
    );
    response.headers.push_back({"Retry-After", "1"});
    return response;
}

}  // namespace

std::string_view SessionContext::date() {
    const auto now = std::time(nullptr);
    if (now != date_second_) {
        date_second_ = now;
        date_ = http_date(now);
    }
    return date_;
}

Session::Session(
    std::shared_ptr<SessionContext> context, asio::ip::tcp::socket socket, bool surplus
)
    : context_{std::move(context)},
      socket_{std::move(socket)},
      tls_context_{context_->tls},
      timer_{socket_.get_executor()},
      reader_{{context_->options.max_headers, context_->options.max_body}},
      remote_address_{address_text(socket_)},
      tick_{shortest_timeout(context_->options)},
      surplus_{surplus} {
    context_->sessions.insert(this);
    if (surplus_) ++context_->surplus;
}

Session::~Session() {
    context_->sessions.erase(this);
    if (surplus_) --context_->surplus;
}

asio::awaitable<void> Session::serve(std::shared_ptr<Session> self) { co_await self->run(); }

asio::awaitable<void> Session::run() {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    watch();
    if (tls_context_) {
        const bool agreed = co_await handshake();
        if (!agreed) co_return;
    }
    bool again = true;
    while (again) again = co_await exchange();
}

asio::awaitable<bool> Session::handshake() {
    tls_.emplace(socket_, *tls_context_);
    enter(Phase::Handshake, context_->options.header_timeout);
    error_code ec;
    co_await tls_->async_handshake(
        asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, ec)
    );
    if (ec || expired_) co_return false;
    client_subject_ = peer_subject(tls_->native_handle());
    co_return true;
}

// One request and its answer. False: the connection is over.
asio::awaitable<bool> Session::exchange() {
    const Read read = co_await read_request();
    if (read == Read::Closed) co_return false;
    first_ = false;
    auto& request = reader_.request();
    request.remote_address = remote_address_;
    request.client_subject = client_subject_;
    const bool head_only = request.method == "HEAD";
    const bool wants_keep = read == Read::Complete && reader_.keep_alive();
    Request seen;
    if (context_->options.observe || context_->options.failed) seen = summary(request);

    Response response;
    if (read == Read::Refused) {
        response = std::move(*refusal_);
    } else {
        response = co_await handle(std::move(request), seen);
    }
    const bool keep = wants_keep && !context_->draining;
    const bool sent = co_await answer(seen, std::move(response), keep, head_only);
    const auto patience = read == Read::Refused ? kLinger : kGoodbye;
    const bool again = sent && keep;
    if (sent && !keep) co_await linger(std::min(patience, context_->options.body_timeout));
    co_return again;
}

asio::awaitable<Session::Read> Session::read_request() {
    const auto& options = context_->options;
    reader_.reset();
    refusal_.reset();
    if (context_->draining && buffer_.size() == 0) co_return Read::Closed;
    if (buffer_.size() == 0 && buffer_.capacity() > kKeptBuffer) buffer_.shrink_to_fit();
    enter(Phase::Idle, first_ ? options.header_timeout : options.idle_timeout);
    bool header_done = false;
    for (;;) {
        if (phase_ == Phase::Idle && buffer_.size() > 0) {
            enter(Phase::Reading, options.header_timeout);
            began_ = Clock::now();
        }
        bool stuck = false;
        while (buffer_.size() > 0 && !stuck && !reader_.done()) {
            const auto data = buffer_.cdata();
            const auto used = reader_.feed({static_cast<const char*>(data.data()), data.size()});
            buffer_.consume(used);
            stuck = used == 0;
            if (reader_.header_done() && !header_done) break;
        }
        if (reader_.refusal()) {
            refusal_ = reader_.refusal();
            co_return Read::Refused;
        }
        if (reader_.header_done() && !header_done) {
            header_done = true;
            if (surplus_) {
                refusal_ = overloaded();
                co_return Read::Refused;
            }
            if (!reader_.done()) {
                if (reader_.expects_continue() && buffer_.size() == 0) {
                    enter(Phase::Writing, options.write_timeout);
                    const bool sent = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
                    if (!sent) co_return Read::Closed;
                }
                enter(Phase::Reading, options.body_timeout);
                if (buffer_.size() > 0) continue;
            }
        }
        if (reader_.done()) co_return Read::Complete;

        const auto got = co_await read_some(header_done ? kBodyRead : kHeaderRead);
        if (expired_ && phase_ == Phase::Reading) {
            refusal_ = problem(
                408,
                "Request timeout",
                fmt::format("the {} did not arrive in time", header_done ? "body" : "header")
            );
            co_return Read::Refused;
        }
        if (got == 0) co_return Read::Closed;
    }
}

// Nothing was read when the connection ended, failed or was given up.
asio::awaitable<std::size_t> Session::read_some(std::size_t size) {
    const auto space = buffer_.prepare(size);
    error_code ec;
    std::size_t got = 0;
    if (tls_) {
        got = co_await tls_->async_read_some(space, asio::redirect_error(asio::use_awaitable, ec));
    } else {
        got =
            co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, ec));
    }
    buffer_.commit(got);
    co_return ec ? 0 : got;
}

asio::awaitable<Response> Session::handle(Request request, const Request& seen) {
    enter(Phase::Handling, kNever);
    std::string what;
    try {
        co_return co_await context_->handler(std::move(request));
    } catch (const std::exception& e) {
        what = e.what();
    } catch (...) {
        what = "an exception of an unknown type";
    }
    // When the session itself is being cancelled, nobody is left to answer: the next co_await of
    // the caller ends it.
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() == asio::cancellation_type::none) failed(seen, what);
    co_return problem(500, "Internal server error", {});
}

asio::awaitable<bool> Session::answer(
    const Request& seen, Response response, bool keep, bool head_only
) {
    enter(Phase::Writing, context_->options.write_timeout);
    const Framing framing{.keep_alive = keep, .http_1_0 = reader_.http_1_0()};
    head_.clear();
    if (auto ok = append_head(head_, response, framing, context_->date()); ok.has_error()) {
        failed(seen, ok.error().message);
        response = problem(500, "Internal server error", {});
        head_.clear();
        (void)append_head(head_, response, framing, context_->date());
    }
    const bool with_body = !head_only && may_have_body(response.status) && !response.body.empty();
    const bool joined = with_body && response.body.size() <= kJoinedBody;
    if (joined) head_.append(response.body);
    bool sent = co_await write(head_);
    if (sent && with_body && !joined) sent = co_await write(response.body);
    report(seen, response);
    co_return sent;
}

asio::awaitable<bool> Session::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto data = asio::buffer(bytes.data(), bytes.size());
        error_code ec;
        std::size_t put = 0;
        if (tls_) {
            put = co_await tls_->async_write_some(
                data, asio::redirect_error(asio::use_awaitable, ec)
            );
        } else {
            put = co_await socket_.async_write_some(
                data, asio::redirect_error(asio::use_awaitable, ec)
            );
        }
        if (ec || expired_) co_return false;
        bytes.remove_prefix(put);
    }
    co_return true;
}

asio::awaitable<void> Session::linger(milliseconds patience) {
    enter(Phase::Lingering, patience);
    error_code ec;
    if (tls_) co_await tls_->async_shutdown(asio::redirect_error(asio::use_awaitable, ec));
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    if (ec) co_return;
    buffer_.clear();
    std::size_t discarded = 0;
    while (!expired_ && !ec && discarded < kLingerBytes) {
        const auto space = buffer_.prepare(kBodyRead);
        // The socket's own bytes, below TLS: nobody looks at them.
        discarded +=
            co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, ec));
    }
}

void Session::enter(Phase phase, milliseconds limit) {
    phase_ = phase;
    expired_ = false;
    deadline_ = limit >= kNever ? Clock::time_point::max() : Clock::now() + limit;
    if (deadline_ < timer_.expiry()) watch();
}

void Session::watch() {
    timer_.expires_at(std::min(deadline_, Clock::now() + tick_));
    timer_.async_wait([weak = weak_from_this()](error_code ec) {
        const auto self = weak.lock();
        if (self && !ec) self->on_watch();
    });
}

void Session::on_watch() {
    if (!socket_.is_open()) return;
    if (Clock::now() >= deadline_) {
        expired_ = true;
        // Fires again after a tick if an operation that had just completed makes way for another.
        deadline_ = Clock::now() + tick_;
        error_code ignored;
        if (phase_ == Phase::Writing || phase_ == Phase::Handshake) {
            socket_.close(ignored);
        } else {
            socket_.cancel(ignored);
        }
    }
    watch();
}

void Session::close_if_idle() {
    if (phase_ == Phase::Idle || phase_ == Phase::Handshake) close();
}

void Session::close() {
    error_code ignored;
    socket_.close(ignored);
}

void Session::report(const Request& seen, const Response& response) {
    if (context_->options.observe) {
        context_->options.observe(seen, response, Clock::now() - began_);
    }
}

void Session::failed(const Request& seen, std::string_view what) {
    if (context_->options.failed) context_->options.failed(seen, what);
}

}  // namespace linkspan::http
