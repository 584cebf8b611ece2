// What an image says about itself, as the store keeps it: by digest, so that it is asked for once.
//
// Pure.
#pragma once

#include "core/policy/gates.h"
#include "service/registry/inspect.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::pipeline {

constexpr int kDetailsVersion = 2;
// What is larger is asked for each time: who can push decides how long a label is.
constexpr std::size_t kLargestDetails = 256 << 10;

std::string encode_details(const registry::ImageDetails& details);
// nullopt: not what encode_details() wrote.
std::optional<registry::ImageDetails> decode_details(std::string_view bytes);

// Labels, and the annotations that are not labels too; of every platform, where the labels are: no
// annotation stands in for a label that the platforms have differently.
std::map<std::string, std::string> labels_of(const registry::ImageDetails& details);

}  // namespace linkspan::pipeline
