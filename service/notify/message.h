// Message: one thing that is told, whoever is told it. Made when work ends or a controller reports,
// kept in the outbox as JSON, made into a request when it is sent.
//
// Texts in it come from outside (reasons, hooks' answers, build URLs): each type escapes what its
// receiver would take for markup.
#pragma once

#include "core/result.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::notify {

// A place that changed.
struct Change {
    std::string path;
    std::size_t line = 0;
    std::string image;  // host/repository
    std::string old_tag;
    std::string new_tag;
};

// One piece of work: what an event came to for one target and policy.
struct Item {
    std::string target;
    std::string policy;
    bool one_of_several = false;  // the target has other policies too
    std::string image;            // host/repository
    std::string tag;              // of the event
    std::string digest;
    std::string delivery;    // id
    std::string status_url;  // of the delivery; empty without server.public_url
    std::string reason;
    std::string revision;  // commit of the source
    std::string source;    // URL of the source's repository
    std::string build_url;
    std::string actor;
    std::vector<Change> changes;
};

// What a controller reported.
struct Deployment {
    std::string controller;  // "flux"
    std::string object;      // "Kustomization/flux-system/apps"
    std::string revision;    // that it saw
    std::string message;
};

struct Message {
    std::string id;    // what receivers recognise a repetition by
    std::string kind;  // "committed", "refused", "applied", …
    std::chrono::system_clock::time_point at;
    std::string repository;      // name in the configuration
    std::string repository_url;  // without credentials
    std::string branch;
    std::string commit;  // empty when there is none
    std::string before;  // the commit's parent; empty when not known
    std::string pull_request_url;
    std::string public_url;          // of this service
    std::vector<Item> items;         // at least one; cut to kMostItems
    std::size_t items_total = 0;     // before the cut
    std::vector<std::string> paths;  // all that the commit changes; empty when not known
    std::optional<Deployment> deployment{};
};

// Messages for people and controllers gather what one commit did; more than this nobody reads.
inline constexpr std::size_t kMostItems = 20;

// The outbox's form. Broken UTF-8 is replaced.
std::string to_json(const Message& message);
// Errors: Corrupt.
Result<Message> from_json(std::string_view json);

// "2026-11-20T22:18:28.123Z"
std::string rfc3339(std::chrono::system_clock::time_point time);

// "committed: registry.example.com/acme/app 1.4.1 → 1.4.2 in prod": one line for people.
std::string summary(const Message& message);

// https://host/path without ".git" of a repository's URL in any of its forms, as its web pages have
// it; empty for what has no host (a folder).
std::string web_url(std::string_view repository_url);
// The same URL without user and password.
std::string without_credentials(std::string_view url);

}  // namespace linkspan::notify
