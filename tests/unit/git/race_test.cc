// People and Linkspan push to the same branch at the same time.
#include "tests/support_git/server_process.h"
#include "tests/unit/git/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace linkspan::git {
namespace {

constexpr int kCommits = 20;

class RaceTest : public GitTest {
protected:
    // A person with the real git: pulls with rebase and tries again, as people do.
    void person_pushes(const std::string& file) const {
        const auto work = sandbox / ("person-" + file);
        testing::run_program({"git", "clone", "-q", remote.path(), work});
        for (int i = 1; i <= kCommits; ++i) {
            testing::write_file(work + "/" + file, fmt::format("{}\n", i));
            testing::git(work, {"add", "-A"});
            testing::git(work, {"commit", "-q", "-m", fmt::format("{} {}", file, i)});
            while (testing::run_program({"git", "-C", work, "push", "-q", "origin", "HEAD:main"})
                       .code != 0) {
                testing::git(work, {"pull", "-q", "--rebase", "origin", "main"});
            }
        }
    }
    // Ours: on the known tip, and again on the new one when somebody was faster.
    void mirror_pushes(const std::string& file) const {
        auto mirror = must(Mirror::open(sandbox / ("mirror-" + file), remote_at(remote.path())));
        auto tip = must(mirror.fetch("main"));
        for (int i = 1; i <= kCommits; ++i) {
            for (;;) {
                auto spec = spec_on(tip, {{file, fmt::format("{}\n", i)}});
                spec.message = fmt::format("{} {}", file, i);
                const auto commit = must(mirror.commit(spec));
                const auto answer = mirror.push({"main", tip, commit});
                // A held lock is an error that passes.
                const bool pushed = answer.has_value() && std::holds_alternative<Pushed>(*answer);
                if (answer.has_error() && !is_transient(answer.error().kind)) {
                    throw std::runtime_error{answer.error().message};
                }
                tip = pushed ? commit : must(mirror.fetch("main"));
                if (pushed) break;
            }
        }
    }
};

TEST_F(RaceTest, EveryCommitIsThereInOrderAndNoneIsForced) {
    remote.person_commits({{"human", "0\n"}, {"bridge", "0\n"}, {"other-bridge", "0\n"}}, "first");
    std::vector<std::thread> threads;
    std::atomic<int> failures{0};
    const auto run = [&](auto body) {
        threads.emplace_back([&failures, body] {
            try {
                body();
            } catch (const std::exception& error) {
                ++failures;
                ADD_FAILURE() << error.what();
            }
        });
    };
    run([&] { person_pushes("human"); });
    run([&] { mirror_pushes("bridge"); });
    run([&] { mirror_pushes("other-bridge"); });
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(failures, 0);

    EXPECT_EQ(remote.git({"rev-list", "--count", "main"}), std::to_string(3 * kCommits + 1));
    EXPECT_EQ(remote.git({"rev-list", "--merges", "--count", "main"}), "0");
    for (const std::string file : {"human", "bridge", "other-bridge"}) {
        std::istringstream log{remote.git({"log", "--reverse", "--format=%s", "main", "--", file})};
        std::vector<std::string> subjects;
        for (std::string line; std::getline(log, line);) subjects.push_back(line);
        std::vector<std::string> expected{"first"};
        for (int i = 1; i <= kCommits; ++i) expected.push_back(fmt::format("{} {}", file, i));
        EXPECT_EQ(subjects, expected);
    }
    EXPECT_TRUE(remote.is_sound());
}

}  // namespace
}  // namespace linkspan::git
