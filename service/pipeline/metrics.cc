#include "service/pipeline/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <functional>
#include <set>

namespace linkspan::pipeline {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

// Requests and store writes are milliseconds; a commit is seconds, a wait for a registry may be
// hours.
const Buckets& fast() {
    static const Buckets buckets{
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
    return buckets;
}
const Buckets& slow() {
    static const Buckets buckets{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86400};
    return buckets;
}

const std::string kOther = "other";

double seconds(std::chrono::nanoseconds elapsed) {
    return std::chrono::duration<double>(elapsed).count();
}

}  // namespace

struct Metrics::Impl {
    prometheus::Registry registry;
    prometheus::Family<prometheus::Counter>& deliveries =
        prometheus::BuildCounter()
            .Name("linkspan_deliveries_total")
            .Help("Deliveries by receiver and what they were answered.")
            .Register(registry);
    prometheus::Family<prometheus::Counter>& outcomes =
        prometheus::BuildCounter()
            .Name("linkspan_outcomes_total")
            .Help("Pieces of work by target and how they ended.")
            .Register(registry);
    prometheus::Family<prometheus::Counter>& retries =
        prometheus::BuildCounter()
            .Name("linkspan_retries_total")
            .Help("Steps that failed for now and are tried again.")
            .Register(registry);
    prometheus::Family<prometheus::Counter>& commits = prometheus::BuildCounter()
                                                           .Name("linkspan_commits_total")
                                                           .Help("Commits pushed, by repository.")
                                                           .Register(registry);
    prometheus::Family<prometheus::Counter>& places =
        prometheus::BuildCounter()
            .Name("linkspan_places_changed_total")
            .Help("Places changed by pushed commits, by repository.")
            .Register(registry);
    prometheus::Family<prometheus::Histogram>& settled =
        prometheus::BuildHistogram()
            .Name("linkspan_settle_seconds")
            .Help("Time from a delivery's arrival to its outcome, by target.")
            .Register(registry);
    prometheus::Family<prometheus::Histogram>& steps =
        prometheus::BuildHistogram()
            .Name("linkspan_step_seconds")
            .Help("Time taken by a step of the line.")
            .Register(registry);
    prometheus::Family<prometheus::Histogram>& requests =
        prometheus::BuildHistogram()
            .Name("linkspan_http_request_seconds")
            .Help("HTTP requests by method and status.")
            .Register(registry);
    prometheus::Family<prometheus::Counter>& notifications =
        prometheus::BuildCounter()
            .Name("linkspan_notifications_total")
            .Help("Tries to deliver notifications, by notification and result.")
            .Register(registry);
    prometheus::Family<prometheus::Counter>& reports =
        prometheus::BuildCounter()
            .Name("linkspan_deployment_reports_total")
            .Help("Reports of controllers, by receiver and state.")
            .Register(registry);
    prometheus::Gauge& pending = prometheus::BuildGauge()
                                     .Name("linkspan_pending_work")
                                     .Help("Pieces of work that have not ended.")
                                     .Register(registry)
                                     .Add({});
};

Metrics::Metrics() : impl_{std::make_unique<Impl>()} {}
Metrics::~Metrics() = default;

void Metrics::delivery(const std::string& receiver, const std::string& result) {
    impl_->deliveries.Add({{"receiver", receiver}, {"result", result}}).Increment();
}
void Metrics::outcome(const std::string& target, const std::string& kind) {
    impl_->outcomes.Add({{"target", target}, {"outcome", kind}}).Increment();
}
void Metrics::retry(const std::string& step) { impl_->retries.Add({{"step", step}}).Increment(); }
void Metrics::settled_after(const std::string& target, std::chrono::nanoseconds elapsed) {
    impl_->settled.Add({{"target", target}}, slow()).Observe(seconds(elapsed));
}
void Metrics::step(const std::string& step, std::chrono::nanoseconds elapsed) {
    impl_->steps.Add({{"step", step}}, fast()).Observe(seconds(elapsed));
}
void Metrics::request(
    const std::string& method, unsigned status, std::chrono::nanoseconds elapsed
) {
    // A label value lives for ever: callers may not invent them.
    static const std::set<std::string, std::less<>> known{
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    const std::string& label = known.contains(method) ? method : kOther;
    impl_->requests.Add({{"method", label}, {"status", std::to_string(status)}}, fast())
        .Observe(seconds(elapsed));
}
void Metrics::commit(const std::string& repository, std::size_t places) {
    impl_->commits.Add({{"repository", repository}}).Increment();
    impl_->places.Add({{"repository", repository}}).Increment(static_cast<double>(places));
}
void Metrics::notification(const std::string& name, const std::string& result) {
    impl_->notifications.Add({{"notification", name}, {"result", result}}).Increment();
}
void Metrics::report(const std::string& receiver, const std::string& state) {
    impl_->reports.Add({{"receiver", receiver}, {"state", state}}).Increment();
}
void Metrics::pending(std::size_t work) { impl_->pending.Set(static_cast<double>(work)); }

std::string Metrics::text() const {
    return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

}  // namespace linkspan::pipeline
