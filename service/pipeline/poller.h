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
// When an image is due is when it was listed last and the interval, give or take a tenth, so that a
// restart does not ask for everything at once. The longest overdue goes first; a registry has two
// lists at a time, among the turns that events have too.
//
// Lives on the io_context thread.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "service/pipeline/decider.h"
#include "service/pipeline/registry_clients.h"
#include "service/pipeline/tag_book.h"
#include "service/store/store.h"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace linkspan::pipeline {

class Pipeline;

// The name of the receiver and of the sender of what polling found. No receiver of the
// configuration may have it.
inline constexpr std::string_view kPollReceiver = "poll";

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
    // Images and intervals may have changed.
    void use(ConfigPtr config);

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
        std::vector<std::string> policies;  // full names
    };

    boost::asio::awaitable<void> poll_guarded(image::ImageName name);
    boost::asio::awaitable<Result<Time>> poll(image::ImageName name);
    // When the image was listed last and is not due after all, that time.
    boost::asio::awaitable<Result<std::vector<Find>>> find_events(
        image::ImageName name, TagPage before, std::shared_ptr<const std::vector<std::string>> tags
    );
    std::chrono::milliseconds jittered(std::chrono::milliseconds interval);

    Pipeline& pipeline_;
    RegistryClients& clients_;
    TagBook& book_;
    Decider& decider_;
    store::Writer& writer_;
    ConfigPtr config_;
    std::map<image::ImageName, Image> images_;
    std::map<std::string, std::size_t> running_;  // by host
    std::minstd_rand random_;
};

}  // namespace linkspan::pipeline
