#include "tests/support_git/web_server.h"

#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace linkspan::testing {
namespace {

constexpr const char* kBackend = "/usr/lib/git-core/git-http-backend";

void run_or_throw(const std::vector<std::string>& argv) {
    const auto ran = run_program(argv);
    if (ran.code != 0) throw std::runtime_error{argv[0] + ": " + ran.err};
}

void make_certificate(
    const std::string& folder, const std::string& name, const std::string& extension
) {
    const auto key = fmt::format("{}/{}.key", folder, name);
    const auto request = fmt::format("{}/{}.csr", folder, name);
    const auto config = fmt::format("{}/{}.ext", folder, name);
    write_file(config, extension);
    run_or_throw(
        {"openssl",
         "req",
         "-newkey",
         "rsa:2048",
         "-nodes",
         "-keyout",
         key,
         "-out",
         request,
         "-subj",
         "/CN=" + name}
    );
    run_or_throw(
        {"openssl",
         "x509",
         "-req",
         "-in",
         request,
         "-CA",
         folder + "/ca.pem",
         "-CAkey",
         folder + "/ca.key",
         "-CAcreateserial",
         "-days",
         "2",
         "-extfile",
         config,
         "-out",
         fmt::format("{}/{}.pem", folder, name)}
    );
}

void make_certificates(const std::string& folder) {
    run_or_throw(
        {"openssl",
         "req",
         "-x509",
         "-newkey",
         "rsa:2048",
         "-nodes",
         "-days",
         "2",
         "-subj",
         "/CN=Test authority",
         "-keyout",
         folder + "/ca.key",
         "-out",
         folder + "/ca.pem"}
    );
    make_certificate(folder, "server", "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
    make_certificate(folder, "client", "extendedKeyUsage=clientAuth\n");
}

std::string configuration(
    const std::string& folder, const WebOptions& options, std::uint16_t port
) {
    std::string tls;
    if (options.tls) {
        tls = fmt::format(
            "ssl_certificate {0}/server.pem; ssl_certificate_key {0}/server.key;\n", folder
        );
        if (options.client_certificate) {
            tls += fmt::format("ssl_verify_client on; ssl_client_certificate {}/ca.pem;\n", folder);
        }
    }
    std::string basic;
    if (!options.user.empty()) {
        basic = fmt::format("auth_basic git; auth_basic_user_file {}/users;\n", folder);
    }
    std::string result;
    if (::geteuid() == 0) result += "user root;\n";
    result += fmt::format(
        R"(daemon off; worker_processes 1; pid {0}/nginx.pid; error_log {0}/error.log;
events {{ worker_connections 64; }}
http {{
  log_format short '$request_method $request_uri $status $request_length $connection';
  access_log {0}/access.log short;
  client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fcgi;
  uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
  client_max_body_size 0;
  server {{
    listen 127.0.0.1:{1}{2};
    server_name localhost;
    {3}{4}{5}
    location / {{
      fastcgi_pass unix:{0}/fcgi.sock;
      fastcgi_read_timeout 60s;
      fastcgi_buffering off;
      fastcgi_param SCRIPT_FILENAME {6};
      fastcgi_param GIT_PROJECT_ROOT {7};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param GIT_CONFIG_NOSYSTEM 1;
      fastcgi_param GIT_CONFIG_GLOBAL /dev/null;
    }}
  }}
}}
)",
        folder,
        port,
        options.tls ? " ssl" : "",
        tls,
        basic,
        options.extra,
        kBackend,
        options.root
    );
    return result;
}

}  // namespace

std::string WebServer::missing() {
    for (const char* name : {"nginx", "fcgiwrap", "openssl"}) {
        if (!has_program(name)) return fmt::format("{} is not installed", name);
    }
    if (::access(kBackend, X_OK) != 0) return "git http-backend is not installed";
    return {};
}

WebServer::WebServer(const Sandbox& sandbox, const WebOptions& options) : tls_{options.tls} {
    static std::atomic<int> count{0};
    folder_ = sandbox / fmt::format("web{}", ++count);
    std::filesystem::create_directories(folder_);
    if (options.tls) make_certificates(folder_);
    if (!options.user.empty()) {
        write_file(
            folder_ + "/users", fmt::format("{}:{{PLAIN}}{}\n", options.user, options.password)
        );
    }
    const int backend = listen_on_path(folder_ + "/fcgi.sock");
    fcgi_ = ServerProcess::start(
        {program_path("fcgiwrap"), "-f", "-c", "4"}, folder_ + "/fcgi.log", backend
    );
    ::close(backend);

    // nginx takes over a listening socket, as it does in an upgrade: no port is ever guessed.
    const auto listener = listen_on_loopback();
    port_ = listener.port;
    write_file(folder_ + "/nginx.conf", configuration(folder_, options, port_));
    nginx_ = ServerProcess::start(
        {program_path("nginx"),
         "-p",
         folder_,
         "-e",
         folder_ + "/error.log",
         "-c",
         folder_ + "/nginx.conf"},
        folder_ + "/nginx.log",
        -1,
        {listener.fd},
        {{"NGINX", "3;"}}
    );
    ::close(listener.fd);
    if (!wait_for_port(port_)) {
        throw std::runtime_error{"nginx does not start: " + read_file(folder_ + "/error.log")};
    }
}

std::string WebServer::url(const std::string& name) const {
    return fmt::format("{}://127.0.0.1:{}/{}", tls_ ? "https" : "http", port_, name);
}

std::string WebServer::access_log() const { return read_file(folder_ + "/access.log"); }

std::string WebServer::access_log_of(std::ptrdiff_t lines) const {
    std::string log = access_log();
    for (int i = 0; i < 6'000 && std::count(log.begin(), log.end(), '\n') < lines; ++i) {
        ::poll(nullptr, 0, 10);
        log = access_log();
    }
    return log;
}

std::set<std::string> WebServer::connections() const {
    std::set<std::string> numbers;
    std::istringstream log{access_log()};
    for (std::string line; std::getline(log, line);)
        numbers.insert(line.substr(line.rfind(' ') + 1));
    return numbers;
}

}  // namespace linkspan::testing
