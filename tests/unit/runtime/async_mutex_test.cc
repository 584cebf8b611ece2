#include "service/runtime/async_mutex.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace linkspan::runtime {
namespace {

namespace asio = boost::asio;

struct Table {
    asio::io_context io;
    AsyncMutex mutex{io.get_executor()};
    std::vector<std::string> log;
    int inside = 0;
};

asio::awaitable<void> sit_down(Table* table, std::string name, int naps) {
    const auto lock = co_await table->mutex.lock();
    EXPECT_EQ(++table->inside, 1) << name;
    for (int i = 0; i < naps; ++i) co_await asio::post(table->io, asio::use_awaitable);
    table->log.push_back(name);
    --table->inside;
}

// Asks again as soon as it has given it back: it must not overtake those who wait.
asio::awaitable<void> come_again(Table* table) {
    co_await sit_down(table, "first", 3);
    co_await sit_down(table, "again", 0);
}

TEST(AsyncMutex, OneAtATimeInTheOrderOfAsking) {
    Table table;
    asio::co_spawn(table.io, come_again(&table), asio::detached);
    asio::co_spawn(table.io, sit_down(&table, "second", 2), asio::detached);
    asio::co_spawn(table.io, sit_down(&table, "third", 0), asio::detached);
    table.io.run();
    EXPECT_EQ(table.log, (std::vector<std::string>{"first", "second", "third", "again"}));
    EXPECT_EQ(table.inside, 0);
}

asio::awaitable<void> fail(Table* table) {
    const auto lock = co_await table->mutex.lock();
    throw std::runtime_error{"on purpose"};
}

TEST(AsyncMutex, AnExceptionGivesItBack) {
    Table table;
    asio::co_spawn(table.io, fail(&table), [](std::exception_ptr failure) {
        EXPECT_TRUE(failure);
    });
    asio::co_spawn(table.io, sit_down(&table, "next", 0), asio::detached);
    table.io.run();
    EXPECT_EQ(table.log, (std::vector<std::string>{"next"}));
}

}  // namespace
}  // namespace linkspan::runtime
