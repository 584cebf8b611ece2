// Deliveries per second, verified with HMAC and durable before they are answered, by the real
// service; beside a Beast handler that only answers 202, with the same client, in the same run.
//
//   bench_delivery [--connections N] [--seconds S] [--rounds N] [--directory DIR]
//
// DIR is where the store lies: its disk is what is measured. Goal: at least half of the reference,
// 99th percentile under 20 ms.
#include "tests/bench/beast_reference.h"
#include "tests/bench/load_client.h"
#include "webhooks/hash.h"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

extern char** environ;

namespace linkspan::bench {
namespace {

constexpr std::string_view kSecret = "test-secret-not-real";
// More than are answered in the time; each differs, so that none is a duplicate.
constexpr std::size_t kRequests = 400000;

std::vector<LoadRequest> signed_requests(std::size_t first) {
    std::vector<LoadRequest> requests;
    requests.reserve(kRequests);
    for (std::size_t i = 0; i < kRequests; ++i) {
        LoadRequest request;
        request.body = fmt::format(
            R"({{"image":"registry.example.com/acme/app-{}","tag":"1.{}.0","digest":"sha256:{:064x}",)"
            R"("revision":"{:040x}","source":"https://git.example.com/acme/app","actor":"ci"}})",
            (first + i) % 1000,
            first + i,
            first + i,
            first + i
        );
        request.headers = {
            {"Content-Type", "application/json"},
            {"X-Linkspan-Signature-256",
             "sha256=" + webhooks::to_hex(
                             webhooks::hmac(webhooks::HashAlgorithm::Sha256, kSecret, request.body)
                         )}};
        requests.push_back(std::move(request));
    }
    return requests;
}

std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), length);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    ::close(fd);
    return ntohs(address.sin_port);
}

// The service as a child, ended by its id.
class Service {
public:
    explicit Service(const std::filesystem::path& directory) : port_{free_port()} {
        std::filesystem::create_directories(directory);
        std::ofstream{directory / "secret"} << kSecret;
        std::ofstream{directory / "linkspan.yaml"} << fmt::format(
            "server: {{ listen: \"127.0.0.1:{}\" }}\nstore: sqlite:linkspan.db\n"
            "receivers:\n- {{ name: ci, type: ci, auth: hmac, secret: {{ file: secret }} }}\n",
            port_
        );
        const std::string config = (directory / "linkspan.yaml").string();
        std::vector<std::string> words{
            LINKSPAN_BINARY, "serve", "--config", config, "--log-level", "error"};
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        if (::posix_spawn(&pid_, LINKSPAN_BINARY, nullptr, nullptr, arguments.data(), environ) !=
            0) {
            fmt::print(stderr, "{} can't be started\n", LINKSPAN_BINARY);
            std::exit(1);
        }
        wait_ready();
    }
    ~Service() {
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }
    [[nodiscard]] std::string url() const {
        return fmt::format("http://127.0.0.1:{}/hooks/ci", port_);
    }

private:
    void wait_ready() const {
        for (int i = 0; i < 500; ++i) {
            const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            address.sin_port = htons(port_);
            const bool ready =
                ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
            ::close(fd);
            if (ready) return;
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        fmt::print(stderr, "the service did not come up\n");
        std::exit(1);
    }
    std::uint16_t port_;
    pid_t pid_ = 0;
};

LoadResult measured(const Load& load) {
    auto result = run_load(load);
    if (result.has_error()) {
        fmt::print(stderr, "{}\n", result.error().message);
        std::exit(1);
    }
    return *result;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

int run(const Load& settings, int rounds, const std::filesystem::path& directory) {
    std::vector<double> ratio;
    std::vector<double> p99;
    for (int round = 0; round < rounds; ++round) {
        Load load = settings;
        load.requests = signed_requests(static_cast<std::size_t>(round) * kRequests);
        LoadResult reference;
        {
            Loop loop;
            BeastReference beast{loop};
            loop.start();
            load.url = fmt::format("http://127.0.0.1:{}/hooks/ci", beast.port());
            reference = measured(load);
            loop.stop();
        }
        LoadResult service;
        {
            const auto place = directory / fmt::format("linkspan-bench-{}-{}", ::getpid(), round);
            {
                const Service linkspan{place};
                load.url = linkspan.url();
                service = measured(load);
            }
            std::filesystem::remove_all(place);
        }
        fmt::print("beast    {}\n", describe(reference));
        fmt::print("linkspan {}\n", describe(service));
        ratio.push_back(service.per_second / reference.per_second);
        p99.push_back(service.p99_ms);
    }
    fmt::print(
        "verified and durable ÷ answering 202: {:.2f} (goal 0.50), p99 {:.1f} ms (goal 20), "
        "medians of {}, {} connections\n",
        median(ratio),
        median(p99),
        rounds,
        settings.connections
    );
    return 0;
}

int main_with(const std::vector<std::string>& arguments) {
    Load load;
    int rounds = 3;
    std::filesystem::path directory = std::filesystem::temp_directory_path();
    for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
        const std::string& name = arguments[i];
        const std::string& value = arguments[i + 1];
        if (name == "--connections") {
            load.connections = static_cast<unsigned>(std::atoi(value.c_str()));
        } else if (name == "--seconds") {
            load.duration = std::chrono::seconds{std::atoi(value.c_str())};
        } else if (name == "--rounds") {
            rounds = std::atoi(value.c_str());
        } else if (name == "--directory") {
            directory = value;
        } else {
            fmt::print(stderr, "unknown option {}\n", name);
            return 2;
        }
    }
    return run(load, std::max(rounds, 1), directory);
}

}  // namespace
}  // namespace linkspan::bench

int main(int argc, char** argv) { return linkspan::bench::main_with({argv + 1, argv + argc}); }
