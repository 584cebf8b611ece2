// preview(): what the service would do now, as values. Changes nothing: mirrors and a store are
// made in a folder that the caller gives and takes away, and nothing is pushed or sent.
//
// It knows what registries and repositories say, and, with the service's store, what people hold,
// closed and undid. When an image was first seen is not part of it: a soak begins now.
#pragma once

#include "core/image/reference.h"
#include "core/policy/gates.h"
#include "service/pipeline/git_options.h"
#include "service/store/store.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace linkspan::pipeline {

struct PreviewImage {
    image::ImageName image;
    std::optional<image::Tag> tag{};  // as if this had been pushed; none: what the registry has
};

struct PreviewOptions {
    std::string directory{};              // for mirrors: what is there already is not fetched again
    std::vector<PreviewImage> images{};   // none: of every policy that a target follows
    std::vector<std::string> targets{};   // names; none: all
    std::vector<std::string> policies{};  // full or short names; none: all
};

// One target and policy.
struct PreviewItem {
    std::string target;
    std::string policy;
    std::string image;
    std::string verdict{};  // "promote", "already_current", "refused", "waiting", "failed"
    std::optional<std::string> selected{};
    std::string why{};
    std::string reason{};
    std::vector<policy::GateLine> gates{};
    std::vector<std::string> notes{};  // refusals and problems, with file and line
};

struct PreviewCommit {
    std::string repository;
    std::string branch;
    std::string message;
    std::string diff;
};

struct PreviewProposal {
    std::string repository;
    std::string target;
    std::string group;
    std::string branch;
    std::string title;
    std::string body;
    std::string message;
    std::string diff;
};

struct Preview {
    std::vector<PreviewItem> items;
    std::vector<PreviewCommit> commits;
    std::vector<PreviewProposal> proposals;
    // Why the service's store, though it is there, could not be read.
    std::optional<std::string> forgotten{};
};

// `config` without anything that a preview must not do. `known`: the service's store, which is only
// read (store/beside.h); null where there is none. What can't be reached is a failed item.
boost::asio::awaitable<Preview> preview(
    boost::asio::any_io_executor executor,
    ConfigPtr config,
    store::Writer& writer,
    store::Writer* known,
    PreviewOptions options
);

}  // namespace linkspan::pipeline
