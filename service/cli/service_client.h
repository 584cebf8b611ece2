// Calls to a running service: where it is, the caller's token, and what its problems say.
#pragma once

#include "core/result.h"
#include "core/secret.h"
#include "service/transport/http_client.h"

#include <nlohmann/json.hpp>

#include <string>

namespace CLI {
class App;
}

namespace linkspan::cli {

struct ServiceOptions {
    std::string url;         // or LINKSPAN_URL
    std::string token_file;  // or LINKSPAN_TOKEN
    std::string ca_file;
    std::string output = "text";
    int timeout = 30;  // seconds
};

// --url, --token-file, --ca-file, --output, --timeout.
void add_service_options(CLI::App& command, ServiceOptions& options);

struct ServiceAnswer {
    unsigned status = 0;
    nlohmann::ordered_json body;
};

class ServiceClient {
public:
    explicit ServiceClient(const ServiceOptions& options);

    // Errors: InvalidInput (no URL, or an answer that is no JSON), and those of the transport.
    Result<ServiceAnswer> get(const std::string& path);
    // Carries an Idempotency-Key.
    Result<ServiceAnswer> post(const std::string& path, const nlohmann::ordered_json& body);

private:
    Result<ServiceAnswer> send(transport::HttpRequest request, const std::string& path);

    const ServiceOptions& options_;
    transport::HttpClient client_;
};

// Prints what went wrong on standard error; the exit code for it.
int complain(const Error& error);
int complain(const ServiceAnswer& answer);

std::string url_encoded(std::string_view text);
void print_json(const nlohmann::ordered_json& value);
// "" for what is absent, null or no text.
std::string text_of(const nlohmann::ordered_json& object, const char* name);

}  // namespace linkspan::cli
