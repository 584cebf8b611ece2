// What the pipeline does with one file, for tests: scan, choose, edit, splice, check.
#pragma once

#include "core/image/reference.h"
#include "core/manifest/edit.h"
#include "core/manifest/scan.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::manifest::test {

struct Wishes {
    std::map<std::string, Wanted> markers;  // by policy
    std::vector<Wanted> images;
};

// "host/name:tag[@digest]". A test's own mistake throws.
Wanted wanted(std::string_view reference, policy::DigestMode mode = policy::DigestMode::Keep);

struct Rewritten {
    std::string bytes;
    std::vector<Edit> edits;
    std::vector<std::string> refused;  // messages of edits_for()
};

// Fails the running test when the edit does not apply or does not pass the check.
Rewritten rewrite(std::string_view bytes, const Scan& scan, const Wishes& wishes);

// scan() and rewrite().
std::string rewritten(std::string_view path, std::string_view bytes, const Wishes& wishes);
std::string marked(std::string_view bytes, std::string_view reference);      // flux-system:app
std::string imaged(std::string_view bytes, std::string_view reference);      // file.yaml
std::string kustomized(std::string_view bytes, std::string_view reference);  // kustomization.yaml

inline const std::string kDigestA = "sha256:" + std::string(64, 'a');
inline const std::string kDigestB = "sha256:" + std::string(64, 'b');

}  // namespace linkspan::manifest::test
