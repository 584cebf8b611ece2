#include "config/config.h"
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"
#include "service/cli/files.h"
#include "webhooks/json_output.h"
#include "webhooks/senders.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace linkspan::cli {
namespace {

struct Options {
    std::string type;
    std::string config;
    std::string receiver;
    bool no_verify = false;
    std::string registry;
    std::vector<std::string> headers;
    std::string secret_file;
    std::string auth;
    std::string url;
    long long at = 0;  // Unix seconds; 0: now
    std::string body;
};

Result<webhooks::Headers> read_headers(const std::vector<std::string>& lines) {
    webhooks::Headers headers;
    for (const auto& line : lines) {
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos || colon == 0) {
            return Error{
                Errc::InvalidInput,
                fmt::format("--header \"{}\": write it as 'Name: value'", line)};
        }
        std::size_t value = colon + 1;
        while (value < line.size() && line[value] == ' ') ++value;
        headers.add(line.substr(0, colon), line.substr(value));
    }
    return headers;
}

// Without --auth: what the headers speak of, where the sender itself leaves the choice to its user;
// else what the sender does.
webhooks::AuthScheme scheme_of(
    const Options& options, const webhooks::Headers& headers, const webhooks::Sender& sender
) {
    if (const auto named = webhooks::parse_auth_scheme(options.auth)) return *named;
    if (sender.default_auth == webhooks::AuthScheme::Own) return sender.default_auth;
    const std::pair<std::string_view, webhooks::AuthScheme> telling[] = {
        {webhooks::Auth{}.header, webhooks::AuthScheme::Hmac},
        {"webhook-signature", webhooks::AuthScheme::StandardWebhooks},
        {"circleci-signature", webhooks::AuthScheme::CircleCi},
        {"X-Buildkite-Signature", webhooks::AuthScheme::Buildkite},
        {"Authorization", webhooks::AuthScheme::Bearer},
    };
    for (const auto& [header, scheme] : telling) {
        if (headers.get(header)) return scheme;
    }
    return sender.default_auth;
}

webhooks::Auth auth_for(
    const Options& options, const webhooks::Headers& headers, const webhooks::Sender& sender
) {
    auto auth = webhooks::auth_of(sender.type, scheme_of(options, headers, sender));
    // There is no topic to expect here; the signature is what is asked about.
    auth.sns.topics = {"*"};
    auth.sns.max_age = std::chrono::seconds{0};
    return auth;
}

// "https://host/hooks/name/token?query": the parts that senders put secrets into.
void read_url(const std::string& url, webhooks::RawDelivery& raw) {
    const std::size_t question = url.find('?');
    if (question != std::string::npos) raw.query = url.substr(question + 1);
    const std::string path = url.substr(0, question);
    const std::size_t hooks = path.find("/hooks/");
    if (hooks == std::string::npos) return;
    const std::size_t token = path.find('/', hooks + 7);
    if (token != std::string::npos) raw.path_token = path.substr(token + 1);
}

const webhooks::Sender* named_sender(const std::string& type) {
    const auto* sender = webhooks::find_sender(type);
    if (sender != nullptr) return sender;
    std::string known;
    for (const auto& one : webhooks::senders()) {
        known += known.empty() ? "" : ", ";
        known += one.type;
    }
    fmt::print(stderr, "linkspan: --type {}: unknown; known: {}\n", type, known);
    return nullptr;
}

// What the command was given, or an exit code.
struct Prepared {
    webhooks::Receiver receiver;
    int code = kOk;
};

Prepared from_config(const Options& options) {
    const config::Loaded loaded = config::load_file(options.config);
    if (!loaded.config) {
        for (const auto& problem : loaded.diagnostics) fmt::print(stderr, "{}\n", problem.str());
        return {.receiver = {}, .code = kUsage};
    }
    const auto* receiver = loaded.config->receiver(options.receiver);
    if (receiver == nullptr) {
        fmt::print(
            stderr, "linkspan: {} has no receiver \"{}\"\n", options.config, options.receiver
        );
        return {.receiver = {}, .code = kUsage};
    }
    Prepared prepared{.receiver = *receiver, .code = kOk};
    // Keys of issuers and certificates are not fetched here: what needs them is only parsed.
    const auto scheme = receiver->auth.scheme;
    if (options.no_verify || options.headers.empty() || scheme == webhooks::AuthScheme::Oidc ||
        scheme == webhooks::AuthScheme::Sns) {
        prepared.receiver.auth = webhooks::Auth{};
    }
    return prepared;
}

