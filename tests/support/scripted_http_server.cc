#include "tests/support/scripted_http_server.h"

#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace linkspan::support {
namespace {

struct SslContextDeleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class Connection {
public:
    Connection(int fd, SSL_CTX* context) : fd_{fd} {
        if (context == nullptr) return;
        ssl_.reset(SSL_new(context));
        SSL_set_fd(ssl_.get(), fd);
    }

    bool accept() { return !ssl_ || SSL_accept(ssl_.get()) == 1; }

    // Bytes read; 0 at the end or on an error.
    std::size_t read(char* buffer, std::size_t size) {
        const auto got = ssl_ ? SSL_read(ssl_.get(), buffer, static_cast<int>(size))
                              : ::recv(fd_, buffer, size, 0);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }

    bool write(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto size = std::min<std::size_t>(bytes.size(), 1 << 20);
            const auto sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(size))
                                   : ::send(fd_, bytes.data(), size, MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

private:
    int fd_;
    std::unique_ptr<SSL, SslDeleter> ssl_;
};

std::string_view reason(unsigned status) {
    switch (status) {
        case 200:
            return "OK";
        case 401:
            return "Unauthorized";
        case 404:
            return "Not Found";
        case 429:
            return "Too Many Requests";
        default:
            return "Scripted";
    }
}

// Reads one request; false at the end of the connection. `rest` keeps what was read too much.
bool read_request(Connection& connection, std::string& rest, ScriptedRequest& out) {
    std::array<char, 16384> buffer{};
    std::size_t end = 0;
    while ((end = rest.find("\r\n\r\n")) == std::string::npos) {
        const std::size_t got = connection.read(buffer.data(), buffer.size());
        if (got == 0) return false;
        rest.append(buffer.data(), got);
    }
    const std::string head = rest.substr(0, end);
    rest.erase(0, end + 4);
    std::size_t from = head.find("\r\n");
    const std::string line = head.substr(0, from);
    const auto first = line.find(' ');
    const auto second = line.find(' ', first + 1);
    if (first == std::string::npos || second == std::string::npos) return false;
    out.method = line.substr(0, first);
    const std::string target = line.substr(first + 1, second - first - 1);
    const auto question = target.find('?');
    out.path = target.substr(0, question);
    if (question != std::string::npos) out.query = target.substr(question + 1);
    while (from != std::string::npos) {
        const auto next = head.find("\r\n", from + 2);
        const std::string field =
            head.substr(from + 2, next == std::string::npos ? std::string::npos : next - from - 2);
        const auto colon = field.find(':');
        if (colon != std::string::npos) {
            const auto value = field.find_first_not_of(' ', colon + 1);
            out.headers.emplace_back(
                field.substr(0, colon), value == std::string::npos ? "" : field.substr(value)
            );
        }
        from = next;
    }
    const std::string length = out.header("Content-Length");
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    while (rest.size() < size) {
        const std::size_t got = connection.read(buffer.data(), buffer.size());
        if (got == 0) return false;
        rest.append(buffer.data(), got);
    }
    out.body = rest.substr(0, size);
    rest.erase(0, size);
    return true;
}

}  // namespace

std::string ScriptedRequest::header(std::string_view name) const {
    const std::string key{name};
    for (const auto& [field, value] : headers) {
        if (::strcasecmp(field.c_str(), key.c_str()) == 0) return value;
    }
    return {};
}

struct ScriptedHttpServer::Rule::State {
    std::string method;
    std::string path;
    std::vector<Handler> answers;
    std::size_t used = 0;

    [[nodiscard]] bool matches(const ScriptedRequest& request) const {
        if (method != "*" && method != request.method) return false;
        if (!path.empty() && path.back() == '*') {
            return request.path.compare(0, path.size() - 1, path, 0, path.size() - 1) == 0;
        }
        return path == request.path;
    }
};

struct ScriptedHttpServer::Impl {
    std::unique_ptr<SSL_CTX, SslContextDeleter> context;
    int listener = -1;
    std::uint16_t port = 0;
    std::atomic<std::size_t> connections{0};
    mutable std::mutex mutex;
    std::condition_variable stopping;
    bool stopped = false;
    std::vector<std::shared_ptr<Rule::State>> rules;
    std::vector<ScriptedRequest> requests;
    std::list<int> open;
    std::vector<std::thread> workers;
    std::thread acceptor;

    void listen() {
        listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        if (listener < 0 || ::bind(listener, any, size) != 0 || ::listen(listener, 64) != 0 ||
            ::getsockname(listener, any, &size) != 0) {
            throw std::system_error{errno, std::generic_category(), "scripted server"};
        }
        port = ntohs(address.sin_port);
        acceptor = std::thread{[this] { accept_loop(); }};
    }

    void accept_loop() {
        for (;;) {
            const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            const std::lock_guard lock{mutex};
            if (stopped || fd < 0) {
                if (fd >= 0) ::close(fd);
                return;
            }
            ++connections;
            open.push_back(fd);
            workers.emplace_back([this, fd] {
                serve(fd);
                const std::lock_guard inner{mutex};
                open.remove(fd);
                ::close(fd);
            });
        }
    }

