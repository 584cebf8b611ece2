#include "core/secret.h"
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"
#include "service/cli/files.h"
#include "service/transport/http_client.h"
#include "webhooks/hash.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>

namespace linkspan::cli {
namespace {

using Json = nlohmann::ordered_json;
using SteadyClock = std::chrono::steady_clock;

struct Options {
    std::string url;
    std::string image;
    std::string tag;
    std::string digest;
    std::string revision;
    std::string source;
    std::string build_url;
    std::string actor;
    std::string secret_file;
    std::string secret_env = "LINKSPAN_SECRET";
    std::string auth = "hmac";
    std::string audience = "linkspan";
    std::string token_file;
    std::string token_env = "LINKSPAN_ID_TOKEN";
    std::string idempotency_key;
    std::string ca_file;
    std::string output = "text";
    std::string wait;   // "settled", "applied", or empty: not at all
    int timeout = 300;  // seconds, for sending and waiting together
};

// The facts that CI systems put into the environment; an option on the command line wins.
std::string first_of_environment(std::initializer_list<const char*> names) {
    for (const char* name : names) {
        if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
    }
    return {};
}

void fill_from_environment(Options& options) {
    if (options.revision.empty()) {
        options.revision = first_of_environment(
            {"GITHUB_SHA",
             "CI_COMMIT_SHA",
             "GIT_COMMIT",
             "CIRCLE_SHA1",
             "BUILDKITE_COMMIT",
             "DRONE_COMMIT_SHA"}
        );
    }
    if (options.actor.empty()) {
        options.actor = first_of_environment(
            {"GITHUB_ACTOR", "GITLAB_USER_LOGIN", "CIRCLE_USERNAME", "BUILDKITE_BUILD_CREATOR"}
        );
    }
    if (options.build_url.empty()) {
        options.build_url = first_of_environment(
            {"CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL"}
        );
        const std::string server = first_of_environment({"GITHUB_SERVER_URL"});
        const std::string repository = first_of_environment({"GITHUB_REPOSITORY"});
        const std::string run = first_of_environment({"GITHUB_RUN_ID"});
        if (options.build_url.empty() && !server.empty() && !repository.empty() && !run.empty()) {
            options.build_url = server + "/" + repository + "/actions/runs/" + run;
        }
        if (options.source.empty() && !server.empty() && !repository.empty()) {
            options.source = server + "/" + repository;
        }
    }
    if (options.source.empty())
        options.source = first_of_environment({"CI_PROJECT_URL", "GIT_URL"});
}

std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

Result<Secret> read_secret(const Options& options) {
    if (!options.secret_file.empty()) {
        LINKSPAN_TRY(text, read_file(options.secret_file, 64U << 10));
        if (text.ends_with('\n')) text.pop_back();
        if (text.ends_with('\r')) text.pop_back();
        return Secret{std::move(text)};
    }
    const char* value = std::getenv(options.secret_env.c_str());
    if (value == nullptr || *value == '\0') {
        return Error{
            Errc::NotFound,
            fmt::format(
                "no secret: give --secret-file, or set {} in the environment", options.secret_env
            )};
    }
    return Secret{value};
}

// Keyless: the CI system vouches for the job. In order: a file, a variable (GitLab's id_tokens and
// others put it there), or what GitHub Actions hands out to a job with "permissions: id-token:
// write". https://docs.github.com/en/actions/reference/security/oidc
Result<Secret> read_id_token(const Options& options, transport::HttpClient& client) {
    if (!options.token_file.empty()) {
        LINKSPAN_TRY(text, read_file(options.token_file, 64U << 10));
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
        return Secret{std::move(text)};
    }
    if (const char* value = std::getenv(options.token_env.c_str()); value && *value) {
        return Secret{value};
    }
    const std::string url = first_of_environment({"ACTIONS_ID_TOKEN_REQUEST_URL"});
    const std::string key = first_of_environment({"ACTIONS_ID_TOKEN_REQUEST_TOKEN"});
    if (url.empty() || key.empty()) {
        return Error{
            Errc::NotFound,
            fmt::format(
                "no token of the CI system: set {}, give --token-file, or on GitHub Actions add "
                "\"permissions: "
                "id-token: write\" to the job",
                options.token_env
            )};
    }
    transport::HttpRequest request;
    request.url = url + (url.find('?') == std::string::npos ? "?" : "&") +
                  "audience=" + percent_encoded(options.audience);
    request.headers = {{"Authorization", "Bearer " + key}, {"Accept", "application/json"}};
    LINKSPAN_TRY(answer, client.send(request));
    const Json body = Json::parse(answer.body, nullptr, false);
    if (answer.status != 200 || !body.is_object() || !body.contains("value") ||
        !body["value"].is_string()) {
        return Error{
            Errc::Unavailable,
            fmt::format("the CI system answered {} when asked for a token", answer.status)};
    }
    return Secret{body["value"].get<std::string>()};
}

// The same key on every try of one call: a try whose answer was lost is a duplicate, not a second
// delivery.
std::string random_key() {
    std::random_device device;
    std::string key;
    for (int i = 0; i < 4; ++i) key += fmt::format("{:08x}", device());
    return key;
}

std::string body_of(const Options& options) {
    Json body{{"image", options.image}, {"tag", options.tag}};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) body[name] = value;
    };
    add("digest", options.digest);
    add("revision", options.revision);
    add("source", options.source);
    add("build_url", options.build_url);
    add("actor", options.actor);
    return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool worth_another_try(unsigned status) {
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

transport::HttpClientOptions client_options(const Options& options) {
    transport::HttpClientOptions client;
    client.ca_file = options.ca_file;
    return client;
}

class Notifier {
public:
    explicit Notifier(const Options& options)
        : options_{options},
          client_{client_options(options)},
          until_{SteadyClock::now() + std::chrono::seconds{options.timeout}} {}

    Result<Secret> id_token() { return read_id_token(options_, client_); }

    int run(const Secret& secret) {
        const auto answer = deliver(secret);
        if (answer.has_error()) {
            fmt::print(stderr, "linkspan: {}\n", answer.error().message);
            return kUnavailable;
        }
        const Json body = Json::parse(answer->body, nullptr, false);
        if (answer->status == 401 || answer->status == 403)
            return complain(*answer, body, kNotAuthentic);
        if (answer->status >= 300 || answer->status < 200)
            return complain(*answer, body, kMalformed);
        if (!body.is_object() || !body.contains("id") || !body["id"].is_string()) {
            fmt::print(
                stderr,
                "linkspan: {} answered {} but not as Linkspan does; is the URL right?\n",
                options_.url,
                answer->status
            );
            return kUnavailable;
        }
        if (body.contains("ignored") && body["ignored"].is_string()) {
            print(body, [&] { fmt::print("ignored: {}\n", body["ignored"].get<std::string>()); });
            return kNothingToDo;
        }
        const std::string id = body["id"];
        if (options_.wait.empty()) {
            print(body, [&] { fmt::print("accepted: delivery {}\n", id); });
            return kOk;
        }
        return follow(id);
    }

private:
    template <class Text>
    void print(const Json& json, const Text& text) {
        if (options_.output == "json") {
            fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
        } else {
            text();
        }
        std::fflush(stdout);
    }

    static int complain(const transport::HttpResponse& answer, const Json& body, int code) {
        std::string detail = body.is_object() ? body.value("detail", std::string{}) : std::string{};
        fmt::print(
            stderr,
            "linkspan: the service answered {}{}{}\n",
            answer.status,
            detail.empty() ? "" : ": ",
            detail
        );
        return code;
    }

    [[nodiscard]] std::chrono::milliseconds left() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(until_ - SteadyClock::now());
    }

    // Tries again while the service can't be reached or says "later", with growing pauses, until
    // the time is over.
    Result<transport::HttpResponse> send(transport::HttpRequest request) {
        std::chrono::milliseconds pause{500};
        while (true) {
            request.timeout = std::max(
                std::chrono::milliseconds{1000},
                std::min<std::chrono::milliseconds>(left(), std::chrono::seconds{75})
            );
            auto answer = client_.send(request);
            const bool again = answer.has_error() ? is_transient(answer.error().kind)
                                                  : worth_another_try(answer->status);
            if (!again) return answer;
            auto wait = pause;
            if (answer.has_value()) {
                if (const auto asked = answer->retry_after()) {
                    wait = std::max<std::chrono::milliseconds>(wait, *asked);
                }
            }
            if (left() <= wait) return answer;
            fmt::print(
                stderr,
                "linkspan: {}; trying again in {} ms\n",
                answer.has_error() ? answer.error().message
                                   : fmt::format("the service answered {}", answer->status),
                wait.count()
            );
            std::this_thread::sleep_for(wait);
            pause = std::min<std::chrono::milliseconds>(pause * 2, std::chrono::seconds{15});
        }
    }

    Result<transport::HttpResponse> deliver(const Secret& secret) {
        transport::HttpRequest request;
        request.method = "POST";
        request.url = options_.url;
        request.body = body_of(options_);
        request.headers = {
            {"Content-Type", "application/json"},
            {"Idempotency-Key",
             options_.idempotency_key.empty() ? random_key() : options_.idempotency_key}};
        if (options_.auth != "hmac") {
            request.headers.emplace_back("Authorization", "Bearer " + secret.reveal());
        } else {
            request.headers.emplace_back(
                "X-Linkspan-Signature-256",
                "sha256=" + webhooks::to_hex(webhooks::hmac(
                                webhooks::HashAlgorithm::Sha256, secret.reveal(), request.body
                            ))
            );
        }
        return send(std::move(request));
    }

    // The part of the URL before /hooks/: the delivery is asked for where it was sent, not where a
    // server's answer says.
    [[nodiscard]] std::string service_url() const {
        const std::size_t hooks = options_.url.rfind("/hooks/");
        return hooks == std::string::npos ? options_.url : options_.url.substr(0, hooks);
    }

    int follow(const std::string& id) {
        while (true) {
            const auto wait = std::clamp<long long>(
                std::chrono::duration_cast<std::chrono::seconds>(left()).count(), 0, 30
            );
            transport::HttpRequest request;
            request.url = fmt::format(
                "{}/v1/deliveries/{}?wait={}s{}",
                service_url(),
                id,
                wait,
                options_.wait == "applied" ? "&for=applied" : ""
            );
            auto answer = send(std::move(request));
            if (answer.has_error()) {
                fmt::print(stderr, "linkspan: {}\n", answer.error().message);
                return kUnavailable;
            }
            const Json trail = Json::parse(answer->body, nullptr, false);
            if (answer->status != 200 || !trail.is_object()) {
                return complain(*answer, trail, kUnavailable);
            }
            const bool settled = trail.value("settled", false);
            const bool ended = settled && (options_.wait != "applied" ||
                                           deployment_of(trail) != Deployed::Waiting);
            if (ended || left().count() <= 0) {
                print(trail, [&] { print_trail(trail, options_.wait == "applied"); });
                return ended ? exit_code_of(trail, options_.wait == "applied") : kStillPending;
            }
        }
    }

    static std::string text_of(const Json& object, const char* name) {
        const auto found = object.find(name);
        return found != object.end() && found->is_string() ? found->get<std::string>() : "";
    }

    static void print_trail(const Json& trail, bool applied) {
        fmt::print("delivery {}\n", text_of(trail, "id"));
        for (const auto& event : trail.value("events", Json::array())) {
            fmt::print("{}:{}\n", text_of(event, "image"), text_of(event, "tag"));
            const Json targets = event.value("targets", Json::array());
            if (targets.empty()) fmt::print("  unwatched: {}\n", text_of(event, "reason"));
            for (const auto& target : targets) {
                const std::string outcome = text_of(target, "outcome");
                fmt::print(
                    "  {} (policy {}): {}\n",
                    text_of(target, "target"),
                    text_of(target, "policy"),
                    outcome.empty() ? "pending" : outcome
                );
                if (const auto why = text_of(target, "reason"); !why.empty())
                    fmt::print("    {}\n", why);
                if (const auto error = text_of(target, "last_error"); !error.empty()) {
                    fmt::print("    last error: {}\n", error);
                }
                if (const auto commit = text_of(target, "commit"); !commit.empty()) {
                    fmt::print("    commit {}\n", commit);
                }
                if (const auto since = text_of(target, "current_since"); !since.empty()) {
                    fmt::print("    current since commit {}\n", since);
                } else if (applied && outcome == "already_current") {
                    fmt::print(
                        "    nothing was to be applied, and no commit of Linkspan is known that "
                        "made "
                        "it current: whether it runs was not waited for\n"
                    );
                }
                for (const auto& report : target.value("deployments", Json::array())) {
                    fmt::print(
                        "    {} by {} at {}: {}\n",
                        text_of(report, "state"),
                        text_of(report, "object"),
                        text_of(report, "revision").substr(0, 12),
                        text_of(report, "message")
                    );
                }
                const Json plan = target.value("plan", Json::object());
                for (const auto& change : plan.value("changes", Json::array())) {
                    fmt::print(
                        "    {}:{} {} -> {}\n",
                        text_of(change, "path"),
                        change.value("line", 0),
                        text_of(change, "old_tag"),
                        text_of(change, "new_tag")
                    );
                }
            }
        }
    }

    // What controllers said of everything that was committed, now or before.
    enum class Deployed { Waiting, Applied, Failed };
    static Deployed deployment_of(const Json& trail) {
        Deployed all = Deployed::Applied;
        for (const auto& event : trail.value("events", Json::array())) {
            for (const auto& target : event.value("targets", Json::array())) {
                const std::string outcome = text_of(target, "outcome");
                if (outcome == "pull_request") return Deployed::Waiting;
                const bool by_us = !text_of(target, "current_since").empty();
                if (outcome != "committed" && outcome != "merged" && !by_us) continue;
                const std::string deployed = text_of(target, "deployed");
                if (deployed == "failed") {
                    all = Deployed::Failed;
                } else if (deployed != "applied") {
                    return Deployed::Waiting;
                }
            }
        }
        return all;
    }

    // The worst outcome counts: a job must not be green when one of its targets refused.
    static int exit_code_of(const Json& trail, bool applied) {
        bool done = false;
        bool negative = false;
        for (const auto& event : trail.value("events", Json::array())) {
            for (const auto& target : event.value("targets", Json::array())) {
                const std::string outcome = text_of(target, "outcome");
                const bool good = outcome == "committed" || outcome == "already_current";
                done = done || good;
                negative = negative || !good;
            }
        }
        if (negative) return kNegative;
        if (applied && deployment_of(trail) == Deployed::Failed) return kNotApplied;
        return done ? kOk : kNothingToDo;
    }

    const Options& options_;
    transport::HttpClient client_;
    SteadyClock::time_point until_;
};

int notify(Options options) {
    fill_from_environment(options);
    Notifier notifier{options};
    const auto secret = options.auth == "oidc" ? notifier.id_token() : read_secret(options);
    if (secret.has_error()) {
        fmt::print(stderr, "linkspan: {}\n", secret.error().message);
        return is_transient(secret.error().kind) ? kUnavailable : kUsage;
    }
    return notifier.run(*secret);
}

}  // namespace

