// Fetch, commit and push by a warm Mirror, beside `git push` of a prepared commit to the same
// remote in the same run, at several sizes of the repository.
//
//   bench_git [--rounds N] [--files 1000,10000,50000] [--history N] [--wire local|http]
//             [--changes 1,100,10000]
//
// With --changes only commits of so many changed files are measured, in the largest repository.
//
// Prints medians in milliseconds, the ratio to `git push`, and the ratio to the smallest
// repository. Goals: at most 1.5 times `git push`, and the largest at most 1.2 times the smallest.
#include "service/git/mirror.h"
#include "tests/support_git/git_repo.h"
#include "tests/support_git/server_process.h"
#include "tests/support_git/web_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace linkspan;
using Clock = std::chrono::steady_clock;

struct Options {
    int rounds = 21;
    std::vector<int> files{1000, 10'000, 50'000};
    int history = 0;
    std::string wire = "local";
    std::vector<int> changes{};
};

struct Times {
    std::vector<double> fetch, commit, push, all, git;
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

template <class F>
double milliseconds(F&& body) {
    const auto begin = Clock::now();
    body();
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

template <class T>
T must(Result<T> result) {
    if (result.has_error()) throw std::runtime_error{result.error().message};
    return std::move(*result);
}

// 50 files in a folder, 20 folders in a cluster: the shape of a real fleet.
std::string path_of(int i) {
    return fmt::format("clusters/c{:03}/ns{:02}/app{:02}.yaml", i / 1000, i / 50 % 20, i % 50);
}

std::string content_of(int i, int version) {
    return fmt::format(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app{0}\n  labels:\n"
        "    app.kubernetes.io/name: app{0}\nspec:\n  replicas: 2\n  template:\n    spec:\n"
        "      containers:\n        - name: app\n          image: registry.example.com/app{0}:{1}\n"
        "          ports:\n            - containerPort: 8080\n",
        i,
        version
    );
}

long resident_kib() {
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.rfind("VmHWM:", 0) == 0) return std::atol(line.c_str() + 6);
    }
    return 0;
}

// A clone that prepares commits with the real git, without a work tree.
class Person {
public:
    Person(const testing::Sandbox& sandbox, const std::string& name, const std::string& url)
        : path_{sandbox / name}, url_{url} {
        const auto ran = testing::run_program({"git", "clone", "-q", "--bare", url, path_});
        if (ran.code != 0) throw std::runtime_error{ran.err};
        testing::git(path_, {"config", "gc.auto", "0"});
    }
    std::string prepare(const std::string& path, const std::string& content) {
        testing::git(path_, {"fetch", "-q", url_, "+main:main"});
        testing::git(path_, {"read-tree", "main"});
        testing::RunOptions options;
        options.directory = path_;
        options.input = content;
        auto blob = testing::run_program({"git", "hash-object", "-w", "--stdin"}, options).out;
        blob.pop_back();
        testing::git(path_, {"update-index", "--cacheinfo", "100644," + blob + "," + path});
        const auto tree = testing::git(path_, {"write-tree"});
        return testing::git(path_, {"commit-tree", tree, "-p", "main", "-m", "by hand"});
    }
    void push(const std::string& commit) {
        testing::git(path_, {"push", "-q", url_, commit + ":refs/heads/main"});
    }

private:
    std::string path_;
    std::string url_;
};

std::unique_ptr<testing::RemoteRepo> make_remote(
    const testing::Sandbox& sandbox, const Options& options, int count
) {
    auto remote = std::make_unique<testing::RemoteRepo>(sandbox, fmt::format("r{}", count));
    testing::Files files;
    for (int i = 0; i < count; ++i) files[path_of(i)] = content_of(i, 0);
    remote->import(files);
    if (options.history > 0) remote->import_history(path_of(0), options.history);
    remote->git({"repack", "-q", "-a", "-d"});
    return remote;
}

