// Selection among many tags, for each strategy. Goal: under 10 ms for semver among 100,000.
// "listed": as registries list, by bytes. "shuffled": the worst case for sorting and branches.
#include "core/policy/select.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

namespace linkspan::policy {
namespace {

enum class Kind { Versions, Builds, Dates, Branches };

std::string make_tag(Kind kind, std::mt19937& random) {
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    switch (kind) {
        case Kind::Versions: {
            std::string tag = fmt::format("v{}.{}.{}", below(20), below(100), below(1000));
            if (below(5) == 0) tag += fmt::format("-rc.{}", below(12));
            return tag;
        }
        case Kind::Builds:
            return fmt::format("{}", 20000000000000000 + random() % 4000000000ULL);
        case Kind::Dates:
            return fmt::format(
                "{}.{:02}.{:02}-{}", 2010 + below(16), 1 + below(12), 1 + below(28), below(200)
            );
        case Kind::Branches:
            return fmt::format("main-{:07x}-{}", below(1U << 28U), 1600000000 + below(200000000));
    }
    return {};
}

std::vector<KnownTag> make_tags(Kind kind, std::size_t count, bool shuffled) {
    std::mt19937 random{20240229};
    std::vector<KnownTag> tags(count);
    std::unordered_set<std::string> seen;
    for (KnownTag& known : tags) {
        do {
            known.tag = make_tag(kind, random);
        } while (!seen.insert(known.tag).second);
        known.created = fmt::format(
            "20{:02}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z",
            14 + random() % 10,
            1 + random() % 12,
            1 + random() % 28,
            random() % 24,
            random() % 60,
            random() % 60,
            random() % 1000000000
        );
    }
    std::sort(tags.begin(), tags.end(), [](const auto& a, const auto& b) { return a.tag < b.tag; });
    if (shuffled) std::shuffle(tags.begin(), tags.end(), random);
    // A copy, so that the texts lie in memory as a listing would have left them.
    return std::vector<KnownTag>{tags};
}

void run(benchmark::State& state, const Policy& policy, Kind kind, bool shuffled) {
    const auto tags = make_tags(kind, static_cast<std::size_t>(state.range(0)), shuffled);
    std::size_t passed = 0;
    for (auto _ : state) {
        const auto explanation = select(policy, tags);
        if (explanation.has_error()) return state.SkipWithError("policy does not read");
        passed = explanation->passed;
        benchmark::DoNotOptimize(explanation->selected);
    }
    state.counters["passed"] = static_cast<double>(passed);
}

const TagFilter kTimestamp{.pattern = "^main-[0-9a-f]+-(?P<ts>[0-9]+)$", .extract = "$ts"};

struct Case {
    const char* name;
    Policy policy;
    Kind kind;
};
const Case kCases[] = {
    {"semver_every_release", {.select = Semver{.range = "*"}}, Kind::Versions},
    {"semver_range", {.select = Semver{.range = ">=1.2.0 <2.0.0"}}, Kind::Versions},
    {"semver_prereleases", {.select = Semver{.range = "*-0"}}, Kind::Versions},
    {"semver_cap_20", {.tags = {.cap = 20}, .select = Semver{.range = "*"}}, Kind::Versions},
    {"semver_none_reads", {.select = Semver{}}, Kind::Branches},
    {"numerical", {.select = Numerical{}}, Kind::Builds},
    {"numerical_extract", {.tags = kTimestamp, .select = Numerical{}}, Kind::Branches},
    {"alphabetical", {.select = Alphabetical{}}, Kind::Dates},
    {"newest", {.select = Newest{}}, Kind::Versions},
    {"digest", {.select = Follow{.tag = "v1.0.0"}}, Kind::Versions},
    {"calver", {.select = Calver{.layout = "YYYY.0M.0D-MICRO"}}, Kind::Dates},
    {"regex",
     {.select =
          Groups{
              .pattern = "^main-(?P<commit>[0-9a-f]+)-(?P<ts>[0-9]+)$",
              .compare = {{.name = "ts"}, {.name = "commit"}}}},
     Kind::Branches},
    {"ignore_list",
     {.tags = {.ignore = {"*-rc.1", "/-rc[.]2$/"}}, .select = Semver{.range = "*-0"}},
     Kind::Versions},
};

// What the same machine takes to copy and sort the same tags as strings: measure by it, since
// machines differ.
void baseline(benchmark::State& state) {
    const auto tags = make_tags(Kind::Versions, static_cast<std::size_t>(state.range(0)), true);
    for (auto _ : state) {
        std::vector<std::string> copy;
        copy.reserve(tags.size());
        for (const KnownTag& known : tags) copy.push_back(known.tag);
        std::sort(copy.begin(), copy.end());
        benchmark::DoNotOptimize(copy.data());
    }
}

void register_all() {
    benchmark::RegisterBenchmark("baseline/copy_and_sort_strings", baseline)
        ->Arg(100000)
        ->Unit(benchmark::kMillisecond);
    for (const Case& c : kCases) {
        for (const bool shuffled : {false, true}) {
            const std::string name =
                fmt::format("select/{}/{}", c.name, shuffled ? "shuffled" : "listed");
            benchmark::RegisterBenchmark(
                name.c_str(),
                [&c, shuffled](benchmark::State& state) { run(state, c.policy, c.kind, shuffled); }
            )
                ->Arg(100000)
                ->Unit(benchmark::kMillisecond);
        }
    }
    benchmark::RegisterBenchmark(
        "select/semver_every_release/million",
        [](benchmark::State& state) { run(state, kCases[0].policy, Kind::Versions, true); }
    )
        ->Arg(1000000)
        ->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace linkspan::policy

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    linkspan::policy::register_all();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