void add_notify(CLI::App& app, Run& run) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "notify", "Tell a service that an image was pushed: the step after a CI build"
    );
    command->footer(
        "Signs with HMAC-SHA256 (or sends the secret as a bearer token), posts, and with --wait "
        "prints where the image\n"
        "went. Revision, actor, build and source URL are taken from the CI system's environment "
        "when not given.\n"
        "Exit codes: 0 committed or already current (without --wait: accepted), 1 refused or "
        "failed, 2 malformed,\n"
        "3 not authentic or not allowed, 4 nobody watches the image, 5 still pending, 6 committed "
        "but not applied\n"
        "(--wait=applied), 69 service not reached.\n"
        "Example: linkspan notify --url https://linkspan.example.com/hooks/ci --wait \\\n"
        "         --image registry.example.com/acme/app --tag \"$TAG\" --digest \"$DIGEST\""
    );
    command->add_option("--url", options->url, "The receiver: https://HOST/hooks/NAME")
        ->envname("LINKSPAN_URL")
        ->required();
    command->add_option("--image", options->image, "HOST/REPOSITORY")->required();
    command->add_option("--tag", options->tag, "The pushed tag")->required();
    command->add_option("--digest", options->digest, "sha256:…, when the build knows it");
    command->add_option("--revision", options->revision, "Commit of the source");
    command->add_option("--source", options->source, "URL of the source repository");
    command->add_option("--build-url", options->build_url, "URL of the build");
    command->add_option("--actor", options->actor, "Who or what pushed");
    command->add_option("--secret-file", options->secret_file, "File with the receiver's secret");
    command
        ->add_option(
            "--secret-env", options->secret_env, "Environment variable with the receiver's secret"
        )
        ->capture_default_str();
    command
        ->add_option("--auth", options->auth, "hmac, bearer or oidc, as the receiver is configured")
        ->check(CLI::IsMember({"hmac", "bearer", "oidc"}))
        ->capture_default_str();
    command
        ->add_option(
            "--audience", options->audience, "oidc on GitHub Actions: the audience to ask for"
        )
        ->capture_default_str();
    command->add_option(
        "--token-file", options->token_file, "oidc: file with the CI system's token"
    );
    command
        ->add_option("--token-env", options->token_env, "oidc: variable with the CI system's token")
        ->capture_default_str();
    command->add_option(
        "--idempotency-key", options->idempotency_key, "Default: a random one for each call"
    );
    command->add_option("--ca-file", options->ca_file, "CA certificates for the service's TLS");
    command
        ->add_flag(
            "--wait{settled}",
            options->wait,
            "Wait for the outcome and print it; with --wait=applied, until controllers have "
            "reported what became of the commit"
        )
        ->check(CLI::IsMember({"settled", "applied"}));
    command->add_option("--timeout", options->timeout, "Seconds for all of it")
        ->check(CLI::Range(1, 86400))
        ->capture_default_str();
    command->add_option("--output", options->output, "text or json")
        ->check(CLI::IsMember({"json", "text"}))
        ->capture_default_str();
    command->callback([options, &run] { run = [options] { return notify(*options); }; });
}

}  // namespace linkspan::cli
