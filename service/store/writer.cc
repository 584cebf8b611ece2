// Writer: one thread, one transaction at a time, everybody who waits is in it.
//
//   callers         a b        c    d e f g h …
//   thread    BEGIN [a] [b]    [c]  COMMIT ……………  done(a) done(b) done(c)  BEGIN [d] [e] …
//                                   d e f … gather while the disk is busy
//
// Each operation has a savepoint of its own. A transaction takes whoever comes until nobody is
// left, and then goes to the disk: with one caller that is one sync per operation, with many it is
// one for all of them, without a timer. Callers that were just told that they are done and call
// again while the first of them is being served are in one transaction, not in the one after.
//
// The alternative, waiting a millisecond for company, makes the quiet case slower and the busy one
// no faster.
#include "service/store/store.h"

#include <fmt/format.h>

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace linkspan::store {

namespace {

// Bounds what one rollback can take with it, and how long the first caller waits for the last.
constexpr std::size_t kLargestTransaction = 256;

struct Item {
    std::function<Status(Store&)> operation;
    std::function<void(Status)> done;
    Status result{};
};

Status call(const std::function<Status(Store&)>& operation, Store& store) {
    try {
        return operation(store);
    } catch (const std::exception& e) {
        return Error{Errc::Internal, fmt::format("exception in a store operation: {}", e.what())};
    } catch (...) {
        return Error{Errc::Internal, "exception in a store operation"};
    }
}

}  // namespace

struct Writer::Impl {
    explicit Impl(std::unique_ptr<Store> s) : store{std::move(s)} {}

    void loop();
    bool wait();  // until there is something to do; false: never again
    std::optional<Item> take();
    // Puts those whose operation ran, or can't, into `members`, with their results.
    void run_transaction(std::vector<Item>& members);
    Status run_in_savepoint(const Item& item);

    std::unique_ptr<Store> store;
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Item> queue;  // with mutex
    bool stopping = false;   // with mutex
    std::thread thread;
};

Writer::Writer(std::unique_ptr<Store> store) : impl_{std::make_unique<Impl>(std::move(store))} {
    // Signals are for the main thread.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    impl_->thread = std::thread{[this] { impl_->loop(); }};
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_setname_np(impl_->thread.native_handle(), "store");
}

Writer::~Writer() {
    {
        const std::lock_guard lock{impl_->mutex};
        impl_->stopping = true;
    }
    impl_->wake.notify_one();
    impl_->thread.join();
}

void Writer::run(std::function<Status(Store&)> operation, std::function<void(Status)> done) {
    {
        const std::lock_guard lock{impl_->mutex};
        impl_->queue.push_back({std::move(operation), std::move(done)});
    }
    impl_->wake.notify_one();
}

void Writer::Impl::loop() {
    std::vector<Item> transaction;
    while (wait()) {
        run_transaction(transaction);
        for (Item& item : transaction) {
            if (item.done) item.done(std::move(item.result));
        }
        transaction.clear();
    }
}

bool Writer::Impl::wait() {
    std::unique_lock lock{mutex};
    wake.wait(lock, [this] { return stopping || !queue.empty(); });
    return !queue.empty();
}

std::optional<Item> Writer::Impl::take() {
    const std::lock_guard lock{mutex};
    if (queue.empty()) return std::nullopt;
    std::optional<Item> item{std::move(queue.front())};
    queue.pop_front();
    return item;
}

void Writer::Impl::run_transaction(std::vector<Item>& members) {
    Status status = store->begin();
    while (members.size() < kLargestTransaction) {
        auto item = take();
        if (!item) break;
        members.push_back(std::move(*item));
        if (status.has_error()) continue;  // no transaction, for anybody who waited for it
        Status& result = members.back().result;
        result = run_in_savepoint(members.back());
        // Some errors (a full disk, I/O) end the whole transaction. Who was in it is told so; who
        // comes now gets a new one.
        if (!store->in_transaction()) {
            status = result.has_error()
                         ? result
                         : Error{Errc::Internal, "a store operation ended the shared transaction"};
            break;
        }
    }
    if (!status.has_error()) status = store->commit();
    if (!status.has_error()) return;
    store->rollback();
    for (Item& item : members) {
        // An operation that failed by itself keeps its own reason.
        if (!item.result.has_error()) item.result = status;
    }
}

Status Writer::Impl::run_in_savepoint(const Item& item) {
    if (auto status = store->savepoint(); status.has_error()) return status;
    auto result = call(item.operation, *store);
    auto status = result.has_error() ? store->rollback_to() : store->release();
    if (!status.has_error()) return result;
    // The savepoint is gone, or in an unknown state: nothing of this transaction may stay.
    store->rollback();
    return result.has_error() ? result : status;
}

}  // namespace linkspan::store
