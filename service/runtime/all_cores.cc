#include "service/runtime/all_cores.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace linkspan::runtime {
namespace {

constexpr std::size_t kWorthThreads = 32;
constexpr std::size_t kMostThreads = 4;

}  // namespace

void on_all_cores(std::size_t count, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    const auto rounds = [&] {
        for (std::size_t i = next++; i < count; i = next++) work(i);
    };
    const std::size_t threads =
        count < kWorthThreads
            ? 1
            : std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMostThreads);
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < threads; ++t) others.emplace_back(rounds);
    rounds();
}

}  // namespace linkspan::runtime
