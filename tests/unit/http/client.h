// Client: a blocking HTTP client over a plain socket, so that the tests see bytes and not what
// another HTTP library makes of them. Every wait ends after kPatience with a test failure.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::http {

inline constexpr std::chrono::seconds kPatience{120};

struct Answer {
    unsigned status = 0;  // 0: the connection ended before an answer
    std::string head;
    std::string body;
    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

class Client {
public:
    explicit Client(std::uint16_t port, int receive_buffer = 0);
    // A TLS client; check ok(). Trusts `ca_file` only, and shows `certificate`/`key` if given.
    Client(
        std::uint16_t port,
        const std::string& ca_file,
        const std::string& certificate = {},
        const std::string& key = {}
    );
    ~Client();
    Client(Client&&) noexcept;
    Client& operator=(Client&&) = delete;

    [[nodiscard]] bool ok() const { return fd_ >= 0; }  // connected, TLS agreed
    [[nodiscard]] const std::string& error() const { return error_; }
    [[nodiscard]] std::string tls_version() const;
    [[nodiscard]] std::string peer_name() const;  // common name of the server's certificate

    // False when the connection broke meanwhile.
    bool send(std::string_view bytes);
    // Whether something can be read (data or the end) within `patience`.
    bool readable(std::chrono::milliseconds patience);
    // The next answer; `head_only` for HEAD.
    Answer receive(bool head_only = false);
    Answer ask(std::string_view request) {
        send(request);
        return receive();
    }
    // True when the server closed the connection and nothing came before that.
    bool closed();
    // All bytes until the server closes.
    std::string rest();

    void close_sending();
    void reset();  // an RST instead of a polite close

private:
    void connect(std::uint16_t port, int receive_buffer);
    bool fill();  // more into pending_; false at the end

    int fd_ = -1;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
    std::string pending_;
    std::string error_;
};

}  // namespace linkspan::http
