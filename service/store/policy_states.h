// PolicyStates: how the work for a policy in a target ended last, and what Git says since.
//
// Reached through Store::policy_states(), on the store's thread. Errors: those of the store.
#pragma once

#include "core/result.h"
#include "service/store/store.h"

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::store {

class Database;

struct EndedWork {
    std::string delivery;
    Outcome outcome;
    TimePoint at;
};

class PolicyStates {
public:
    explicit PolicyStates(Database& database) : database_{database} {}

    // The work that ended last; with `settled_in_git`: that ended with the selected tag in Git
    // ("committed", "already_current"). nullopt: none that is still kept.
    Result<std::optional<EndedWork>> last(
        std::string_view target, std::string_view policy, bool settled_in_git
    );
    // The newest commit that Linkspan made for it.
    Result<std::optional<EndedWork>> last_commit(std::string_view target, std::string_view policy);
    // Pieces of work that have not ended.
    Result<std::size_t> pending(std::string_view target, std::string_view policy);
    // Whether there is, or was, any work for it about the image, as far as it is still kept.
    Result<bool> has_work(
        std::string_view target, std::string_view policy, const image::ImageName& image
    );
    // Whether work for it about this tag has not ended.
    Result<bool> awaits(
        std::string_view target,
        std::string_view policy,
        const image::ImageName& image,
        const image::Tag& tag
    );
    // The newest event of the image; nullopt: none that is still kept.
    Result<std::optional<std::string>> newest_tag(const image::ImageName& image);

private:
    Database& database_;
};

}  // namespace linkspan::store
