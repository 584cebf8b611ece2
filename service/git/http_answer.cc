#include "service/git/http_answer.h"

#include "service/git/readable_text.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <string>

namespace linkspan::git {
namespace {

struct Meaning {
    Errc kind;
    std::string_view text;
};

Meaning meaning_of(long status, bool with_credentials) {
    switch (status) {
        case 401:
            return with_credentials
                       ? Meaning{Errc::Unauthorized, "the server refused the credentials"}
                       : Meaning{Errc::Unauthorized, "the server wants credentials"};
        case 403:
            // The credentials themselves were not refused (that is 401): a suspended or moved
            // repository, a permission that is being changed, a limit. It may be lifted there.
            return {Errc::Unavailable, "the server does not allow this with these credentials"};
        case 404:
        case 410:
            return {Errc::NotFound, "no such repository, or no access to it"};
        case 407:
            return {Errc::Unauthorized, "the proxy wants credentials"};
        case 408:
            return {Errc::Timeout, "the server gave up waiting"};
        case 413:
            return {Errc::InvalidInput, "the server refused the size of the push"};
        case 429:
            return {Errc::RateLimited, "the server asked us to slow down"};
        default:
            break;
    }
    if (status >= 500) return {Errc::Unavailable, "the server failed"};
    if (status >= 300 && status < 400) {
        return {Errc::InvalidInput, "the server redirects; put the address it names in the URL"};
    }
    return {Errc::InvalidInput, "the server refused the request"};
}

// Servers explain themselves in text/plain; a page of HTML helps nobody.
std::string explanation(const HttpAnswer& answer) {
    if (answer.content_type.rfind("text/plain", 0) != 0) return {};
    const auto text = readable_line(answer.body, 300);
    return text.empty() ? text : ": " + text;
}

}  // namespace

Error status_failure(std::string_view remote, const HttpAnswer& answer, bool with_credentials) {
    const auto [kind, text] = meaning_of(answer.status, with_credentials);
    Error error{
        kind, fmt::format("{}: {} (HTTP {}){}", remote, text, answer.status, explanation(answer))};
    long seconds = 0;
    const auto& after = answer.retry_after;
    const auto [end, failed] = std::from_chars(after.data(), after.data() + after.size(), seconds);
    if (failed == std::errc{} && end == after.data() + after.size() && seconds >= 0) {
        error.retry_after = std::chrono::seconds{seconds};
    }
    return error;
}

Error curl_failure(std::string_view remote, int code, std::string_view detail) {
    const auto because = [&](Errc kind, std::string_view text) {
        return Error{
            kind, fmt::format("{}: {}{}{}", remote, text, detail.empty() ? "" : ": ", detail)};
    };
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return because(Errc::Unavailable, "the host's name has no address");
        case CURLE_COULDNT_RESOLVE_PROXY:
            return because(Errc::Unavailable, "the proxy's name has no address");
        case CURLE_COULDNT_CONNECT:
            return because(Errc::Unavailable, "no connection");
        case CURLE_OPERATION_TIMEDOUT:
            return because(Errc::Timeout, "no answer in time");
        case CURLE_PEER_FAILED_VERIFICATION:
            return because(
                Errc::Unauthorized, "the server's certificate is not trusted (see ca_file)"
            );
        case CURLE_SSL_CACERT_BADFILE:
            return because(Errc::InvalidInput, "the CA file can't be used");
        case CURLE_SSL_CERTPROBLEM:
            return because(Errc::InvalidInput, "the client certificate can't be used");
        case CURLE_URL_MALFORMAT:
            return because(Errc::InvalidInput, "the URL can't be used");
        case CURLE_UNSUPPORTED_PROTOCOL:
            return because(Errc::Unavailable, "the answer is no HTTP");
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
            return because(Errc::Unavailable, "the server ended its answer early");
        case CURLE_OUT_OF_MEMORY:
        case CURLE_FAILED_INIT:
            return because(Errc::Internal, "libcurl failed");
        default:
            return because(Errc::Unavailable, "the connection failed");
    }
}

}  // namespace linkspan::git
