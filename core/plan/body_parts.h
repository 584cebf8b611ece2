// The parts of a pull request's body, as blocks for its template: what reads first is what decides.
// Text from outside is made harmless here (markdown.h).
#pragma once

#include "core/plan/pull_request.h"
#include "core/plan/template_text.h"

#include <cstddef>
#include <string>

namespace linkspan::plan {

// How much of each part there is room for.
struct Room {
    std::size_t rows = 200;
    std::size_t places = 200;
    std::size_t sentences = 20;
    bool whys = true;
    bool links = true;
    std::size_t state = 30000;  // bytes
};

// "intro", "table", "where", "builds", "verified", "refused", "held", "help"; empty where there is
// nothing to tell.
TemplateValues body_parts(const Proposal& proposal, const TextOptions& options, const Room& room);

// How the images of a proposal are called in its body: what all of them have in common is said once
// and left out of each.
class ImageNames {
public:
    explicit ImageNames(const EditPlan& plan);
    [[nodiscard]] std::string of(const image::ImageName& image) const;
    // "registry.example.com/acme" where all are in it, "registry.example.com" where they are in
    // several parts of it; empty: they have nothing in common.
    [[nodiscard]] const std::string& common() const { return common_; }

private:
    std::string common_;
};

// |Image|Change|…|, without columns that would be empty, and below it what is the same for all rows
// or too long for them.
std::string body_table(const Proposal& proposal, const ImageNames& names, const Room& room);

// "3 images", "1 image".
std::string count_of(std::size_t count, std::string_view what);

}  // namespace linkspan::plan
