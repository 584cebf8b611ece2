// EditPlan: what one turn would change in a manifest repository, as values. A dry run prints it,
// the committer writes it.
#pragma once

#include "core/image/event.h"
#include "core/manifest/edit.h"
#include "core/policy/decide.h"

#include <optional>
#include <string>
#include <vector>

namespace linkspan::plan {

// One place that changes: for the commit message, the pull request and the trail.
struct Change {
    std::string target;
    std::string policy;  // full name
    std::string path;
    std::size_t line = 0;
    std::size_t document = 0;  // 0-based number of the YAML document in the file
    std::string where;         // "spec.template.spec.containers[0].image"
    image::ImageName image;
    std::string old_tag;  // empty when none was written
    std::string new_tag;
    std::optional<std::string> old_digest;
    std::optional<std::string> new_digest;
    std::string why;  // the decision's one sentence
    // A person asked for this very tag (a rollback); `why` says who, and their reason.
    bool asked_for = false;
    std::string compare{};  // a page that compares the sources of the two tags; empty: not known
    // Which edits of its file make this change; several changes may share one.
    std::vector<manifest::ByteSpan> spans;
};

struct FileEdit {
    std::string path;
    std::vector<manifest::Edit> edits;
    std::string before;
    std::string after;
};

// Why this plan exists: goes into trailers and the message.
struct Cause {
    std::string delivery;  // id
    image::ImageEvent event;
    std::string target;
    std::string policy;  // full name
};

struct EditPlan {
    std::string base;  // commit id the plan was made on
    std::vector<FileEdit> files;
    std::vector<Change> changes;
    std::vector<Cause> causes;

    [[nodiscard]] bool empty() const { return files.empty(); }
};

}  // namespace linkspan::plan
