#include "service/cli/service_client.h"

#include "service/cli/exit_code.h"
#include "service/cli/files.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace linkspan::cli {
namespace {

using Json = nlohmann::ordered_json;

transport::HttpClientOptions client_options(const ServiceOptions& options) {
    transport::HttpClientOptions client;
    client.ca_file = options.ca_file;
    return client;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string{value};
}

// None is no error: reading may be open.
Result<Secret> token_of(const ServiceOptions& options) {
    std::string token = environment("LINKSPAN_TOKEN");
    if (!options.token_file.empty()) {
        LINKSPAN_TRY(text, read_file(options.token_file, 64U << 10));
        token = std::move(text);
    }
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
    return Secret{std::move(token)};
}

std::string random_key() {
    std::random_device device;
    std::string key;
    for (int i = 0; i < 4; ++i) key += fmt::format("{:08x}", device());
    return key;
}

}  // namespace

void add_service_options(CLI::App& command, ServiceOptions& options) {
    command.add_option("--url", options.url, "The service; or LINKSPAN_URL");
    command.add_option(
        "--token-file", options.token_file, "File with your token; or LINKSPAN_TOKEN"
    );
    command.add_option("--ca-file", options.ca_file, "CA certificates for the service's TLS");
    command.add_option("--timeout", options.timeout, "Seconds for all of it")
        ->check(CLI::Range(1, 86400))
        ->capture_default_str();
    command.add_option("--output", options.output, "text or json")
        ->check(CLI::IsMember({"json", "text"}))
        ->capture_default_str();
}

ServiceClient::ServiceClient(const ServiceOptions& options)
    : options_{options}, client_{client_options(options)} {}

Result<ServiceAnswer> ServiceClient::send(transport::HttpRequest request, const std::string& path) {
    std::string base = options_.url.empty() ? environment("LINKSPAN_URL") : options_.url;
    if (base.empty()) {
        return Error{Errc::InvalidInput, "no service: give --url, or set LINKSPAN_URL"};
    }
    while (base.ends_with('/')) base.pop_back();
    LINKSPAN_TRY(token, token_of(options_));
    request.url = base + path;
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token.reveal());
    // A call that waits is answered within 60 s.
    request.timeout = std::chrono::seconds{options_.timeout} + std::chrono::seconds{5};
    LINKSPAN_TRY(answer, client_.send(request));
    ServiceAnswer out{.status = answer.status, .body = Json::parse(answer.body, nullptr, false)};
    if (out.status < 300 && out.body.is_discarded()) {
        return Error{
            Errc::InvalidInput,
            fmt::format("{} answered, but not as Linkspan does; is the URL right?", base)};
    }
    return out;
}

Result<ServiceAnswer> ServiceClient::get(const std::string& path) { return send({}, path); }

Result<ServiceAnswer> ServiceClient::post(const std::string& path, const Json& body) {
    transport::HttpRequest request;
    request.method = "POST";
    request.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    request.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", random_key()}};
    return send(std::move(request), path);
}

int complain(const Error& error) {
    fmt::print(stderr, "linkspan: {}\n", error.message);
    if (is_transient(error.kind)) return kUnavailable;
    return error.kind == Errc::NotFound ? kNoInput : kUsage;
}

int complain(const ServiceAnswer& answer) {
    const std::string detail = text_of(answer.body, "detail");
    fmt::print(
        stderr,
        "linkspan: the service answered {}{}{}\n",
        answer.status,
        detail.empty() ? "" : ": ",
        detail
    );
    if (answer.status == 401 || answer.status == 403) return kNotAuthentic;
    if (answer.status >= 500) return kUnavailable;
    return answer.status == 400 ? kMalformed : kNegative;
}

std::string url_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

void print_json(const Json& value) {
    fmt::print("{}\n", value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string text_of(const Json& object, const char* name) {
    if (!object.is_object()) return {};
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace linkspan::cli
