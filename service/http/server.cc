#include "service/http/server.h"

#include "service/http/session.h"
#include "service/http/tls.h"
#include "service/runtime/deadline.h"
#include "service/runtime/task_group.h"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <string>
#include <utility>

namespace linkspan::http {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// Connections beyond max_connections that are told so; further ones are closed without a word.
constexpr std::size_t kMaxSurplus = 64;
// How long to wait when the process has no descriptor left for a new connection.
constexpr std::chrono::milliseconds kAcceptPause{50};

Result<tcp::endpoint> listen_address(const std::string& host, std::uint16_t port) {
    error_code ec;
    const auto address = asio::ip::make_address(host, ec);
    if (!ec) return tcp::endpoint{address, port};
    // A name such as "localhost". Blocks, once, at start.
    asio::io_context resolving;
    tcp::resolver resolver{resolving};
    const auto found = resolver.resolve(host, std::to_string(port), ec);
    if (ec || found.empty()) {
        return Error{
            Errc::InvalidInput,
            fmt::format("http: listen address {}: {}", host, ec ? ec.message() : "not found")};
    }
    return found.begin()->endpoint();
}

}  // namespace

struct Server::Impl {
    Impl(asio::any_io_executor e, ServerOptions options, Handler handler)
        : executor{std::move(e)},
          context{std::make_shared<SessionContext>()},
          acceptor{executor},
          tls_timer{executor},
          tasks{executor} {
        context->options = std::move(options);
        context->handler = std::move(handler);
    }

    Status listen();
    Status load_tls();
    static asio::awaitable<void> accept(std::shared_ptr<Impl> impl);
    static asio::awaitable<void> watch_tls(std::shared_ptr<Impl> impl);
    void admit(tcp::socket socket);
    void close_all();

    asio::any_io_executor executor;
    std::shared_ptr<SessionContext> context;
    tcp::acceptor acceptor;
    asio::steady_timer tls_timer;
    std::string tls_version;
    runtime::TaskGroup tasks;  // the accept loop, the sessions, and who looks at the TLS files
    std::uint16_t port = 0;
};

Status Server::Impl::listen() {
    const auto& options = context->options;
    LINKSPAN_TRY(endpoint, listen_address(options.host, options.port));
    const auto failure = [&](std::string_view doing, const error_code& ec) {
        const bool ours = ec == asio::error::access_denied;
        return Error{
            ours ? Errc::InvalidInput : Errc::Unavailable,
            fmt::format("http: {} {}:{}: {}", doing, options.host, options.port, ec.message())};
    };
    error_code ec;
    acceptor.open(endpoint.protocol(), ec);
    if (ec) return failure("opening", ec);
    acceptor.set_option(asio::socket_base::reuse_address{true}, ec);
    if (endpoint.address().is_v6()) {
        // "::" takes IPv4 too.
        acceptor.set_option(asio::ip::v6_only{false}, ec);
    }
    acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (ec) {
        error_code ignored;
        acceptor.close(ignored);
        return failure("listening on", ec);
    }
    port = acceptor.local_endpoint().port();
    return {};
}

asio::awaitable<void> Server::Impl::accept(std::shared_ptr<Impl> impl) {
    while (impl->acceptor.is_open()) {
        error_code ec;
        auto socket =
            co_await impl->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
        if (!impl->acceptor.is_open()) co_return;
        if (!ec) {
            impl->admit(std::move(socket));
        } else if (ec != asio::error::connection_aborted) {
            // Out of descriptors or memory: connections that end will make room.
            asio::steady_timer pause{impl->executor, kAcceptPause};
            co_await pause.async_wait(asio::use_awaitable);
        }
    }
}

Status Server::Impl::load_tls() {
    const auto& options = *context->options.tls;
    tls_version = tls_files_version(options);
    LINKSPAN_TRY(tls, make_tls_context(options));
    context->tls = std::move(tls);
    return {};
}

// Looking is a stat() of each file. A certificate and its key are rarely replaced at the same
// moment: in between they don't match, the old ones stay in use, and the second change loads both.
asio::awaitable<void> Server::Impl::watch_tls(std::shared_ptr<Impl> impl) {
    const auto& options = *impl->context->options.tls;
    while (!impl->context->draining) {
        impl->tls_timer.expires_after(options.reload_interval);
        error_code ec;
        co_await impl->tls_timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return;
        if (tls_files_version(options) == impl->tls_version) continue;
        const auto loaded = impl->load_tls();
        if (impl->context->options.tls_reloaded) impl->context->options.tls_reloaded(loaded);
    }
}

void Server::Impl::admit(tcp::socket socket) {
    const auto admitted = context->sessions.size() - context->surplus;
    const bool surplus = admitted >= context->options.max_connections;
    if (surplus && context->surplus >= kMaxSurplus) return;
    tasks.spawn(Session::serve(std::make_shared<Session>(context, std::move(socket), surplus)));
}

void Server::Impl::close_all() {
    for (auto* session : context->sessions) session->close();
    tasks.cancel(asio::cancellation_type::terminal);
}

Server::Server(asio::any_io_executor executor, ServerOptions options, Handler handler)
    : impl_{std::make_shared<Impl>(std::move(executor), std::move(options), std::move(handler))} {}

Server::~Server() {
    error_code ignored;
    impl_->acceptor.close(ignored);
    impl_->close_all();
}

Status Server::start() {
    const auto& tls = impl_->context->options.tls;
    if (tls) {
        if (auto ok = impl_->load_tls(); ok.has_error()) return ok;
    }
    if (auto ok = impl_->listen(); ok.has_error()) return ok;
    impl_->tasks.spawn(Impl::accept(impl_));
    if (tls && tls->reload_interval.count() > 0) impl_->tasks.spawn(Impl::watch_tls(impl_));
    return {};
}

std::uint16_t Server::port() const { return impl_->port; }

asio::awaitable<void> Server::drain(std::chrono::milliseconds patience) {
    auto impl = impl_;
    impl->context->draining = true;
    error_code ignored;
    impl->acceptor.close(ignored);
    impl->tls_timer.cancel();
    for (auto* session : impl->context->sessions) session->close_if_idle();
    const bool gone = co_await runtime::with_deadline(patience, impl->tasks.wait());
    if (gone && impl->tasks.size() == 0) co_return;
    impl->close_all();
    co_await impl->tasks.wait();
}

}  // namespace linkspan::http
