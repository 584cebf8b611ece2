#include "service/git/http_wire.h"

#include "service/git/http_answer.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace linkspan::git {

struct HttpLink::Handles {
    Handles() {
        static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
        if (started == CURLE_OK) {
            multi = curl_multi_init();
            easy = curl_easy_init();
        }
    }
    ~Handles() {
        detach();
        curl_easy_cleanup(easy);
        curl_multi_cleanup(multi);
    }
    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;

    void attach() { attached = curl_multi_add_handle(multi, easy) == CURLM_OK; }
    void detach() {
        if (attached) curl_multi_remove_handle(multi, easy);
        attached = false;
    }

    CURLM* multi = nullptr;  // owns the connections
    CURL* easy = nullptr;
    bool attached = false;
};

HttpLink::HttpLink() : handles_{std::make_unique<Handles>()} {}
HttpLink::~HttpLink() = default;

namespace {

constexpr std::size_t kPauseAt = 1 << 20;
constexpr std::size_t kErrorBody = 4096;
constexpr int kMaxRedirects = 5;

using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

class HttpWire final : public Wire {
public:
    HttpWire(const RemoteUrl& url, const RemoteOptions& options, HttpLink& link, Deadline& deadline)
        : url_{url},
          options_{options},
          http_{link.handles()},
          deadline_{deadline},
          path_{url.path} {}
    ~HttpWire() override { http_.detach(); }

    [[nodiscard]] bool stateless() const override { return true; }
    Status advertise(Service service) override;
    Status request() override;
    Status send(std::string_view bytes) override {
        body_.append(bytes);
        return {};
    }
    Result<std::size_t> receive(char* buffer, std::size_t size) override;

private:
    [[nodiscard]] std::string origin() const;
    [[nodiscard]] std::string address() const;
    Status load_credentials();
    // Sends the request and waits until its answer is known to be good: redirects and a 401 are
    // dealt with here.
    Status exchange();
    Status start();
    // Runs the transfer until there are bytes, or its end.
    Status advance();
    Status wait_for_answer();
    Result<bool> follow_redirect();
    [[nodiscard]] Status check_type() const;
    [[nodiscard]] bool good() const { return answer_.status == 200; }

    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);
    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);

    const RemoteUrl& url_;
    const RemoteOptions& options_;
    HttpLink::Handles& http_;
    Deadline& deadline_;
    std::string path_;  // changes by a redirect

    Service service_ = Service::UploadPack;
    bool advertising_ = false;
    bool started_ = false;
    bool ended_ = false;
    bool paused_ = false;
    std::string body_;
    std::string pending_;
    std::size_t pending_at_ = 0;
    HttpAnswer answer_;
    HeaderList headers_{nullptr, curl_slist_free_all};
    std::array<char, CURL_ERROR_SIZE> curl_text_{};
    std::string username_;
    Secret password_;
    bool credentials_loaded_ = false;
};

std::string HttpWire::origin() const {
    const bool tls = url_.scheme == RemoteUrl::Scheme::Https;
    const bool v6 = url_.host.find(':') != std::string::npos;
    return fmt::format(
        "{}://{}{}{}{}",
        tls ? "https" : "http",
        v6 ? "[" : "",
        url_.host,
        v6 ? "]" : "",
        url_.port == 0 ? "" : fmt::format(":{}", url_.port)
    );
}

std::string HttpWire::address() const {
    return advertising_
               ? fmt::format("{}{}/info/refs?service={}", origin(), path_, program_of(service_))
               : fmt::format("{}{}/{}", origin(), path_, program_of(service_));
}

Status HttpWire::load_credentials() {
    Credentials given;
    if (options_.credentials) {
        LINKSPAN_TRY(credentials, options_.credentials());
        given = std::move(credentials);
    }
    username_ = given.username.empty() ? url_.user : given.username;
    password_ = given.password.empty() ? url_.password : given.password;
    // Forges take a token as the password of any user; some refuse an empty name.
    if (username_.empty() && !password_.empty()) username_ = "git";
    credentials_loaded_ = true;
    return {};
}

Status HttpWire::advertise(Service service) {
    service_ = service;
    advertising_ = true;
    if (http_.easy == nullptr || http_.multi == nullptr) {
        return Error{Errc::Internal, "libcurl does not start"};
    }
    if (!credentials_loaded_) {
        if (auto status = load_credentials(); status.has_error()) return status.error();
    }
    return request();
}