Times measure(const testing::Sandbox& sandbox, const Options& options, int count) {
    const auto remote = make_remote(sandbox, options, count);
    std::unique_ptr<testing::WebServer> web;
    std::string url = remote->path();
    if (options.wire == "http") {
        testing::WebOptions web_options;
        web_options.root = sandbox.path();
        web = std::make_unique<testing::WebServer>(sandbox, web_options);
        url = web->url(fmt::format("r{}.git", count));
    }
    Person person{sandbox, fmt::format("person{}", count), url};
    git::RemoteOptions remote_options;
    remote_options.url = url;
    auto mirror = must(git::Mirror::open(sandbox / fmt::format("m{}", count), remote_options));
    must(mirror.fetch("main"));

    Times times;
    for (int round = 0; round < options.rounds; ++round) {
        const int mine = (round * 7919 + 1) % count;
        const int theirs = (round * 104'729 + 2) % count;
        const auto prepared = person.prepare(path_of(theirs), content_of(theirs, 1000 + round));
        times.git.push_back(milliseconds([&] { person.push(prepared); }));

        git::CommitId base;
        git::CommitId made;
        const double fetch = milliseconds([&] { base = must(mirror.fetch("main")); });
        if (base.hex != prepared) throw std::runtime_error{"the fetch missed a commit"};
        git::CommitSpec spec;
        spec.base = base;
        spec.changes = {{path_of(mine), content_of(mine, 2000 + round)}};
        spec.message = "Update app\n";
        spec.author = spec.committer = {"Linkspan", "linkspan@example.com"};
        spec.time = std::chrono::system_clock::now();
        const double commit = milliseconds([&] { made = must(mirror.commit(spec)); });
        const double push = milliseconds([&] {
            if (!std::holds_alternative<git::Pushed>(must(mirror.push({"main", base, made})))) {
                throw std::runtime_error{"the push was not taken"};
            }
        });
        if (round == 0) continue;  // cold
        times.fetch.push_back(fetch);
        times.commit.push_back(commit);
        times.push.push_back(push);
        times.all.push_back(commit + push);
    }
    if (!remote->is_sound()) throw std::runtime_error{"git fsck finds faults"};
    return times;
}

// One commit of many files, pushed as a branch of its own: the fastest of the rounds.
void measure_changes(const testing::Sandbox& sandbox, const Options& options) {
    const int count = *std::max_element(options.files.begin(), options.files.end());
    const auto remote = make_remote(sandbox, options, count);
    git::RemoteOptions remote_options;
    remote_options.url = remote->path();
    auto mirror = must(git::Mirror::open(sandbox / "mirror", remote_options));
    const auto base = must(mirror.fetch("main"));
    int version = 0;
    for (const int changes : options.changes) {
        double commit = 0;
        double push = 0;
        for (int round = 0; round < options.rounds; ++round) {
            git::CommitSpec spec;
            spec.base = base;
            ++version;
            for (int i = 0; i < std::min(changes, count); ++i) {
                spec.changes.push_back({path_of(i), content_of(i, version)});
            }
            spec.message = "Update apps\n";
            spec.author = spec.committer = {"Linkspan", "linkspan@example.com"};
            spec.time = std::chrono::system_clock::now();
            git::CommitId made;
            const double one = milliseconds([&] { made = must(mirror.commit(spec)); });
            const auto branch = fmt::format("b{}", version);
            const double other = milliseconds([&] {
                (void)must(mirror.push({.branch = branch, .expected = {}, .target = made}));
            });
            commit = round == 0 ? one : std::min(commit, one);
            push = round == 0 ? other : std::min(push, other);
        }
        fmt::print(
            "{:>8} files changed: commit {:.1f} ms, push {:.1f} ms\n", changes, commit, push
        );
        std::fflush(stdout);
    }
}

std::vector<int> numbers(const std::string& text) {
    std::vector<int> out;
    for (std::size_t at = 0; at < text.size();) {
        out.push_back(std::atoi(text.c_str() + at));
        at = std::min(text.find(',', at), text.size() - 1) + 1;
    }
    return out;
}

Options read_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        const std::string value = argv[i + 1];
        if (name == "--rounds") options.rounds = std::max(2, std::atoi(value.c_str()));
        if (name == "--history") options.history = std::atoi(value.c_str());
        if (name == "--wire") options.wire = value;
        if (name == "--files") options.files = numbers(value);
        if (name == "--changes") options.changes = numbers(value);
    }
    return options;
}

int run(const Options& options) {
    const testing::Sandbox sandbox;
    if (!options.changes.empty()) {
        measure_changes(sandbox, options);
        return 0;
    }
    fmt::print(
        "wire {}, {} rounds, {} commits of history\n",
        options.wire,
        options.rounds - 1,
        options.history
    );
    fmt::print(
        "{:>8} {:>9} {:>9} {:>9} {:>12} {:>10} {:>8} {:>9}\n",
        "files",
        "fetch ms",
        "commit ms",
        "push ms",
        "commit+push",
        "git push",
        "ratio",
        "vs least"
    );
    double least = 0;
    for (int count : options.files) {
        const auto times = measure(sandbox, options, count);
        const double all = median(times.all);
        if (least == 0) least = all;
        fmt::print(
            "{:>8} {:>9.2f} {:>9.2f} {:>9.2f} {:>12.2f} {:>10.2f} {:>8.2f} {:>9.2f}\n",
            count,
            median(times.fetch),
            median(times.commit),
            median(times.push),
            all,
            median(times.git),
            all / median(times.git),
            all / least
        );
        std::fflush(stdout);
    }
    fmt::print("peak resident memory of this process: {} MiB\n", resident_kib() / 1024);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(read_options(argc, argv));
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_git: {}\n", error.what());
        return 1;
    }
}
