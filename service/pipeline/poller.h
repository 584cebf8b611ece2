// Poller: lists the tags of images in the background, so that events need not.
//
//   poll    for registries that can't call: a new tag, or a moved one that a policy follows,
//   becomes
//           a delivery of the built-in receiver "poll", recorded and started like any other
//   resync  for the others, much more rarely: what calls missed is found, and what was deleted is
//           forgotten
//
// The two differ in how often, and in images that were never listed: a poll lists them, and the
// first list leads to one decision for each policy; a resync leaves them to their first event.
//
// A policy that joins later, for an image that is listed already, gets its one decision at the
// start or the reload that brings it: about the best tag that is known.
//
// When an image is due is when it was listed last and the interval, give or take a tenth, so that a
// restart does not ask for everything at once. The longest overdue goes first; a registry has two
// lists at a time, among the turns that events have too.
//
// Lives on the io_context thread.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "service/pipeline/decider.h"
#include "service/pipeline/poll_finds.h"
#include "service/pipeline/registry_clients.h"
#include "service/pipeline/tag_book.h"
#include "service/store/store.h"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace linkspan::pipeline {

class Pipeline;

// How an image is listed. Zero: not at all.
struct PollTimes {
    std::chrono::milliseconds interval{0};
    bool from_the_start = false;  // also when it was never listed
};
// The shortest that its watched policies and its registry ask for.
PollTimes poll_times(const config::Config& config, const image::ImageName& image);

class Poller {
public:
    Poller(
        Pipeline& pipeline,
        RegistryClients& clients,
        TagBook& book,
        Decider& decider,
        store::Writer& writer
    );

    // Until the pipeline stops.
    boost::asio::awaitable<void> run();
    // Images, intervals and policies may have changed.
    void use(ConfigPtr config);

    // A tag that soaks, for a target and policy that went on with another one.
    struct Soaking {
        image::Tag tag;
        store::NewWork work;
    };
    // Sees to it that each is decided about when its soak ends, told of by somebody or not.
    boost::asio::awaitable<void> await_soaks(image::ImageName image, std::vector<Soaking> soaking);

private:
    using Time = store::TimePoint;
    struct Image {
        PollTimes times;
        Time due{};
        bool running = false;
        int failures = 0;
    };
    struct Find {  // a tag that is an event, and for which policies
        image::Tag tag;
        image::Digest digest;
        Time at;                            // when it was asked
        std::vector<std::string> policies;  // full names
    };
    struct Finds {
        std::vector<Find> events;
        // Gone already, not there yet, or not for us: they stay unknown, and are new next time.
        std::set<std::string> unread{};
        PassedOver passed_over{};  // for whom a better tag was one of these
    };
    using Tags = std::shared_ptr<const std::vector<std::string>>;

    boost::asio::awaitable<void> poll_guarded(image::ImageName name);
    boost::asio::awaitable<Result<Time>> poll(image::ImageName name);
    // One decision for each policy.
    boost::asio::awaitable<Result<Finds>> find_first(
        image::ImageName name, std::vector<policy::Policy> policies, Tags tags
    );
    // What `before` lacks, and what moved of the tags that policies follow.
    boost::asio::awaitable<Result<Finds>> find_new(
        image::ImageName name, std::vector<policy::Policy> policies, TagPage before, Tags tags
    );
    // The decisions of policies that never had one, for images that are listed.
    void decide_new();
    boost::asio::awaitable<void> decide_new_guarded(
        ConfigPtr config, std::vector<image::ImageName> images
    );
    boost::asio::awaitable<Status> decide_new_of(ConfigPtr config, image::ImageName image);
    std::chrono::milliseconds jittered(std::chrono::milliseconds interval);

    Pipeline& pipeline_;
    RegistryClients& clients_;
    TagBook& book_;
    Decider& decider_;
    store::Writer& writer_;
    ConfigPtr config_;
    bool started_ = false;
    std::map<image::ImageName, Image> images_;
    std::map<std::string, std::size_t> running_;  // by host
    std::minstd_rand random_;
};

}  // namespace linkspan::pipeline
