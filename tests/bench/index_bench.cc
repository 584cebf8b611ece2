// The index of a manifest repository: cold, after a restart, after a commit that touches ten files,
// and a plan from it, beside `git grep -c image:` on the same bare repository in the same run.
//
//   bench_index [--files 1000,10000,50000] [--rounds N] [--cold N]
//
// With --cold only the first look is measured, N times, in turns with `git grep`.
//
// Goals: cold at most twice `git grep`; after a commit the same time at every size; a plan for one
// file under 5 ms; 10,000 marked places in 10,000 files rewritten in less than a second; less than
// 100 MB resident. Each size runs in a process of its own, so that its memory is its own.
#include "service/git/mirror.h"
#include "service/pipeline/branch_view.h"
#include "service/store/store.h"
#include "tests/support_git/git_repo.h"

#include <fmt/format.h>

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace linkspan;
using linkspan::testing::RemoteRepo;
using linkspan::testing::Sandbox;
using Clock = std::chrono::steady_clock;

constexpr const char* kMarked = "registry.example.com/platform/sidecar";

template <class T>
T must(Result<T> result) {
    if (result.has_error()) throw std::runtime_error{result.error().message};
    return std::move(*result);
}

template <class F>
double milliseconds(F&& body) {
    const auto begin = Clock::now();
    body();
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Processor time, of all threads; or of the children that have ended.
template <class F>
double processor(int who, F&& body) {
    const auto now = [who] {
        rusage usage{};
        getrusage(who, &usage);
        const auto ms = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
        };
        return ms(usage.ru_utime) + ms(usage.ru_stime);
    };
    const double begin = now();
    body();
    return now() - begin;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

std::string deployment(int n, bool marked) {
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
          image: registry.example.com/team-{1}/service-{0}:1.4.2
          ports:
            - containerPort: 8080   # http
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
{2})",
        n,
        n % 50,
        marked ? fmt::format(
                     "        - name: sidecar\n          image: {}:1.0.0 # "
                     "{{\"$imagepolicy\": \"flux-system:sidecar\"}}\n",
                     kMarked
                 )
               : ""
    );
}

// Of five files, two are workloads, one values of a chart, and two name no image: as in a fleet.
std::string content(int n, int marked) {
    switch (n % 5) {
        case 0:
        case 1:
            return deployment(n, n / 5 * 2 + n % 5 < marked);
        case 2:
            return fmt::format(
                "replicaCount: 2\nimage:\n  repository: registry.example.com/charts/c{0}\n"
                "  tag: \"1.{1}.0\"\n  pullPolicy: IfNotPresent\nservice:\n  port: 80\n",
                n,
                n % 9
            );
        case 3:
            return fmt::format(
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: service-{0}\nspec:\n"
                "  selector:\n    app.kubernetes.io/name: service-{0}\n  ports:\n  - port: 80\n",
                n
            );
        default:
            return fmt::format(
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-{0}\ndata:\n"
                "  LOG_LEVEL: info\n  SHARD: \"{0}\"\n",
                n
            );
    }
}

std::string path_of(int n) {
    return fmt::format("clusters/c{}/team-{}/file-{}.yaml", n / 1000, n / 50 % 20, n);
}

plan::Bid bid_for(const std::string& image, const std::string& name, const std::string& tag) {
    plan::Bid bid;
    bid.target = "t";
    bid.policy.name = name;
    bid.policy.name_space = "flux-system";
    bid.policy.image = must(image::ImageName::parse(image));
    bid.selection.selected = tag;
    bid.selection.candidates = {tag};
    return bid;
}

double resident_mb() {
    std::ifstream in{"/proc/self/status"};
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
    }
    return 0;
}

// In a child: what making the repository takes is not ours.
void make_repository(const Sandbox& sandbox, int files, int marked) {
    const pid_t child = fork();
    if (child == 0) {
        RemoteRepo remote{sandbox, "remote"};
        linkspan::testing::Files all;
        for (int n = 0; n < files; ++n) all[path_of(n)] = content(n, marked);
        remote.import(all);
        remote.git({"gc", "-q"});
        _exit(0);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0)
        throw std::runtime_error{"no repository"};
}

class Service {
public:
    Service(const Sandbox& sandbox, const std::string& remote) {
        writer_ = std::make_unique<store::Writer>(must(store::Store::open(sandbox / "store.db")));
        view.directory = sandbox / "mirror";
        view.remote.url = remote;
        view.branch = "main";
        view.scans = std::make_shared<pipeline::BlobScans>(writer_.get());
        if (auto opened = pipeline::open_mirror(view); opened.has_error())
            must(Result<int>{opened.error()});
        tip = must(view.mirror->fetch("main"));
        view.index = std::make_shared<pipeline::BranchIndex>(view.scans, view.directory);
    }
    ~Service() {
        view.index.reset();
        view.scans.reset();
    }
    pipeline::BranchIndex::Updated update() {
        return must(view.index->update(*view.mirror, tip, {}));
    }
    plan::Turn plan(const plan::Bid& bid) {
        const auto snapshot = must(pipeline::take_snapshot(view, tip, std::vector{bid}));
        return must(plan::plan_turn(snapshot, std::vector{bid}));
    }

private:
    std::unique_ptr<store::Writer> writer_;

public:
    pipeline::BranchView view;
    git::CommitId tip;
};

