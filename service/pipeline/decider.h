// Decider: the steps `confirm` and `decide` for one event, as far as they need no Git: is the
// pushed tag there, which tag does each policy select among the known ones, and do its gates let it
// pass.
//
// What it asks the registry, with everything known: one HEAD, of the pushed tag. Beyond that
//   a list           once for an image; later lists are the poller's, in the background. One more
//                    when many tags in a row turn out to be gone
//   a HEAD           of the selected tag, when it is another one and was not asked for just now
//   image and index  when a policy selects by time or has gates on labels or platforms; by digest,
//                    once
//   signatures       when a policy asks for one; once for each digest that is signed
//   another HEAD     of the best tag, when it was only listed and must soak: it begins with that
//
// A tag that can't be read (refused, or not what the API says) is passed over with its reason.
//
// Lives on the io_context thread; everything that blocks runs on the clients' pool.
#pragma once

#include "core/image/event.h"
#include "core/plan/source_links.h"
#include "core/policy/gates.h"
#include "core/policy/policy.h"
#include "core/policy/select.h"
#include "core/result.h"
#include "service/pipeline/prepare.h"
#include "service/pipeline/registry_clients.h"
#include "service/pipeline/tag_book.h"
#include "service/pipeline/unread_tags.h"
#include "service/registry/inspect.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace linkspan::pipeline {

// One policy, for one target.
struct Question {
    policy::Policy policy;
    policy::Schedule schedule;  // the target's
    // The policy's soak, where it goes on in the open: as a draft.
    std::chrono::milliseconds draft_soak{0};
};

struct Chosen {
    policy::Explanation selection;
    std::optional<image::Digest> resolved;  // of the selected tag
    std::vector<std::string> notes;         // for the trail
    policy::GateAnswer gates;
    std::optional<store::TimePoint> first_seen{};  // of the selected tag with this digest
    // A better tag soaks meanwhile, and nobody may have told of it: it wants work of its own.
    std::optional<image::Tag> soaking{};
};

struct DecidedEvent {
    std::optional<NotYet> not_yet;
    // One for each question, when not_yet is empty. Errors: the registry's and the store's, as far
    // as this question needed them.
    std::vector<Result<Chosen>> policies;
};

struct Patience {
    bool insist = false;  // confirm()
    // How long after an image was first seen its signature may be missing.
    std::chrono::milliseconds missing_signature{0};
};

class Decider {
public:
    Decider(
        boost::asio::any_io_executor executor,
        RegistryClients& clients,
        TagBook& book,
        store::Writer& writer
    );
    Decider(const Decider&) = delete;
    Decider& operator=(const Decider&) = delete;

    // Errors, of the event and its image: the registry's and the store's. Those of one policy's
    // question are in its answer.
    boost::asio::awaitable<Result<DecidedEvent>> decide(
        image::ImageEvent event, std::vector<Question> questions, Patience patience
    );

    // Which digest a tag has now; nullopt: there is no such tag. For a moment the answer is
    // remembered.
    boost::asio::awaitable<Result<std::optional<image::Digest>>> resolve(
        image::ImageName image, image::Tag tag
    );

    // What an image says of where it was built from; the digest, where it is known, saves a
    // request. Errors: the registry's and the store's.
    boost::asio::awaitable<Result<plan::ImageOrigin>> origin(
        image::ImageName image, image::Tag tag, std::optional<std::string> digest
    );

private:
    struct Told {
        image::Digest digest;
        std::chrono::steady_clock::time_point at;
    };
    struct Now {  // one event, while it is decided
        image::ImageEvent event;
        image::Digest pushed;
        Patience patience;
        bool times = false;
        TagPage page;
        std::vector<std::string> notes;
        std::set<std::string> asked{};  // for their times
        std::size_t gone = 0;           // tags that were known
        std::size_t unread = 0;         // of this question
    };
    enum class ListFor {
        TheFirstTime,
        TheGone,  // forgets what is no longer there; what is new is for the poller to tell of
    };

    // `at`: not after the registry is asked.
    boost::asio::awaitable<Status> list(image::ImageName image, ListFor what, store::TimePoint at);
    boost::asio::awaitable<Result<Chosen>> choose(Now& now, Question question);
    // A tag's digest now, noted. nullopt: it dropped out, as gone or as one that can't be read.
    boost::asio::awaitable<Result<std::optional<image::Digest>>> see(
        Now& now, image::Tag tag, Chosen& chosen
    );
    boost::asio::awaitable<Status> drop_gone(Now& now, image::Tag tag);
    // Reads when images were created, of the tags that pass the policy's filters and were not asked
    // for yet.
    boost::asio::awaitable<Status> learn_times(Now& now, policy::Policy policy);
    // nullopt: there is no such tag any more.
    boost::asio::awaitable<Result<std::optional<policy::GateAnswer>>> ask_gates(
        Now& now, const Question& question, image::Tag tag, image::Digest digest, Chosen& chosen
    );
    // resolve(), whatever is remembered.
    boost::asio::awaitable<Result<std::optional<image::Digest>>> ask_digest(
        image::ImageName image, image::Tag tag
    );
    boost::asio::awaitable<Result<registry::ImageDetails>> details(
        image::ImageName image, image::Digest digest, bool labels
    );
    boost::asio::awaitable<Result<policy::SignatureFact>> signature(
        image::ImageName image, image::Digest digest, policy::Policy policy
    );
    [[nodiscard]] std::optional<image::Digest> recall(
        const image::ImageName& image, const image::Tag& tag
    ) const;
    void remember(
        const image::ImageName& image, const image::Tag& tag, const image::Digest& digest
    );

    boost::asio::any_io_executor executor_;
    RegistryClients& clients_;
    TagBook& book_;
    store::Writer& writer_;
    std::unordered_map<std::string, Told> told_;                // by image:tag
    std::unordered_map<std::string, policy::SignedBy> signed_;  // by digest and keys
    UnreadTags unread_;
    // Images that are listed, and who waits for that.
    std::map<std::string, std::vector<std::shared_ptr<boost::asio::steady_timer>>> listing_;
};

}  // namespace linkspan::pipeline