Prepared from_options(const Options& options, const webhooks::Headers& headers) {
    const auto* sender = named_sender(options.type);
    if (sender == nullptr) return {.receiver = {}, .code = kUsage};
    Prepared prepared;
    prepared.receiver.name = "command-line";
    prepared.receiver.type = options.type;
    prepared.receiver.registry = options.registry;
    if (options.secret_file.empty()) return prepared;
    auto secret = read_file(options.secret_file, 64U << 10);
    if (secret.has_error()) {
        fmt::print(stderr, "linkspan: {}\n", secret.error().message);
        return {.receiver = {}, .code = kNoInput};
    }
    if (secret->ends_with('\n')) secret->pop_back();
    if (secret->ends_with('\r')) secret->pop_back();
    prepared.receiver.auth = auth_for(options, headers, *sender);
    prepared.receiver.auth.secrets =
        std::make_shared<webhooks::FixedSecrets>(std::vector{Secret{std::move(*secret)}});
    return prepared;
}

int parse(const Options& options) {
    auto headers = read_headers(options.headers);
    if (headers.has_error()) {
        fmt::print(stderr, "linkspan: {}\n", headers.error().message);
        return kUsage;
    }
    if (options.config.empty() == options.type.empty() ||
        options.config.empty() != options.receiver.empty()) {
        fmt::print(stderr, "linkspan: give --type, or --config and --receiver\n");
        return kUsage;
    }
    const Prepared prepared =
        options.config.empty() ? from_options(options, *headers) : from_config(options);
    if (prepared.code != kOk) return prepared.code;
    const webhooks::Receiver& receiver = prepared.receiver;
    auto body = read_file(options.body);
    if (body.has_error()) {
        fmt::print(stderr, "linkspan: {}\n", body.error().message);
        return kNoInput;
    }
    webhooks::RawDelivery raw;
    raw.receiver = receiver.name;
    raw.headers = std::move(*headers);
    raw.body = std::move(*body);
    raw.remote_address = "127.0.0.1:0";
    read_url(options.url, raw);
    raw.received_at = options.at != 0
                          ? std::chrono::system_clock::time_point{std::chrono::seconds{options.at}}
                          : std::chrono::system_clock::now();
    auto verified = webhooks::verify(std::move(raw), receiver);
    if (verified.has_error()) {
        fmt::print(stderr, "linkspan: not authentic: {}\n", verified.error().message);
        return kNotAuthentic;
    }
    const auto parsed = webhooks::parse(*verified, receiver);
    if (parsed.has_error()) {
        fmt::print(stderr, "linkspan: malformed: {}\n", parsed.error().message);
        return kMalformed;
    }
    fmt::print("{}\n", webhooks::to_json(*parsed));
    return kOk;
}

}  // namespace

void add_webhook(CLI::App& app, Run& run) {
    auto* webhook = app.add_subcommand("webhook", "Try webhook bodies without a service");
    webhook->require_subcommand(1);
    auto options = std::make_shared<Options>();
    auto* command =
        webhook->add_subcommand("parse", "What a delivery says, and whether it is authentic");
    command->footer(
        "Exit code 0, 2 for a malformed body, 3 when it is not authentic. Without --secret-file "
        "nothing is verified.\n"
        "Example: linkspan webhook parse --type distribution envelope.json\n"
        "         linkspan webhook parse --type ci --secret-file secret --header "
        "'X-Linkspan-Signature-256: sha256=…' body.json"
    );
    std::string types;
    for (const auto& one : webhooks::senders()) {
        types += types.empty() ? "" : ", ";
        types += one.type;
    }
    command->add_option("--type", options->type, "Sender: " + types);
    command->add_option(
        "--config",
        options->config,
        "Take the receiver from a configuration, with its fields and rewrites"
    );
    command->add_option(
        "--receiver",
        options->receiver,
        "Its name; with --config, and verified only when --header is given"
    );
    command->add_flag("--no-verify", options->no_verify, "Only parse: headers without a signature");
    command->add_option("--registry", options->registry, "Registry host, for bodies that lack one");
    command->add_option("--header", options->headers, "'Name: value', as sent; repeatable")
        ->expected(1)
        ->take_all();
    command->add_option(
        "--secret-file", options->secret_file, "Verify with the secret in this file"
    );
    std::vector<std::string> schemes;
    for (const auto& one : webhooks::auth_scheme_names()) schemes.emplace_back(one.name);
    command->add_option("--auth", options->auth, "How to verify; default: what the sender does")
        ->check(CLI::IsMember(schemes));
    command->add_option(
        "--at",
        options->at,
        "Unix time at which it was received, for signatures that age; default: now"
    );
    command->add_option(
        "--url", options->url, "URL it was sent to, for secrets in the path or query"
    );
    command
        ->add_option(
            "BODY_FILE", options->body, "The request body, byte for byte; - is standard input"
        )
        ->required();
    command->callback([options, &run] { run = [options] { return parse(*options); }; });
}

}  // namespace linkspan::cli
