// Writer: one thread, one transaction at a time, everybody who waits is in it.
//
//   queue   a b c | d e f g …            d…g gather while a b c goes to the disk
//   thread  BEGIN  [a] [b] [c]  COMMIT   each in a savepoint of its own
//           done(a) done(b) done(c)      then the next transaction
//
// With one caller that is one fsync per operation; with many it is one per batch, without a timer:
// the disk's own slowness makes the batches. The alternative, waiting a millisecond for company,
// makes the quiet case slower and the busy one no faster.
#include "service/store/store.h"

#include <fmt/format.h>

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace linkspan::store {

namespace {

// Bounds what one rollback can take with it, and how long the first caller waits for the last.
constexpr std::size_t kLargestBatch = 256;

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
    void run_batch(std::vector<Item>& batch);
    // The operations from `begin` on that fit into one transaction; returns where the next starts.
    std::size_t run_transaction(std::vector<Item>& batch, std::size_t begin);
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
    std::vector<Item> batch;
    for (;;) {
        {
            std::unique_lock lock{mutex};
            wake.wait(lock, [this] { return stopping || !queue.empty(); });
            if (queue.empty()) return;
            while (!queue.empty() && batch.size() < kLargestBatch) {
                batch.push_back(std::move(queue.front()));
                queue.pop_front();
            }
        }
        run_batch(batch);
        batch.clear();
    }
}

void Writer::Impl::run_batch(std::vector<Item>& batch) {
    for (std::size_t begin = 0; begin < batch.size();) {
        const std::size_t end = run_transaction(batch, begin);
        for (; begin < end; ++begin) {
            if (batch[begin].done) batch[begin].done(std::move(batch[begin].result));
        }
    }
}

std::size_t Writer::Impl::run_transaction(std::vector<Item>& batch, std::size_t begin) {
    std::size_t end = begin;
    Status status = store->begin();
    while (!status.has_error() && end < batch.size()) {
        Item& item = batch[end++];
        item.result = run_in_savepoint(item);
        // Some errors (a full disk, I/O) end the whole transaction. What ran in it is undone; what
        // has not run yet gets a new one.
        if (!store->in_transaction()) {
            status = item.result.has_error()
                         ? item.result
                         : Error{Errc::Internal, "a store operation ended the shared transaction"};
        }
    }
    if (!status.has_error()) {
        status = store->commit();
    } else if (end == begin) {
        end = batch.size();  // no transaction, for anybody
    }
    if (!status.has_error()) return end;
    store->rollback();
    for (std::size_t i = begin; i < end; ++i) {
        // An operation that failed by itself keeps its own reason.
        if (!batch[i].result.has_error()) batch[i].result = status;
    }
    return end;
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