void run(int files, int rounds, int cold_rounds) {
    const Sandbox sandbox;
    const int marked = std::min(10'000, files * 2 / 5);
    make_repository(sandbox, files, marked);
    const std::string remote_path = sandbox / "remote.git";
    const std::string remote =
        std::filesystem::exists(remote_path) ? remote_path : sandbox / "remote";

    // In turns, so that what else the machine does is in both.
    std::vector<double> grep;
    std::vector<double> grep_processor;
    std::vector<double> cold;
    std::vector<double> cold_processor;
    const std::string command =
        fmt::format("git --git-dir='{}' grep -c image: main >/dev/null", remote);
    for (int i = 0; i < (cold_rounds > 0 ? cold_rounds : 3); ++i) {
        grep_processor.push_back(processor(RUSAGE_CHILDREN, [&] {
            grep.push_back(milliseconds([&] {
                if (std::system(command.c_str()) != 0) throw std::runtime_error{"git grep"};
            }));
        }));
        std::remove((sandbox / "store.db").c_str());
        std::remove((sandbox / "store.db-wal").c_str());
        std::remove((sandbox / "store.db-shm").c_str());
        Service service{sandbox, remote};
        cold_processor.push_back(processor(RUSAGE_SELF, [&] {
            cold.push_back(milliseconds([&] { service.update(); }));
        }));
        service.view.scans->flush();
    }
    fmt::print("{} files\n", files);
    fmt::print(
        "  cold index          {:8.1f} ms, git grep -c image: {:.1f} ms, ratio {:.2f} (goal 2)\n",
        median(cold),
        median(grep),
        median(cold) / median(grep)
    );
    fmt::print(
        "    processor time    {:8.1f} ms, git grep {:.1f} ms\n",
        median(cold_processor),
        median(grep_processor)
    );
    if (cold_rounds > 0) return;
    std::vector<double> warm;
    for (int i = 0; i < 3; ++i) {
        std::remove((sandbox / "store.db").c_str());
        std::remove((sandbox / "store.db-wal").c_str());
        std::remove((sandbox / "store.db-shm").c_str());
        Service service{sandbox, remote};
        cold.push_back(milliseconds([&] { service.update(); }));
        service.view.scans->flush();
    }
    for (int i = 0; i < 2; ++i) {
        Service service{sandbox, remote};
        warm.push_back(milliseconds([&] {
            if (service.update().read != 0) throw std::runtime_error{"read after a restart"};
        }));
    }
    fmt::print("  after a restart     {:8.1f} ms\n", median(warm));

    Service service{sandbox, remote};
    service.update();
    std::vector<double> ten;
    std::vector<double> one;
    for (int round = 0; round < rounds; ++round) {
        git::CommitSpec spec{
            .base = service.tip,
            .changes = {},
            .message = "ten",
            .author = {"a", "a@example.com"},
            .committer = {"a", "a@example.com"},
            .time = std::chrono::system_clock::now()};
        for (int k = 0; k < 10; ++k) {
            const int n = (round * 10 + k) * (files / (rounds * 10));
            spec.changes.push_back({path_of(n), content(n, 0) + fmt::format("# {}\n", round)});
        }
        service.tip = must(service.view.mirror->commit(spec));
        ten.push_back(milliseconds([&] {
            if (service.update().read > 10) throw std::runtime_error{"read more than ten"};
        }));
        // A workload in the second half, which names an image that no other file names.
        const int n = (files / 2 + round * 5) / 5 * 5;
        const auto bid = bid_for(
            fmt::format("registry.example.com/team-{}/service-{}", n % 50, n), "one", "1.5.0"
        );
        one.push_back(milliseconds([&] {
            if (service.plan(bid).plan.files.size() != 1) throw std::runtime_error{"no plan"};
        }));
    }
    fmt::print("  after ten files     {:8.2f} ms\n", median(ten));
    fmt::print("  plan for one file   {:8.2f} ms (goal 5)\n", median(one));
    malloc_trim(0);
    fmt::print("  resident            {:8.1f} MB (goal 100)\n", resident_mb());

    double snapshot_time = 0;
    double plan_time = 0;
    double commit_time = 0;
    std::size_t places = 0;
    const auto bid = bid_for(kMarked, "sidecar", "1.1.0");
    plan::Turn turn;
    {
        plan::Snapshot snapshot;
        snapshot_time = milliseconds([&] {
            snapshot = must(pipeline::take_snapshot(service.view, service.tip, std::vector{bid}));
        });
        plan_time = milliseconds([&] {
            turn = must(plan::plan_turn(snapshot, std::vector{bid}));
            places = turn.plan.changes.size();
        });
    }
    git::CommitSpec spec{
        .base = service.tip,
        .changes = {},
        .message = "all",
        .author = {"a", "a@example.com"},
        .committer = {"a", "a@example.com"},
        .time = std::chrono::system_clock::now()};
    for (auto& file : turn.plan.files) spec.changes.push_back({file.path, file.after});
    commit_time = milliseconds([&] { must(service.view.mirror->commit(spec)); });
    fmt::print(
        "  {} marked places    {:8.1f} ms: find {:.1f}, edit and verify {:.1f}; commit {:.1f}\n",
        places,
        snapshot_time + plan_time,
        snapshot_time,
        plan_time,
        commit_time
    );
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    std::string sizes = "1000,10000,50000";
    int rounds = 11;
    int cold_rounds = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::string_view{argv[i]} == "--files") sizes = argv[i + 1];
        if (std::string_view{argv[i]} == "--rounds") rounds = std::atoi(argv[i + 1]);
        if (std::string_view{argv[i]} == "--cold") cold_rounds = std::atoi(argv[i + 1]);
    }
    int failed = 0;
    std::istringstream in{sizes};
    for (std::string size; std::getline(in, size, ',');) {
        const pid_t child = fork();
        if (child == 0) {
            try {
                run(std::atoi(size.c_str()), rounds, cold_rounds);
            } catch (const std::exception& e) {
                fmt::print(stderr, "{}\n", e.what());
                std::exit(1);
            }
            std::exit(0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        failed |= status;
    }
    return failed == 0 ? 0 : 1;
}
