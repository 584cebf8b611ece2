// Rewriting marked places: scan, edit, splice and check of many files, as a turn of the service
// does it, beside reading and writing the same files with yaml-cpp, as a rewriter without byte
// spans does.
//
//   bench_manifest [--files N] [--rounds N] [--threads N]
//
// Prints the median processor time of each step (a busy machine does not change it) and of the
// whole by the clock. Goal: 10,000 places in 10,000 files in less than a second.
#include "core/manifest/edit.h"
#include "core/manifest/scan.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace linkspan;
using Clock = std::chrono::steady_clock;

struct Options {
    std::size_t files = 10'000;
    std::size_t rounds = 5;
    std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
};

struct Steps {
    double look = 0;
    double scan = 0;
    double edit = 0;
    double verify = 0;
};

// A Deployment of the usual size, commented the usual way.
std::string manifest(std::size_t number) {
    return fmt::format(
        R"(# Service {0}, owned by team {1}.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-{0}
  namespace: team-{1}
  labels: {{app.kubernetes.io/name: service-{0}, tier: backend}}
spec:
  replicas: 2

  selector:
    matchLabels:
      app.kubernetes.io/name: service-{0}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: service-{0}
    spec:
      containers:
        - name: app
          image: registry.example.com/team-{1}/service-{0}:1.4.2 # {{"$imagepolicy": "flux-system:app"}}
          ports:
            - containerPort: 8080   # http
          env:
            - name: LOG_LEVEL
              value: "info"
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
)",
        number,
        number % 50
    );
}

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Of this thread, in seconds.
double processor_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

template <class T>
T expect(Result<T> result) {
    if (!result) throw std::runtime_error{result.error().message};
    return std::move(*result);
}

void rewrite(std::string& bytes, const manifest::Wanted& wanted, Steps& steps) {
    double begin = processor_time();
    const auto lap = [&](double& step) {
        const double now = processor_time();
        step += now - begin;
        begin = now;
    };
    const bool worth = manifest::worth_scanning("deploy.yaml", bytes);
    lap(steps.look);
    if (!worth) throw std::runtime_error{"not worth scanning"};
    const manifest::Scan scan = manifest::scan("deploy.yaml", bytes);
    lap(steps.scan);
    std::vector<manifest::Edit> edits;
    for (const auto& place : scan.places) {
        if (place.kind != manifest::PlaceKind::Marker) continue;
        auto more = expect(manifest::edits_for(bytes, place, wanted));
        edits.insert(edits.end(), more.begin(), more.end());
    }
    if (edits.size() != 1) throw std::runtime_error{"expected one edit a file"};
    std::string after = expect(manifest::apply(bytes, edits));
    lap(steps.edit);
    if (auto status = manifest::verify(bytes, after, edits); !status) {
        throw std::runtime_error{status.error().message};
    }
    lap(steps.verify);
    bytes = std::move(after);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void run(const Options& options) {
    std::vector<std::string> files;
    std::size_t size = 0;
    for (std::size_t i = 0; i < options.files; ++i) {
        files.push_back(manifest(i));
        size += files.back().size();
    }
    fmt::print(
        "{} files, {:.1f} MB, {} threads\n", files.size(), double(size) / 1e6, options.threads
    );

    std::vector<double> wall, look, scan, edit, verify;
    for (std::size_t round = 0; round < options.rounds; ++round) {
        const manifest::Wanted wanted{
            expect(image::ImageName::parse("registry.example.com/acme/app")),
            expect(image::Tag::parse(fmt::format("1.{}.0", round))),
            {},
            policy::DigestMode::Keep};
        std::vector<Steps> steps(options.threads);
        const auto begin = Clock::now();
        std::vector<std::jthread> workers;
        for (std::size_t t = 0; t < options.threads; ++t) {
            workers.emplace_back([&, t] {
                for (std::size_t i = t; i < files.size(); i += options.threads) {
                    rewrite(files[i], wanted, steps[t]);
                }
            });
        }
        workers.clear();
        wall.push_back(seconds_since(begin));
        Steps sum;
        for (const Steps& s : steps) {
            sum.look += s.look;
            sum.scan += s.scan;
            sum.edit += s.edit;
            sum.verify += s.verify;
        }
        look.push_back(sum.look);
        scan.push_back(sum.scan);
        edit.push_back(sum.edit);
        verify.push_back(sum.verify);
    }
    const double yardstick_begin = processor_time();
    std::size_t written = 0;
    for (const std::string& bytes : files) {
        YAML::Emitter emitter;
        emitter << YAML::Load(bytes);
        written += emitter.size();
    }
    const double yardstick = processor_time() - yardstick_begin;

    fmt::print("cheap look   {:8.1f} ms\n", median(look) * 1e3);
    fmt::print("scan         {:8.1f} ms\n", median(scan) * 1e3);
    fmt::print("edit, splice {:8.1f} ms\n", median(edit) * 1e3);
    fmt::print("verify       {:8.1f} ms\n", median(verify) * 1e3);
    const double all = median(look) + median(scan) + median(edit) + median(verify);
    fmt::print("all          {:8.1f} ms\n", all * 1e3);
    fmt::print("by the clock {:8.1f} ms (goal for 10,000 files: 1000 ms)\n", median(wall) * 1e3);
    fmt::print(
        "yaml-cpp load and emit: {:.1f} ms for {} bytes; {:.2f} times ours\n",
        yardstick * 1e3,
        written,
        yardstick / all
    );
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    fmt::print("peak memory {:.0f} MB\n", double(usage.ru_maxrss) / 1024);
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const std::size_t value = std::strtoul(argv[i + 1], nullptr, 10);
        if (name == "--files") options.files = value;
        if (name == "--rounds") options.rounds = value;
        if (name == "--threads") options.threads = value;
    }
    try {
        run(options);
    } catch (const std::exception& e) {
        fmt::print(stderr, "{}\n", e.what());
        return 1;
    }
    return 0;
}
