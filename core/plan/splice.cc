#include "core/plan/splice.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>

namespace linkspan::plan {
namespace {

constexpr std::size_t kWorthThreads = 32;
constexpr std::size_t kMostThreads = 4;

Result<std::string> checked(const Splice& file) {
    LINKSPAN_TRY(after, manifest::apply(file.before, file.edits));
    if (auto sound = manifest::verify(file.before, after, file.edits); sound.has_error()) {
        return sound.error();
    }
    return std::move(after);
}

}  // namespace

std::vector<Result<std::string>> splice(std::span<const Splice> files) {
    std::vector<Result<std::string>> out(files.size(), Result<std::string>{std::string{}});
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < files.size(); i = next++) out[i] = checked(files[i]);
    };
    const std::size_t threads =
        files.size() < kWorthThreads
            ? 1
            : std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMostThreads);
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < threads; ++t) others.emplace_back(work);
    work();
    return out;
}

}  // namespace linkspan::plan
