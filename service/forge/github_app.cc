#include "service/forge/github_app.h"

#include "core/base64.h"
#include "service/forge/answer.h"
#include "service/forge/json_fields.h"
#include "service/transport/url.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <ctime>

namespace linkspan::forge {

using std::chrono::system_clock;
using transport::percent_encode;

namespace {

constexpr std::chrono::minutes kBeforeEnd{5};
constexpr std::chrono::minutes kYoung{1};

struct KeyDeleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct BioDeleter {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
struct DigestDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::int64_t seconds_of(system_clock::time_point at) {
    return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

Result<std::string> sign_rs256(const Secret& pem, std::string_view text) {
    const std::unique_ptr<BIO, BioDeleter> bio{
        BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size()))};
    // No passphrase is asked for at the terminal.
    const auto no_passphrase = [](char*, int, int, void*) { return 0; };
    const std::unique_ptr<EVP_PKEY, KeyDeleter> key{
        bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr};
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
        return Error{
            Errc::InvalidInput,
            "the GitHub App's private key is no RSA key in PEM form; use the .pem file that GitHub "
            "made"};
    }
    const std::unique_ptr<EVP_MD_CTX, DigestDeleter> context{EVP_MD_CTX_new()};
    const auto* const data = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    std::string signature;
    const bool good =
        context &&
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
        EVP_DigestSign(context.get(), nullptr, &size, data, text.size()) == 1 && [&] {
            signature.resize(size);
            auto* const out = reinterpret_cast<unsigned char*>(signature.data());
            return EVP_DigestSign(context.get(), out, &size, data, text.size()) == 1;
        }();
    if (!good) return Error{Errc::Internal, "OpenSSL can't sign with the GitHub App's key"};
    signature.resize(size);
    return signature;
}

// "2026-08-01T12:00:00Z"
std::optional<system_clock::time_point> read_time(const std::string& text) {
    std::tm parts{};
    const char* const end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return system_clock::from_time_t(timegm(&parts));
}

}  // namespace

Result<Secret> make_app_jwt(
    const Secret& private_key, const std::string& app_id, system_clock::time_point now
) {
    const Json header{{"alg", "RS256"}, {"typ", "JWT"}};
    const Json claims{
        {"iat", seconds_of(now) - 60}, {"exp", seconds_of(now) + 540}, {"iss", app_id}};
    const std::string text =
        to_base64url(write_json(header)) + "." + to_base64url(write_json(claims));
    LINKSPAN_TRY(signature, sign_rs256(private_key, text));
    return Secret{text + "." + to_base64url(signature)};
}

GithubApp::GithubApp(GithubAppOptions options)
    : options_{std::move(options)},
      client_{options_.http},
      installation_id_{options_.installation_id} {}

Result<transport::HttpResponse> GithubApp::send(
    const Secret& jwt, std::string method, const std::string& path, std::string body
) {
    transport::HttpRequest request{
        .method = std::move(method),
        .url = options_.api + path,
        .headers =
            {{"Authorization", "Bearer " + jwt.reveal()},
             {"Accept", "application/vnd.github+json"},
             {"X-GitHub-Api-Version", "2022-11-28"}},
        .body = std::move(body),
        .timeout = options_.timeout};
    if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    LINKSPAN_TRY(response, client_.send(request));
    if (const auto limit = limit_of(response, options_.now()); limit && limit->refused) {
        Error error{Errc::RateLimited, "GitHub's limit for Apps: " + words_of(response)};
        error.retry_after = limit->wait;
        return error;
    }
    if (is_success(response)) return std::move(response);
    return explain(ForgeType::Github, response);
}

Result<std::int64_t> GithubApp::installation(const Secret& jwt) {
    if (installation_id_) return *installation_id_;
    const std::string path = fmt::format(
        "/repos/{}/{}/installation",
        percent_encode(options_.owner),
        percent_encode(options_.repository)
    );
    auto response = send(jwt, "GET", path, {});
    if (response.has_error()) {
        Error error = response.error();
        if (error.kind == Errc::NotFound) {
            error.message += fmt::format(
                "; is the App installed for {}/{}?", options_.owner, options_.repository
            );
        }
        return error;
    }
    LINKSPAN_TRY(body, read_json(response->body));
    const auto id = number(body, {"id"});
    if (id == 0) return Error{Errc::Unavailable, "GitHub's answer names no installation"};
    installation_id_ = id;
    return id;
}

Result<transport::HttpResponse> GithubApp::ask_for_token(const Secret& jwt, std::int64_t id) {
    const std::string path = fmt::format("/app/installations/{}/access_tokens", id);
    Json wanted = Json::object();
    if (!options_.repository.empty()) {
        wanted["repositories"] = Json::array({options_.repository});
    }
    for (const auto& [name, level] : options_.permissions) wanted["permissions"][name] = level;
    auto response = send(jwt, "POST", path, write_json(wanted));
    const bool too_much =
        response.has_error() && response.error().kind == Errc::InvalidInput &&
        response.error().message.find("permissions requested are not granted") != std::string::npos;
    if (!too_much) return response;
    LINKSPAN_TRY(there, send(jwt, "GET", fmt::format("/app/installations/{}", id), {}));
    LINKSPAN_TRY(installed, read_json(there.body));
    Json granted = Json::object();
    for (const auto& [name, level] : options_.permissions) {
        const std::string has = text(installed, {"permissions", name});
        if (!has.empty()) granted[name] = has == "read" ? has : level;
    }
    if (granted.empty()) return response;
    wanted["permissions"] = granted;
    return send(jwt, "POST", path, write_json(wanted));
}

Result<GithubApp::Installed> GithubApp::fetch() {
    LINKSPAN_TRY(key, options_.private_key());
    const auto now = options_.now();
    LINKSPAN_TRY(jwt, make_app_jwt(key, options_.app_id, now));
    LINKSPAN_TRY(id, installation(jwt));
    auto response = ask_for_token(jwt, id);
    if (response.has_error()) {
        // The App was installed anew: another id next time.
        if (response.error().kind == Errc::NotFound && !options_.installation_id) {
            installation_id_.reset();
        }
        return response.error();
    }
    LINKSPAN_TRY(body, read_json(response->body));
    Secret token{text(body, {"token"})};
    if (token.empty()) return Error{Errc::Unavailable, "GitHub's answer has no token"};
    const auto ends = read_time(text(body, {"expires_at"}));
    return Installed{std::move(token), now, ends.value_or(now + std::chrono::minutes{60})};
}

Result<Secret> GithubApp::token() {
    const std::lock_guard lock{mutex_};
    if (current_ && options_.now() + kBeforeEnd < current_->ends) return current_->token;
    auto fetched = fetch();
    if (fetched.has_error()) return fetched.error().within("a token of the GitHub App");
    current_ = std::move(*fetched);
    return current_->token;
}

bool GithubApp::refused(const Secret& token) {
    const std::lock_guard lock{mutex_};
    if (!current_) return true;
    if (!current_->token.equals(token.reveal())) return true;  // renewed by another meanwhile
    if (options_.now() - current_->made < kYoung) return false;
    current_.reset();
    return true;
}

}  // namespace linkspan::forge
