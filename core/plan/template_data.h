// What the templates of commit messages and pull requests can name of a plan.
#pragma once

#include "core/plan/commit_style.h"
#include "core/plan/plan.h"
#include "core/plan/template_text.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::plan {

// The same image going from the same to the same, once, however many places name it.
std::vector<Change> updates_of(const EditPlan& plan);

// "1.2.0@sha256:…"; "(none)" for neither.
std::string shown(const std::string& tag, const std::optional<std::string>& digest);

// "app" of "registry.example.com/acme/app".
std::string short_name(const image::ImageName& image);

// The first twelve digits.
std::string short_digest(std::string_view digest);

// The known names too: all of them are there for any plan.
TemplateData template_data(const EditPlan& plan, CommitStyle style, bool rollback = false);

// A plan with one of everything, for checking templates.
EditPlan specimen_plan();

}  // namespace linkspan::plan