    // False when the server stops meanwhile.
    bool pause(std::chrono::milliseconds how_long) {
        if (how_long.count() <= 0) return true;
        std::unique_lock lock{mutex};
        return !stopping.wait_for(lock, how_long, [this] { return stopped; });
    }

    ScriptedReply answer(const ScriptedRequest& request) {
        Handler handler;
        {
            const std::lock_guard lock{mutex};
            requests.push_back(request);
            const auto it = std::find_if(rules.begin(), rules.end(), [&](const auto& rule) {
                return rule->matches(request) && !rule->answers.empty();
            });
            if (it != rules.end()) {
                auto& rule = **it;
                handler = rule.answers[std::min(rule.used, rule.answers.size() - 1)];
                ++rule.used;
            }
        }
        if (handler) return handler(request);
        ScriptedReply none;
        none.status = 404;
        none.body = "no rule for " + request.method + " " + request.path;
        return none;
    }

    // False when the connection is done with.
    bool send(Connection& connection, const ScriptedRequest& request, const ScriptedReply& reply) {
        if (!pause(reply.delay)) return false;
        if (reply.raw) {
            connection.write(*reply.raw);
            return false;
        }
        if (reply.stream) {
            reply.stream([&](std::string_view bytes) {
                const bool going = connection.write(bytes);
                const std::lock_guard lock{mutex};
                return going && !stopped;
            });
            return false;
        }
        std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " ";
        head += reason(reply.status);
        head += "\r\n";
        for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
        const std::uint64_t length = reply.claim_length.value_or(reply.body.size());
        if (reply.status != 204 && reply.status != 304) {
            head += "Content-Length: " + std::to_string(length) + "\r\n";
        }
        if (reply.close) head += "Connection: close\r\n";
        head += "\r\n";
        if (request.method == "HEAD" || reply.status == 204 || reply.status == 304) {
            return connection.write(head) && !reply.close;
        }
        if (reply.piece == 0) {
            if (!connection.write(head + reply.body)) return false;
        } else {
            if (!connection.write(head)) return false;
            for (std::size_t at = 0; at < reply.body.size(); at += reply.piece) {
                if (!pause(reply.every)) return false;
                if (!connection.write(std::string_view{reply.body}.substr(at, reply.piece))) {
                    return false;
                }
            }
        }
        return !reply.close && length == reply.body.size();
    }

    void serve(int fd) {
        Connection connection{fd, context.get()};
        if (!connection.accept()) return;
        std::string rest;
        for (;;) {
            ScriptedRequest request;
            if (!read_request(connection, rest, request)) return;
            if (!send(connection, request, answer(request))) return;
        }
    }
};

ScriptedHttpServer::Rule& ScriptedHttpServer::Rule::then_return(ScriptedReply reply) {
    return then([reply = std::move(reply)](const ScriptedRequest&) { return reply; });
}

ScriptedHttpServer::Rule& ScriptedHttpServer::Rule::then(Handler handler) {
    const std::lock_guard lock{server_->impl_->mutex};
    state_->answers.push_back(std::move(handler));
    return *this;
}

ScriptedHttpServer::ScriptedHttpServer() : impl_{std::make_unique<Impl>()} { impl_->listen(); }

ScriptedHttpServer::ScriptedHttpServer(Tls tls) : impl_{std::make_unique<Impl>()} {
    // OpenSSL writes to sockets without MSG_NOSIGNAL.
    ::signal(SIGPIPE, SIG_IGN);
    impl_->context.reset(SSL_CTX_new(TLS_server_method()));
    if (SSL_CTX_use_certificate_chain_file(impl_->context.get(), tls.certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(impl_->context.get(), tls.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw std::runtime_error{"scripted server: can't use " + tls.certificate};
    }
    impl_->listen();
}

ScriptedHttpServer::~ScriptedHttpServer() {
    {
        const std::lock_guard lock{impl_->mutex};
        impl_->stopped = true;
        for (const int fd : impl_->open) ::shutdown(fd, SHUT_RDWR);
    }
    impl_->stopping.notify_all();
    ::shutdown(impl_->listener, SHUT_RDWR);
    impl_->acceptor.join();
    for (auto& worker : impl_->workers) worker.join();
    ::close(impl_->listener);
}

ScriptedHttpServer::Rule ScriptedHttpServer::when(std::string method, std::string path) {
    auto state = std::make_shared<Rule::State>();
    state->method = std::move(method);
    state->path = std::move(path);
    const std::lock_guard lock{impl_->mutex};
    impl_->rules.push_back(state);
    return Rule{state, this};
}

std::uint16_t ScriptedHttpServer::port() const { return impl_->port; }
std::string ScriptedHttpServer::host() const { return "127.0.0.1:" + std::to_string(port()); }
std::string ScriptedHttpServer::url() const {
    return (impl_->context ? "https://" : "http://") + host();
}
std::string ScriptedHttpServer::other_url() const {
    return (impl_->context ? "https://localhost:" : "http://localhost:") + std::to_string(port());
}

std::vector<ScriptedRequest> ScriptedHttpServer::requests() const {
    const std::lock_guard lock{impl_->mutex};
    return impl_->requests;
}

std::size_t ScriptedHttpServer::connections() const { return impl_->connections; }

}  // namespace linkspan::support
