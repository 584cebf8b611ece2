// FileIndex: image or policy → the files of one commit that name it, in memory. It holds paths and
// names, no places: those are read when they are needed.
//
// Files without a place and without a problem are not in it. A lookup visits what it finds, not the
// files there are. One thread at a time.
#pragma once

#include "core/manifest/place.h"
#include "service/pipeline/blob_scans.h"

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::pipeline {

// What a place is found by.
std::string key_of_image(const image::ImageName& image);
std::string key_of_policy(std::string_view full_name);
inline constexpr std::string_view kNoName = "";  // values whose image only the configuration knows

// What of a scan is in the index.
struct Names {
    std::vector<std::string> keys;  // of its places, each once
    bool skipped = false;
    bool problems = false;
};
Names names_of(const manifest::Scan& scan);

class FileIndex {
public:
    using Visit = std::function<bool(const std::string& path)>;  // false: enough

    // Replaces what is known of the file.
    void put(const std::string& path, const BlobBytes& blob, const Names& names);
    void put(const std::string& path, const BlobBytes& blob, const manifest::Scan& scan) {
        put(path, blob, names_of(scan));
    }
    void erase(const std::string& path);
    void clear();

    [[nodiscard]] const BlobBytes* find(const std::string& path) const;
    [[nodiscard]] std::size_t size() const { return files_.size(); }

    // The files below the prefixes (all when there are none) that hold a place with this key; that
    // were skipped; that have problems. In the order of their paths, prefix by prefix.
    void with_key(
        std::string_view key, const std::vector<std::string>& prefixes, const Visit& visit
    ) const;
    void skipped(const std::vector<std::string>& prefixes, const Visit& visit) const;
    void with_problems(const std::vector<std::string>& prefixes, const Visit& visit) const;
    // Files with a marker of a policy that is not among these (sorted full names).
    void with_other_policies(const std::vector<std::string>& known, const Visit& visit) const;
    void all(const std::vector<std::string>& prefixes, const Visit& visit) const;

private:
    struct ByPath {
        using is_transparent = void;
        bool operator()(const std::string* a, const std::string* b) const { return *a < *b; }
        bool operator()(const std::string* a, std::string_view b) const { return *a < b; }
        bool operator()(std::string_view a, const std::string* b) const { return a < *b; }
    };
    using Paths = std::set<const std::string*, ByPath>;
    using Keys = std::map<std::string, Paths, std::less<>>;
    struct File {
        BlobBytes blob;
        std::vector<Keys::iterator> keys;
    };

    // Paths and keys are named by address from elsewhere: nodes of a map stay where they are.
    std::map<std::string, File> files_;
    Keys keys_;
    Paths skipped_;
    Paths troubled_;
};

}  // namespace linkspan::pipeline
