#include "config/config.h"
#include "service/cli/commands.h"
#include "service/cli/config_watch.h"
#include "service/cli/exit_code.h"
#include "service/http/server.h"
#include "service/pipeline/intake.h"
#include "service/pipeline/metrics.h"
#include "service/pipeline/pipeline.h"
#include "service/pipeline/receivers.h"
#include "service/pipeline/routes.h"
#include "service/runtime/blocking.h"
#include "service/store/store.h"

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace linkspan::cli {
namespace asio = boost::asio;
namespace {

struct Options {
    std::string config;
    std::string log_format = "text";
    std::string log_level = "info";
};

// What follows /hooks/{receiver}/ may be a secret.
std::string_view loggable(std::string_view path) {
    constexpr std::string_view kHooks = "/hooks/";
    if (!path.starts_with(kHooks)) return path;
    return path.substr(0, path.find('/', kHooks.size()));
}

// One JSON object a line: what log collectors read.
class JsonFormatter final : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const auto level = spdlog::level::to_string_view(message.level);
        const nlohmann::ordered_json line{
            {"time",
             fmt::format(
                 "{:.3f}", std::chrono::duration<double>(message.time.time_since_epoch()).count()
             )},
            {"level", std::string{level.data(), level.size()}},
            {"message", std::string{message.payload.data(), message.payload.size()}},
        };
        const std::string text =
            line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
        out.append(text.data(), text.data() + text.size());
    }
    [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<JsonFormatter>();
    }
};

void set_up_logging(const Options& options) {
    auto logger = spdlog::stderr_logger_mt("linkspan");
    if (options.log_format == "json") {
        logger->set_formatter(std::make_unique<JsonFormatter>());
    } else {
        logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    }
    spdlog::set_default_logger(std::move(logger));
    spdlog::set_level(spdlog::level::from_str(options.log_level));
    spdlog::flush_on(spdlog::level::info);
}

Result<http::ServerOptions> server_options(
    const config::Server& server, pipeline::Metrics& metrics
) {
    http::ServerOptions options;
    const std::size_t colon = server.listen.rfind(':');
    const std::string port = colon == std::string::npos ? "" : server.listen.substr(colon + 1);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (port.empty() || error != std::errc{} || end != port.data() + port.size() ||
        number > 65535) {
        return Error{
            Errc::InvalidInput,
            fmt::format("server.listen \"{}\": write it as HOST:PORT", server.listen)};
    }
    options.host = server.listen.substr(0, colon);
    if (options.host.starts_with('[') && options.host.ends_with(']')) {
        options.host = options.host.substr(1, options.host.size() - 2);
    }
    if (options.host.empty()) options.host = "0.0.0.0";  // ":8080"
    options.port = static_cast<std::uint16_t>(number);
    options.max_body = server.max_body;
    options.max_headers = server.max_headers;
    options.header_timeout = server.header_timeout;
    options.body_timeout = server.body_timeout;
    options.idle_timeout = server.idle_timeout;
    options.max_connections = server.max_connections;
    if (server.tls) {
        options.tls = http::TlsOptions{};
        options.tls->certificate_file = server.tls->certificate;
        options.tls->key_file = server.tls->key;
        options.tls->client_ca_file = server.tls->client_ca;
    }
    options.failed = [](const http::Request& request, std::string_view what) {
        spdlog::error("{} {}: {}", request.method, loggable(request.path), what);
    };
    options.tls_reloaded = [](const Status& loaded) {
        if (loaded.has_error()) {
            spdlog::error("the new certificate is not used: {}", loaded.error().message);
        } else {
            spdlog::info("the new certificate is in use");
        }
    };
    options.observe =
        [&metrics](const http::Request& request, const http::Response& response, auto elapsed) {
            metrics.request(request.method, response.status, elapsed);
            spdlog::debug(
                "{} {} {} {}",
                request.remote_address,
                request.method,
                loggable(request.path),
                response.status
            );
        };
    return options;
}

