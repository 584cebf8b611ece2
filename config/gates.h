// The keys of a policy's gates that a policy in a manifest repository has too.
#pragma once

#include "config/mapping.h"
#include "config/schedules.h"
#include "core/policy/policy.h"

#include <vector>

namespace linkspan::config {

void read_platforms(Reader& reader, const Node& node, std::vector<image::Platform>& platforms);
void read_labels(Reader& reader, const Node& node, std::vector<policy::LabelRule>& labels);
const Mapping<std::vector<policy::SigningKey>>& signature_mapping();

// soak, windows, freezes, platforms and labels, of a T that has fields of these names.
template <class T>
void add_gates(Mapping<T>& m) {
    m.duration(
        "soak",
        &T::soak,
        "How long a tag must have been there, with the digest it has, before it is promoted.",
        {.least = 0, .most = 90ULL * 86'400'000}
    );
    add_schedule(m);
    m.key(
        "platforms",
        Shape::list(Shape::text("^[^/]+/[^/]+(/[^/]+)?$")),
        "An image must be there for each: linux/amd64, linux/arm64/v8.",
        [](Reader& reader, const Node& node, T& value) {
            read_platforms(reader, node, value.platforms);
        }
    );
    m.key(
        "labels",
        Shape::table(Shape::text()),
        "Labels or annotations that an image must have, and their values: text, a glob, or RE2 "
        "between slashes.",
        [](Reader& reader, const Node& node, T& value) { read_labels(reader, node, value.labels); }
    );
}

}  // namespace linkspan::config
