// The texts of a pull request: title and body, for the people who review it.
//
// Everything in them that comes from outside is made harmless (markdown.h). Bodies are cut to what
// the platform takes: first the places, then refusals and sentences, then rows of the table; the
// hidden state stays.
#pragma once

#include "core/plan/commit_style.h"
#include "core/plan/plan.h"
#include "core/plan/pull_request_state.h"
#include "core/plan/source_links.h"
#include "core/result.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::plan {

// What one pull request proposes, and what is worth telling about it.
struct Proposal {
    std::string target;
    std::string group{};  // empty: all of the target
    EditPlan plan{};
    // By "host/repository:tag", old and new images. Of the new ones the events' facts count where
    // nothing is here.
    std::map<std::string, ImageOrigin> origins{};
    std::vector<std::string> refused{};   // sentences: "registry.example.com/acme/app:2.0.0: …"
    std::vector<std::string> held{};      // places where people win
    std::vector<std::string> verified{};  // what was checked: "signed by https://…"
    bool rollback = false;
    std::string reason{};  // a person's, of the rollback
    std::optional<std::chrono::system_clock::time_point> soaks_until{};
    // When these images were first proposed: ages in the body are as of then, so that the body of
    // an unchanged proposal is unchanged.
    std::chrono::system_clock::time_point proposed_at{};
};

// Each image once, in order.
std::vector<CarriedImage> carried(const EditPlan& plan);

extern const std::string_view kDefaultTitle;
extern const std::string_view kDefaultBody;

// Errors: InvalidInput for an unknown name or an unclosed block.
Status check_title(std::string_view text);
Status check_body(std::string_view text);

struct TextOptions {
    std::string title{};  // templates; empty: the defaults
    std::string body{};
    CommitStyle style = CommitStyle::Plain;
    bool html_comments = true;
    bool checkboxes = true;        // of the platform
    std::string closing{"Close"};  // how the platform calls closing without merging, as a verb
    std::size_t title_limit = 255;
    std::size_t body_limit = 65536;
    std::string link{};   // page of Linkspan about the delivery: "{id}" is replaced; empty: none
    std::string ended{};  // why Linkspan closes it, for the state
};

Result<std::string> title_of(const Proposal& proposal, const TextOptions& options);
// What is ours of the body, from its first block to the hidden state. put_into() puts it among what
// people wrote.
Result<std::string> body_of(const Proposal& proposal, const TextOptions& options);

}  // namespace linkspan::plan
