#include "service/transport/http_client.h"

#include "service/transport/url.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <limits>
#include <mutex>

namespace linkspan::transport {
namespace {

// All headers of one answer; a registry sends about 1 KiB.
constexpr std::size_t kMaxHeaderBytes = 256 << 10;
// Handles kept for their open connections, beyond what is in use.
constexpr std::size_t kMaxIdleHandles = 16;

struct EasyDeleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;

struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListDeleter>;

bool append(List& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return false;
    (void)list.release();
    list.reset(longer);
    return true;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return lower(x) == lower(y);
    });
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// What one transfer collects; lives on the stack of send().
struct Transfer {
    HttpResponse response;
    std::size_t limit = 0;
    std::size_t header_bytes = 0;
    bool body_started = false;
    bool too_large = false;
    bool headers_too_large = false;
    const std::atomic<bool>* stopped = nullptr;
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) noexcept {
    auto& transfer = *static_cast<Transfer*>(user);
    const std::string_view line{data, size * count};
    try {
        transfer.header_bytes += line.size();
        if (transfer.header_bytes > kMaxHeaderBytes) {
            transfer.headers_too_large = true;
            return 0;
        }
        // Trailers come after the body that they could contradict.
        if (transfer.body_started) return line.size();
        if (line.substr(0, 5) == "HTTP/") {
            transfer.response.headers.clear();  // those of a 100 Continue
            return line.size();
        }
        const auto colon = line.find(':');
        if (colon != std::string_view::npos) {
            transfer.response.headers.emplace_back(
                std::string{line.substr(0, colon)}, std::string{trim(line.substr(colon + 1))}
            );
        }
        return line.size();
    } catch (...) {
        return 0;
    }
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept {
    auto& transfer = *static_cast<Transfer*>(user);
    const std::size_t bytes = size * count;
    transfer.body_started = true;
    if (bytes > transfer.limit - transfer.response.body.size()) {
        transfer.too_large = true;
        return 0;
    }
    try {
        transfer.response.body.append(data, bytes);
        return bytes;
    } catch (...) {
        return 0;
    }
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
    return static_cast<Transfer*>(user)->stopped->load() ? 1 : 0;
}

// Children (ssh, credential helpers) must not inherit open connections.
curl_socket_t open_socket(void*, curlsocktype, struct curl_sockaddr* address) noexcept {
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool is_token(std::string_view name) {
    constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
               kOthers.find(c) != std::string_view::npos;
    });
}

Result<List> make_headers(const HttpRequest& request) {
    List list;
    bool has_content_type = false;
    for (const auto& [name, value] : request.headers) {
        if (!is_token(name) ||
            value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string::npos) {
            return Error{Errc::InvalidInput, "a header can't be sent: line break or bad name"};
        }
        has_content_type = has_content_type || equal_ignoring_case(name, "content-type");
        // "Name;" is curl's form of a header with an empty value.
        if (!append(list, value.empty() ? name + ";" : name + ": " + value)) {
            return Error{Errc::Internal, "out of memory"};
        }
    }
    // curl's own additions: a wait of a second for 100 Continue, and a form's content type.
    if (!append(list, "Expect:") || (!has_content_type && !append(list, "Content-Type:"))) {
        return Error{Errc::Internal, "out of memory"};
    }
    return list;
}

std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 300)) {
        out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c);
    }
    return out;
}

Errc kind_of(CURLcode code) {
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return Errc::Timeout;
        case CURLE_URL_MALFORMAT:
        case CURLE_FILESIZE_EXCEEDED:
        // Files that the configuration names.
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
            return Errc::InvalidInput;
        case CURLE_OUT_OF_MEMORY:
        case CURLE_FAILED_INIT:
        case CURLE_BAD_FUNCTION_ARGUMENT:
            return Errc::Internal;
        default:
            return Errc::Unavailable;
    }
}

Error failure(
    CURLcode code,
    const Transfer& transfer,
    const HttpRequest& request,
    const Url& url,
    const HttpClientOptions& options,
    std::string_view detail
) {
    const std::string where = request.method + " " + url.origin();
    if (transfer.too_large || code == CURLE_FILESIZE_EXCEEDED) {
        return {
            Errc::InvalidInput,
            fmt::format("{}: the answer is longer than {} bytes", where, request.max_response)};
    }
    if (transfer.headers_too_large) {
        return {
            Errc::InvalidInput,
            fmt::format("{}: the headers are longer than {} bytes", where, kMaxHeaderBytes)};
    }
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        return {Errc::Unavailable, where + ": stopped, since the service is shutting down"};
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return {
            Errc::Timeout,
            fmt::format(
                "{}: no complete answer within {} ms ({})",
                where,
                request.timeout.count(),
                printable(detail)
            )};
    }
    if (code == CURLE_SSL_CACERT_BADFILE) {
        return {
            Errc::InvalidInput,
            fmt::format("{}: can't read the CA file {}", where, options.ca_file)};
    }
    return {
        kind_of(code),
        fmt::format(
            "{}: {}", where, detail.empty() ? curl_easy_strerror(code) : printable(detail)
        )};
}

bool init_once() {
    // Thread-safe since curl 7.84; never cleaned up, as other threads may still be inside.
    static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return ready;
}

}  // namespace

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (equal_ignoring_case(key, name)) return value;
    }
    return std::nullopt;
}