// The process: owns everything that lives as long as it does. Members are destroyed in the reverse
// order, so that the pipeline's pools end before the store that their results go to.
class Service {
public:
    Service(pipeline::ConfigPtr config, std::unique_ptr<store::Store> store)
        : config_{std::move(config)},
          writer_{std::move(store)},
          pipeline_{context_.get_executor(), config_, writer_, metrics_},
          receivers_{*config_},
          intake_{pipeline_, receivers_, writer_, metrics_},
          signals_{context_, SIGTERM, SIGINT},
          hangup_{context_, SIGHUP} {}

    int run() {
        auto options = server_options(config_->server, metrics_);
        if (options.has_error()) {
            spdlog::critical("{}", options.error().message);
            return kNegative;
        }
        server_ = std::make_unique<http::Server>(
            context_.get_executor(),
            std::move(*options),
            pipeline::routes(intake_, pipeline_, writer_, metrics_)
        );
        asio::co_spawn(context_, life(), [](std::exception_ptr failure) {
            if (failure) std::rethrow_exception(failure);
        });
        context_.run();
        // What had begun before the start failed is pending in the store.
        if (exit_code_ != kOk) leave(exit_code_);
        return exit_code_;
    }

private:
    asio::awaitable<void> life() {
        // Work of an earlier life is taken up before new work can arrive.
        if (auto resumed = co_await pipeline_.resume(); resumed.has_error()) {
            spdlog::critical("the store can't be read: {}", resumed.error().message);
            exit_code_ = kNegative;
            context_.stop();
            co_return;
        }
        if (auto started = server_->start(); started.has_error()) {
            spdlog::critical("{}", started.error().message);
            exit_code_ = kNegative;
            context_.stop();
            co_return;
        }
        const std::string& listen = config_->server.listen;
        spdlog::info(
            "linkspan {} listening on {}:{}{}",
            LINKSPAN_VERSION,
            listen.substr(0, listen.rfind(':')),
            server_->port(),
            config_->server.tls ? " (TLS)" : ""
        );
        if (!config_->server.read_token) {
            spdlog::warn(
                "server.read_token is not set: whoever reaches this port can list deliveries and "
                "read their trails"
            );
        }
        asio::co_spawn(context_, reload_on_hangup(), [](std::exception_ptr) {});
        asio::co_spawn(context_, reload_on_change(), [](std::exception_ptr) {});
        const auto [error, signal] =
            co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (error) co_return;
        spdlog::info("signal {}: draining", signal);
        const auto patience =
            std::chrono::duration_cast<std::chrono::milliseconds>(config_->server.drain_timeout);
        // A second signal means: now. What is pending stays in the store.
        asio::co_spawn(context_, end_at_second_signal(), [](std::exception_ptr) {});
        hangup_.cancel();
        if (watch_) watch_->cancel();
        pipeline_.release_watchers();
        co_await server_->drain(patience);
        const bool quiet = co_await pipeline_.stop(patience);
        signals_.cancel();
        spdlog::info("stopped with {} pieces of work pending", pipeline_.pending());
        if (!quiet) end_now();
    }

    asio::awaitable<void> end_at_second_signal() {
        const auto [error, signal] =
            co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (error) co_return;
        spdlog::warn("signal {} again: ending now", signal);
        end_now();
    }

    // A call to a remote is still out. Nothing is lost: its work is pending in the store, and what
    // the store reported as done is on the disk.
    [[noreturn]] static void end_now() { leave(kOk); }

    [[noreturn]] static void leave(int exit_code) {
        spdlog::shutdown();
        std::_Exit(exit_code);
    }

    asio::awaitable<void> reload_on_hangup() {
        while (true) {
            const auto [error, signal] =
                co_await hangup_.async_wait(asio::as_tuple(asio::use_awaitable));
            if (error) co_return;
            try {
                reload();
            } catch (const std::exception& e) {
                spdlog::error("the configuration is not reloaded: {}", e.what());
            }
        }
    }

