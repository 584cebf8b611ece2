#include "service/git/tcp_wire.h"

#include "service/git/http_answer.h"
#include "service/git/pkt_line.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <poll.h>

#include <array>
#include <string>

namespace linkspan::git {
namespace {

constexpr int kGitPort = 9418;

// libcurl only makes the connection: its name look-up ends in time, unlike getaddrinfo().
class TcpWire final : public Wire {
public:
    TcpWire(const RemoteUrl& url, Deadline& deadline)
        : url_{url}, deadline_{deadline}, easy_{curl_easy_init(), curl_easy_cleanup} {}

    [[nodiscard]] bool stateless() const override { return false; }
    Status request() override { return {}; }

    Status advertise(Service service) override {
        if (auto status = connect(); status.has_error()) return status.error();
        std::string line = fmt::format("{} {}", program_of(service), url_.path);
        line += '\0';
        line += fmt::format("host={}", url_.host);
        line += '\0';
        std::string bytes;
        append_packet(bytes, line);
        return send(bytes);
    }

    Status send(std::string_view bytes) override {
        while (!bytes.empty()) {
            std::size_t sent = 0;
            const CURLcode code = curl_easy_send(easy_.get(), bytes.data(), bytes.size(), &sent);
            if (code == CURLE_AGAIN) {
                if (auto status = wait(POLLOUT); status.has_error()) return status.error();
            } else if (code != CURLE_OK) {
                return curl_failure(url_.display(), code, {});
            }
            deadline_.moved(sent);
            bytes.remove_prefix(sent);
        }
        return {};
    }

    Result<std::size_t> receive(char* buffer, std::size_t size) override {
        for (;;) {
            std::size_t count = 0;
            const CURLcode code = curl_easy_recv(easy_.get(), buffer, size, &count);
            if (code == CURLE_OK) {
                deadline_.moved(count);
                return count;
            }
            if (code != CURLE_AGAIN) return curl_failure(url_.display(), code, {});
            if (auto status = wait(POLLIN); status.has_error()) return status.error();
        }
    }

private:
    Status connect() {
        const bool v6 = url_.host.find(':') != std::string::npos;
        const auto address = fmt::format(
            "http://{}{}{}:{}",
            v6 ? "[" : "",
            url_.host,
            v6 ? "]" : "",
            url_.port == 0 ? kGitPort : static_cast<int>(url_.port)
        );
        const auto left = deadline_.remaining();
        if (left.count() <= 0) return deadline_.failure(url_.display());
        CURL* easy = easy_.get();
        if (easy == nullptr) return Error{Errc::Internal, "libcurl does not start"};
        curl_easy_setopt(easy, CURLOPT_URL, address.c_str());
        curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
        std::array<char, CURL_ERROR_SIZE> text{};
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, text.data());
        const CURLcode code = curl_easy_perform(easy);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
        if (code != CURLE_OK) return curl_failure(url_.display(), code, text.data());
        curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket_);
        return {};
    }

    Status wait(short events) {
        const auto left = deadline_.remaining();
        if (left.count() <= 0) return deadline_.failure(url_.display());
        pollfd watch{socket_, events, 0};
        (void)::poll(&watch, 1, deadline_.poll_time(left));
        return {};
    }

    const RemoteUrl& url_;
    Deadline& deadline_;
    std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;
    curl_socket_t socket_ = CURL_SOCKET_BAD;
};

}  // namespace

std::unique_ptr<Wire> make_tcp_wire(const RemoteUrl& url, Deadline& deadline) {
    return std::make_unique<TcpWire>(url, deadline);
}

}  // namespace linkspan::git