std::optional<std::chrono::seconds> HttpResponse::retry_after() const {
    const auto value = header("Retry-After");
    if (!value || value->empty()) return std::nullopt;
    constexpr std::int64_t kLongest = 7 * 24 * 3600;  // whoever asks for more is not serious
    if (std::all_of(value->begin(), value->end(), [](char c) { return c >= '0' && c <= '9'; })) {
        std::int64_t seconds = 0;
        const auto [end, code] =
            std::from_chars(value->data(), value->data() + value->size(), seconds);
        if (code != std::errc{}) seconds = kLongest;
        return std::chrono::seconds{std::min(seconds, kLongest)};
    }
    const std::time_t at = curl_getdate(std::string{*value}.c_str(), nullptr);
    if (at < 0) return std::nullopt;
    // Against the sender's own clock when it tells it, so that skew does not count.
    const auto now =
        std::chrono::system_clock::to_time_t(date().value_or(std::chrono::system_clock::now()));
    return std::chrono::seconds{std::clamp<std::int64_t>(at - now, 0, kLongest)};
}

std::optional<std::chrono::system_clock::time_point> HttpResponse::date() const {
    const auto value = header("Date");
    if (!value) return std::nullopt;
    const std::time_t at = curl_getdate(std::string{*value}.c_str(), nullptr);
    if (at < 0) return std::nullopt;
    return std::chrono::system_clock::from_time_t(at);
}

struct HttpClient::Impl {
    struct Idle {
        Easy handle;
        std::string origin;  // whose connection it probably still holds
    };

    HttpClientOptions options;
    std::atomic<bool> stopped{false};
    std::mutex mutex;
    std::vector<Idle> idle;  // latest used last

    Easy take(const std::string& origin) {
        {
            const std::lock_guard lock{mutex};
            auto it = std::find_if(idle.rbegin(), idle.rend(), [&](const Idle& entry) {
                return entry.origin == origin;
            });
            if (it != idle.rend()) {
                Easy handle = std::move(it->handle);
                idle.erase(std::next(it).base());
                return handle;
            }
        }
        return Easy{curl_easy_init()};
    }

    void give_back(Easy handle, std::string origin) {
        Easy oldest;  // closed outside the lock
        const std::lock_guard lock{mutex};
        if (idle.size() >= kMaxIdleHandles) {
            oldest = std::move(idle.front().handle);
            idle.erase(idle.begin());
        }
        idle.push_back({std::move(handle), std::move(origin)});
    }
};

HttpClient::HttpClient(HttpClientOptions options) : impl_{std::make_unique<Impl>()} {
    impl_->options = std::move(options);
}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

void HttpClient::stop() { impl_->stopped = true; }

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
    auto parsed = Url::parse(request.url);
    if (parsed.has_error()) return parsed.error().within(request.method);
    const Url& url = *parsed;
    if (!is_token(request.method)) {
        return Error{Errc::InvalidInput, "not an HTTP method: " + printable(request.method)};
    }
    if (impl_->stopped) {
        return Error{
            Errc::Unavailable,
            request.method + " " + url.origin() + ": not sent, since the service is shutting down"};
    }
    if (request.timeout.count() <= 0) {
        return Error{
            Errc::Timeout, request.method + " " + url.origin() + ": the deadline has passed"};
    }
    LINKSPAN_TRY(headers, make_headers(request));
    Easy easy = init_once() ? impl_->take(url.origin()) : Easy{};
    if (!easy) return Error{Errc::Internal, "libcurl can't be started"};
    CURL* const handle = easy.get();
    curl_easy_reset(handle);  // options, not connections

    Transfer transfer;
    transfer.limit = request.max_response;
    transfer.stopped = &impl_->stopped;
    std::array<char, CURL_ERROR_SIZE> detail{};

    const auto& options = impl_->options;
    const bool head = request.method == "HEAD";
    const auto timeout = static_cast<long>(
        std::min<std::int64_t>(request.timeout.count(), std::numeric_limits<int>::max())
    );
    const auto connect =
        static_cast<long>(std::clamp<std::int64_t>(options.connect_timeout.count(), 1, timeout));
    curl_easy_setopt(handle, CURLOPT_URL, url.str().c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    // No SIGALRM for name resolution: this is a program of threads.
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, connect);
    // Else a deadline waits for the name server after all.
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, options.user_agent.c_str());
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail.data());
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
    if (!options.ca_file.empty()) {
        curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    }
    if (!options.proxy.empty()) curl_easy_setopt(handle, CURLOPT_PROXY, options.proxy.c_str());
    if (!options.client_certificate.empty()) {
        const auto& key =
            options.client_key.empty() ? options.client_certificate : options.client_key;
        curl_easy_setopt(handle, CURLOPT_SSLCERT, options.client_certificate.c_str());
        curl_easy_setopt(handle, CURLOPT_SSLKEY, key.c_str());
    }
    if (!options.proxy.empty()) curl_easy_setopt(handle, CURLOPT_PROXY, options.proxy.c_str());
    if (head) {
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else {
        // A Content-Length that is too large is refused before the first byte of the body.
        curl_easy_setopt(
            handle, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.max_response)
        );
        if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
            request.method == "PATCH") {
            curl_easy_setopt(
                handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size())
            );
            curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.c_str());
        }
        curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }

    const CURLcode code = curl_easy_perform(handle);
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    // Nothing in the idle handle may point into this call.
    curl_easy_reset(handle);
    impl_->give_back(std::move(easy), url.origin());
    if (code != CURLE_OK) {
        return failure(code, transfer, request, url, options, detail.data());
    }
    transfer.response.status = static_cast<unsigned>(status);
    transfer.response.url = url.str();
    return std::move(transfer.response);
}

}  // namespace linkspan::transport
