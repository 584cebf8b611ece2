#include "tests/unit/http/client.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace linkspan::http {

std::optional<std::string> Answer::header(std::string_view name) const {
    std::size_t at = 0;
    while ((at = head.find("\r\n", at)) != std::string::npos) {
        at += 2;
        const auto colon = head.find(':', at);
        const auto end = head.find("\r\n", at);
        if (colon == std::string::npos || end == std::string::npos || colon > end) continue;
        const auto found = head.substr(at, colon - at);
        if (found.size() == name.size() &&
            ::strncasecmp(found.c_str(), name.data(), name.size()) == 0) {
            return head.substr(colon + 2, end - colon - 2);
        }
    }
    return std::nullopt;
}

Client::Client(std::uint16_t port, int receive_buffer) { connect(port, receive_buffer); }

Client::Client(
    std::uint16_t port,
    const std::string& ca_file,
    const std::string& certificate,
    const std::string& key
) {
    connect(port, 0);
    if (fd_ < 0) return;
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr);
    if (!certificate.empty()) {
        SSL_CTX_use_certificate_chain_file(context_.get(), certificate.c_str());
        SSL_CTX_use_PrivateKey_file(context_.get(), key.c_str(), SSL_FILETYPE_PEM);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd_);
    SSL_set1_host(ssl_.get(), "localhost");
    if (SSL_connect(ssl_.get()) != 1) {
        std::array<char, 256> text{};
        ERR_error_string_n(ERR_get_error(), text.data(), text.size());
        error_ = text.data();
        ::close(std::exchange(fd_, -1));
    }
    ERR_clear_error();
}

Client::Client(Client&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)},
      context_{std::move(other.context_)},
      ssl_{std::move(other.ssl_)},
      pending_{std::move(other.pending_)},
      error_{std::move(other.error_)} {}

Client::~Client() {
    if (fd_ >= 0) ::close(fd_);
}

void Client::connect(std::uint16_t port, int receive_buffer) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) {
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    timeval patience{};
    patience.tv_sec = kPatience.count();
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // The socket API's own cast.
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        error_ = "connect failed";
        ::close(std::exchange(fd_, -1));
    }
}

std::string Client::tls_version() const { return SSL_get_version(ssl_.get()); }

std::string Client::peer_name() const {
    std::unique_ptr<X509, decltype(&X509_free)> peer{
        SSL_get1_peer_certificate(ssl_.get()), X509_free};
    if (!peer) return {};
    std::array<char, 256> name{};
    X509_NAME_get_text_by_NID(
        X509_get_subject_name(peer.get()), NID_commonName, name.data(), name.size()
    );
    return name.data();
}

bool Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t n = 0;
        if (ssl_) {
            n = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
        } else {
            n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        }
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

bool Client::readable(std::chrono::milliseconds patience) {
    if (!pending_.empty()) return true;
    pollfd event{fd_, POLLIN, 0};
    return ::poll(&event, 1, static_cast<int>(patience.count())) == 1;
}

bool Client::fill() {
    std::array<char, 65536> block;
    ssize_t n = 0;
    if (ssl_) {
        n = SSL_read(ssl_.get(), block.data(), static_cast<int>(block.size()));
    } else {
        n = ::recv(fd_, block.data(), block.size(), 0);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            ADD_FAILURE() << "the server neither answered nor closed the connection";
        }
    }
    if (n <= 0) return false;
    pending_.append(block.data(), static_cast<std::size_t>(n));
    return true;
}

Answer Client::receive(bool head_only) {
    Answer answer;
    std::size_t end = 0;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) return answer;
    }
    answer.head = pending_.substr(0, end + 2);
    pending_.erase(0, end + 4);
    answer.status = static_cast<unsigned>(std::strtoul(answer.head.c_str() + 9, nullptr, 10));
    const auto length = answer.header("Content-Length");
    const auto size = length && !head_only ? std::strtoul(length->c_str(), nullptr, 10) : 0;
    while (pending_.size() < size && fill()) {
    }
    answer.body = pending_.substr(0, size);
    pending_.erase(0, size);
    return answer;
}

bool Client::closed() { return pending_.empty() && !fill(); }

std::string Client::rest() {
    while (fill()) {
    }
    return std::exchange(pending_, {});
}

void Client::close_sending() { ::shutdown(fd_, SHUT_WR); }

void Client::reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(std::exchange(fd_, -1));
}

}  // namespace linkspan::http
