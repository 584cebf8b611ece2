// Known tags as a decision has them: what they take in memory, what an event costs beside reading
// them all from the store, and how often the registry is asked for it.
//
//   bench_registry [TAGS]        default: 1000000
#include "service/pipeline/decider.h"
#include "service/pipeline/tag_book.h"
#include "service/store/store.h"
#include "tests/unit/pipeline/fake_registry.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace linkspan::pipeline {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

std::size_t in_use() { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; }

double milliseconds_since(Steady::time_point begin) {
    return std::chrono::duration<double, std::milli>(Steady::now() - begin).count();
}

asio::awaitable<void> measure(TagBook& book, std::size_t count) {
    const auto image = *image::ImageName::parse("registry.example.com/acme/app");
    auto tags = std::make_shared<std::vector<std::string>>();
    for (std::size_t i = 0; i < count; ++i) {
        tags->push_back(fmt::format("main-{:07x}-{}", i * 2654435761U % 0xFFFFFFF, 1700000000 + i));
    }
    auto begin = Steady::now();
    auto kept = co_await book.keep_listing(image, tags, std::chrono::system_clock::now(), true);
    if (kept.has_error()) std::abort();
    fmt::print(
        "first list of {} tags, kept in the store: {:.0f} ms\n", count, milliseconds_since(begin)
    );
    tags.reset();
    const std::size_t before = in_use();
    begin = Steady::now();
    auto page = co_await book.open(image, false);
    if (page.has_error() || page->table->tags.size() != count) std::abort();
    const double read = milliseconds_since(begin);
    fmt::print(
        "{} known tags for one decision: {:.1f} MB, {:.0f} bytes each; read in {:.0f} ms\n",
        count,
        static_cast<double>(in_use() - before) / 1e6,
        static_cast<double>(in_use() - before) / static_cast<double>(count),
        read
    );
    page = Error{};
    std::vector<double> times;
    for (int i = 0; i < 200; ++i) {
        begin = Steady::now();
        std::vector<TagNote> notes{
            {.tag = *image::Tag::parse(fmt::format("new-{}", i)),
             .digest = "sha256:" + std::string(64, 'a'),
             .at = std::chrono::system_clock::now()}};
        auto noted = co_await book.open(image, false, std::move(notes));
        if (noted.has_error()) std::abort();
        times.push_back(milliseconds_since(begin));
    }
    std::sort(times.begin(), times.end());
    fmt::print(
        "an event's new tag noted: {:.2f} ms (median), {:.2f} ms (p95); reading them all takes "
        "{:.0f} times as long\n",
        times[times.size() / 2],
        times[times.size() * 95 / 100],
        read / times[times.size() / 2]
    );
}

// Events of new tags, one after the other, as they come from a registry that calls.
asio::awaitable<void> count_requests(Decider& decider, FakeRegistry& registry, std::size_t events) {
    policy::Policy policy;
    policy.name = "app";
    policy.image = registry.image();
    std::size_t first = 0;
    const auto begin = Steady::now();
    for (std::size_t i = 0; i <= events; ++i) {
        const auto tag = fmt::format("2.0.{}", i);
        const auto digest = registry.push(tag);
        image::ImageEvent event{
            .image = policy.image,
            .tag = *image::Tag::parse(tag),
            .digest = digest,
            .media_type = std::nullopt,
            .pushed_at = std::nullopt,
            .revision = std::nullopt,
            .source = std::nullopt,
            .build_url = std::nullopt,
            .actor = std::nullopt};
        std::vector<Question> questions{{.policy = policy, .schedule = {}}};
        auto decided = co_await decider.decide(std::move(event), std::move(questions), {});
        const bool right = decided.has_value() && !decided->policies.empty() &&
                           decided->policies.front().has_value() &&
                           decided->policies.front()->selection.selected == tag;
        if (!right) std::abort();
        if (i == 0) first = registry.asked().size();
    }
    const auto asked = registry.asked();
    fmt::print(
        "requests made per event: {:.2f} (goal 1), {} for the first event of an image; {:.2f} ms "
        "each\n",
        static_cast<double>(asked.size()) / static_cast<double>(events),
        first,
        milliseconds_since(begin) / static_cast<double>(events)
    );
}

void measure_requests() {
    FakeRegistry registry;
    for (int i = 0; i < 1000; ++i) registry.push(fmt::format("1.0.{}", i));
    auto config = std::make_shared<config::Config>();
    config::Registry entry;
    entry.host = registry.host();
    entry.insecure = true;
    config->registries.push_back(std::move(entry));
    auto store = store::Store::open(":memory:");
    if (store.has_error()) std::abort();
    asio::io_context context{1};
    store::Writer writer{std::move(*store)};
    RegistryClients clients{context.get_executor(), config};
    TagBook book{writer};
    Decider decider{context.get_executor(), clients, book, writer};
    asio::co_spawn(context, count_requests(decider, registry, 200), asio::detached);
    context.run();
}

}  // namespace
}  // namespace linkspan::pipeline

int main(int argc, char** argv) {
    using namespace linkspan;
    const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
    auto store = store::Store::open(":memory:");
    if (store.has_error()) return 1;
    boost::asio::io_context context{1};
    store::Writer writer{std::move(*store)};
    pipeline::TagBook book{writer, 2 * count + 1000};
    boost::asio::co_spawn(context, pipeline::measure(book, count), boost::asio::detached);
    context.run();
    pipeline::measure_requests();
}