Status HttpWire::request() {
    http_.detach();
    body_.clear();
    started_ = false;
    return {};
}

std::size_t HttpWire::on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto& wire = *static_cast<HttpWire*>(self);
    const std::string_view line{data, size};
    const auto value_of = [&](std::string_view name) -> std::optional<std::string> {
        if (line.size() <= name.size() || line[name.size()] != ':') return std::nullopt;
        if (::strncasecmp(line.data(), name.data(), name.size()) != 0) return std::nullopt;
        auto value = line.substr(name.size() + 1);
        while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) {
            value.remove_prefix(1);
        }
        while (!value.empty() && (value.back() == '\r' || value.back() == '\n')) {
            value.remove_suffix(1);
        }
        return std::string{value};
    };
    if (line.substr(0, 5) == "HTTP/") wire.answer_ = HttpAnswer{};
    if (auto type = value_of("Content-Type")) wire.answer_.content_type = *type;
    if (auto after = value_of("Retry-After")) wire.answer_.retry_after = *after;
    return size;
}

std::size_t HttpWire::on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& wire = *static_cast<HttpWire*>(self);
    if (wire.answer_.status == 0) {
        curl_easy_getinfo(wire.http_.easy, CURLINFO_RESPONSE_CODE, &wire.answer_.status);
    }
    if (!wire.good()) {
        auto& body = wire.answer_.body;
        body.append(data, std::min(size, kErrorBody - std::min(kErrorBody, body.size())));
        return size;
    }
    if (wire.pending_.size() - wire.pending_at_ >= kPauseAt) {
        wire.paused_ = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    wire.pending_.append(data, size);
    wire.deadline_.moved(size);
    return size;
}

Status HttpWire::start() {
    http_.detach();
    CURL* easy = http_.easy;
    curl_easy_reset(easy);
    ended_ = paused_ = false;
    pending_.clear();
    pending_at_ = 0;
    answer_ = HttpAnswer{};
    curl_text_.fill('\0');

    const auto left = deadline_.remaining();
    if (left.count() <= 0) return deadline_.failure(url_.display());
    const auto url = address();
    const auto program = std::string{program_of(service_)};
    curl_slist* list = curl_slist_append(nullptr, "Expect:");
    if (!advertising_) {
        list = curl_slist_append(
            list, fmt::format("Content-Type: application/x-{}-request", program).c_str()
        );
        list = curl_slist_append(
            list, fmt::format("Accept: application/x-{}-result", program).c_str()
        );
    }
    headers_.reset(list);

    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "git/2.0 (linkspan " LINKSPAN_VERSION ")");
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, curl_text_.data());
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(left.count()));
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &HttpWire::on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &HttpWire::on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    if (!options_.ca_file.empty()) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    }
    if (!options_.client_cert.empty()) {
        const auto& key = options_.client_key.empty() ? options_.client_cert : options_.client_key;
        curl_easy_setopt(easy, CURLOPT_SSLCERT, options_.client_cert.c_str());
        curl_easy_setopt(easy, CURLOPT_SSLKEY, key.c_str());
    }
    if (!options_.proxy.empty()) curl_easy_setopt(easy, CURLOPT_PROXY, options_.proxy.c_str());
    if (!username_.empty()) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
        curl_easy_setopt(easy, CURLOPT_USERNAME, username_.c_str());
        curl_easy_setopt(easy, CURLOPT_PASSWORD, password_.reveal().c_str());
    }
    if (!advertising_) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body_.data());
    }
    http_.attach();
    if (!http_.attached) return Error{Errc::Internal, "libcurl refuses the request"};
    started_ = true;
    return {};
}

Status HttpWire::advance() {
    int running = 0;
    if (curl_multi_perform(http_.multi, &running) != CURLM_OK) {
        return Error{Errc::Internal, "libcurl: curl_multi_perform failed"};
    }
    int queued = 0;
    while (CURLMsg* message = curl_multi_info_read(http_.multi, &queued)) {
        if (message->msg != CURLMSG_DONE) continue;
        ended_ = true;
        const CURLcode code = message->data.result;
        if (code != CURLE_OK) return curl_failure(url_.display(), code, curl_text_.data());
        curl_easy_getinfo(http_.easy, CURLINFO_RESPONSE_CODE, &answer_.status);
    }
    if (ended_ || pending_at_ < pending_.size()) return {};
    const auto left = deadline_.remaining();
    if (left.count() <= 0) return deadline_.failure(url_.display());
    curl_multi_poll(http_.multi, nullptr, 0, deadline_.poll_time(left), nullptr);
    return {};
}