    asio::awaitable<void> reload_on_change() {
        auto watch = ConfigWatch::open(context_.get_executor(), config_->file);
        if (watch.has_error()) {
            spdlog::warn(
                "a changed configuration file is not noticed ({}); SIGHUP reloads it",
                watch.error().message
            );
            co_return;
        }
        watch_.emplace(std::move(*watch));
        while (co_await watch_->changed()) {
            spdlog::info("{} has changed", config_->file);
            try {
                reload();
            } catch (const std::exception& e) {
                spdlog::error("the configuration is not reloaded: {}", e.what());
            }
        }
    }

    void reload() {
        const config::Loaded loaded = config::load_file(config_->file);
        if (!loaded.config) {
            for (const auto& problem : loaded.diagnostics) spdlog::error("{}", problem.str());
            spdlog::error("the configuration is not reloaded: the old one stays in force");
            return;
        }
        const auto& now = config_->server;
        const auto& then = loaded.config->server;
        if (then.listen != now.listen || then.max_body != now.max_body ||
            then.max_headers != now.max_headers || then.max_connections != now.max_connections ||
            then.header_timeout != now.header_timeout || then.body_timeout != now.body_timeout ||
            then.idle_timeout != now.idle_timeout || then.tls.has_value() != now.tls.has_value() ||
            loaded.config->store.sqlite_path != config_->store.sqlite_path) {
            spdlog::warn(
                "listen, limits, timeouts and tls of the server, and the store, count only after a "
                "restart"
            );
        }
        config_ = loaded.config;
        pipeline_.use(config_);
        receivers_.use(*config_);
        spdlog::info("configuration reloaded");
    }

    asio::io_context context_{1};
    pipeline::ConfigPtr config_;
    pipeline::Metrics metrics_;
    store::Writer writer_;
    pipeline::Pipeline pipeline_;
    pipeline::Receivers receivers_;
    pipeline::Intake intake_;
    std::unique_ptr<http::Server> server_;
    asio::signal_set signals_;
    asio::signal_set hangup_;
    std::optional<ConfigWatch> watch_;
    int exit_code_ = kOk;
};

int serve(const Options& options) {
    set_up_logging(options);
    const config::Loaded loaded = config::load_file(options.config);
    if (!loaded.config) {
        for (const auto& problem : loaded.diagnostics) fmt::print(stderr, "{}\n", problem.str());
        return kNegative;
    }
    std::error_code failure;
    for (const std::filesystem::path& directory :
         {std::filesystem::path{loaded.config->data_dir},
          std::filesystem::path{loaded.config->store.sqlite_path}.parent_path()}) {
        if (directory.empty()) continue;
        std::filesystem::create_directories(directory, failure);
        if (failure) {
            spdlog::critical("creating {}: {}", directory.string(), failure.message());
            return kNegative;
        }
    }
    auto store = store::Store::open(loaded.config->store.sqlite_path);
    if (store.has_error()) {
        spdlog::critical("{}", store.error().message);
        return kNegative;
    }
    return Service{loaded.config, std::move(*store)}.run();
}

}  // namespace

void add_serve(CLI::App& app, Run& run) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("serve", "Run the service");
    command->footer(
        "SIGTERM and SIGINT end it: it stops accepting, answers what is in flight, leaves "
        "unfinished work in the store and\n"
        "exits 0. SIGHUP reloads the configuration, or says why not and keeps the old one.\n"
        "Example: linkspan serve --config /etc/linkspan/linkspan.yaml --log-format json"
    );
    command->add_option("--config", options->config, "The configuration")->required();
    command->add_option("--log-format", options->log_format, "text or json, on standard error")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    command->add_option("--log-level", options->log_level, "debug, info, warn or error")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
        ->capture_default_str();
    command->callback([options, &run] { run = [options] { return serve(*options); }; });
}

}  // namespace linkspan::cli
