// Known tags as a decision has them: what they take in memory, and what an event costs beside
// reading them all from the store.
//
//   bench_registry [TAGS]        default: 1000000
#include "service/pipeline/tag_book.h"
#include "service/store/store.h"

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
}
