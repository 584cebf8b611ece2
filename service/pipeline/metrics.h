// The counters and latencies that matter, in Prometheus' text form.
//
// Names, labels and meaning are in docs/operations.md. Used on the io_context thread; text() too.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace linkspan::pipeline {

class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // result: accepted, duplicate, ignored, unauthorized, forbidden, malformed, unavailable
    void delivery(const std::string& receiver, const std::string& result);
    void outcome(const std::string& target, const std::string& kind);
    void retry(const std::string& step);
    // From the delivery's arrival to its outcome.
    void settled_after(const std::string& target, std::chrono::nanoseconds elapsed);
    // step: record, confirm, plan, push
    void step(const std::string& step, std::chrono::nanoseconds elapsed);
    void request(const std::string& method, unsigned status, std::chrono::nanoseconds elapsed);
    void commit(const std::string& repository, std::size_t places);
    void pending(std::size_t work);
    // result: delivered, retried, dead
    void notification(const std::string& name, const std::string& result);
    // state: applied, failed, progressing
    void report(const std::string& receiver, const std::string& state);

    [[nodiscard]] std::string text() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace linkspan::pipeline