Status HttpWire::wait_for_answer() {
    curl_off_t sent = 0;
    while (!ended_ && pending_at_ == pending_.size()) {
        if (auto status = advance(); status.has_error()) return status.error();
        // What goes out counts as progress as well.
        curl_off_t uploaded = 0;
        curl_easy_getinfo(http_.easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
        if (uploaded > sent) deadline_.moved(static_cast<std::size_t>(uploaded - sent));
        sent = std::max(sent, uploaded);
    }
    return {};
}

Result<bool> HttpWire::follow_redirect() {
    if (!advertising_ || answer_.status < 301 || answer_.status > 308 || answer_.status == 304) {
        return false;
    }
    const char* location = nullptr;
    curl_easy_getinfo(http_.easy, CURLINFO_REDIRECT_URL, &location);
    if (location == nullptr) return false;
    const std::string_view target{location};
    const auto suffix = fmt::format("/info/refs?service={}", program_of(service_));
    const auto own = origin() + "/";
    const bool fits = target.size() > own.size() + suffix.size() &&
                      target.substr(0, own.size()) == own &&
                      target.substr(target.size() - suffix.size()) == suffix;
    if (!fits) return false;
    path_ = target.substr(own.size() - 1, target.size() - own.size() + 1 - suffix.size());
    return true;
}

Status HttpWire::check_type() const {
    const auto wanted = fmt::format(
        "application/x-{}-{}", program_of(service_), advertising_ ? "advertisement" : "result"
    );
    if (answer_.content_type.substr(0, answer_.content_type.find(';')) == wanted) return {};
    return Error{
        Errc::NotFound,
        fmt::format(
            "{}: the answer is no Git data but '{}'; is this the address of a repository?",
            url_.display(),
            answer_.content_type.substr(0, 100)
        )};
}

Status HttpWire::exchange() {
    bool asked_again = false;
    for (int redirects = 0;;) {
        if (auto status = start(); status.has_error()) return status.error();
        if (auto status = wait_for_answer(); status.has_error()) return status.error();
        if (good()) return check_type();
        while (!ended_) {
            if (auto status = advance(); status.has_error()) return status.error();
        }
        if (answer_.status == 401 && !asked_again && options_.credentials) {
            asked_again = true;
            if (options_.credentials_refused && credentials_loaded_) options_.credentials_refused();
            const auto old_name = username_;
            const auto old_password = password_;
            if (auto status = load_credentials(); status.has_error()) return status.error();
            if (username_ != old_name || !password_.equals(old_password.reveal())) continue;
        }
        LINKSPAN_TRY(moved, follow_redirect());
        if (!moved || ++redirects > kMaxRedirects) {
            const char* location = nullptr;
            curl_easy_getinfo(http_.easy, CURLINFO_REDIRECT_URL, &location);
            return status_failure(url_.display(), answer_, !username_.empty());
        }
    }
}

Result<std::size_t> HttpWire::receive(char* buffer, std::size_t size) {
    if (!started_) {
        if (auto status = exchange(); status.has_error()) return status.error();
        // From here on libgit2 or the push speaks to the service itself.
        advertising_ = false;
    }
    while (pending_at_ == pending_.size() && !ended_) {
        if (auto status = advance(); status.has_error()) return status.error();
    }
    const auto count = std::min(size, pending_.size() - pending_at_);
    std::memcpy(buffer, pending_.data() + pending_at_, count);
    pending_at_ += count;
    if (pending_at_ == pending_.size()) {
        pending_.clear();
        pending_at_ = 0;
        if (paused_) {
            paused_ = false;
            curl_easy_pause(http_.easy, CURLPAUSE_CONT);
        }
    }
    return count;
}

}  // namespace

std::unique_ptr<Wire> make_http_wire(
    const RemoteUrl& url, const RemoteOptions& options, HttpLink& link, Deadline& deadline
) {
    return std::make_unique<HttpWire>(url, options, link, deadline);
}

}  // namespace linkspan::git
