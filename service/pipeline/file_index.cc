#include "service/pipeline/file_index.h"

#include <algorithm>
#include <utility>

namespace linkspan::pipeline {
namespace {

std::string key_of(const manifest::Place& place) {
    if (place.kind == manifest::PlaceKind::Marker) return key_of_policy(place.policy);
    return place.image ? key_of_image(*place.image) : std::string{kNoName};
}

const std::string& path_of(const std::string* entry) { return *entry; }
template <class Entry>
const std::string& path_of(const Entry& entry) {
    return entry.first;
}

// Whole path parts: what is exactly the prefix, and what is in that folder.
template <class Sorted>
void below(
    const Sorted& sorted, const std::vector<std::string>& prefixes, const FileIndex::Visit& visit
) {
    if (prefixes.empty()) {
        for (const auto& entry : sorted) {
            if (!visit(path_of(entry))) return;
        }
        return;
    }
    for (const std::string& prefix : prefixes) {
        if (const auto it = sorted.find(prefix); it != sorted.end() && !visit(path_of(*it))) return;
        const std::string folder = prefix + "/";
        for (auto it = sorted.lower_bound(folder);
             it != sorted.end() && path_of(*it).starts_with(folder);
             ++it) {
            if (!visit(path_of(*it))) return;
        }
    }
}

}  // namespace

std::string key_of_image(const image::ImageName& image) { return image.str(); }
// No image begins like this.
std::string key_of_policy(std::string_view full_name) { return "$" + std::string{full_name}; }

Names names_of(const manifest::Scan& scan) {
    Names out;
    out.skipped = scan.skipped.has_value();
    out.problems = !scan.problems.empty();
    for (const auto& place : scan.places) {
        auto key = key_of(place);
        // Neighbours often name the same image.
        if (out.keys.empty() || out.keys.back() != key) out.keys.push_back(std::move(key));
    }
    std::sort(out.keys.begin(), out.keys.end());
    out.keys.erase(std::unique(out.keys.begin(), out.keys.end()), out.keys.end());
    return out;
}

void FileIndex::put(const std::string& path, const BlobBytes& blob, const Names& names) {
    erase(path);
    if (names.keys.empty() && !names.problems && !names.skipped) return;
    // A first look comes in the order of the paths.
    const auto file = files_.emplace_hint(files_.end(), path, File{blob, {}});
    file->second.keys.reserve(names.keys.size());
    for (const auto& name : names.keys) {
        const auto key = keys_.try_emplace(name).first;
        // What comes in the order of the paths is the last one.
        key->second.insert(key->second.end(), &file->first);
        file->second.keys.push_back(key);
    }
    if (names.skipped) skipped_.insert(&file->first);
    if (names.problems) troubled_.insert(&file->first);
}

void FileIndex::erase(const std::string& path) {
    const auto file = files_.find(path);
    if (file == files_.end()) return;
    for (const auto key : file->second.keys) {
        key->second.erase(&file->first);
        if (key->second.empty()) keys_.erase(key);
    }
    skipped_.erase(&file->first);
    troubled_.erase(&file->first);
    files_.erase(file);
}

void FileIndex::clear() {
    keys_.clear();
    skipped_.clear();
    troubled_.clear();
    files_.clear();
}

const BlobBytes* FileIndex::find(const std::string& path) const {
    const auto file = files_.find(path);
    return file == files_.end() ? nullptr : &file->second.blob;
}

void FileIndex::with_key(
    std::string_view key, const std::vector<std::string>& prefixes, const Visit& visit
) const {
    const auto found = keys_.find(key);
    if (found != keys_.end()) below(found->second, prefixes, visit);
}

void FileIndex::skipped(const std::vector<std::string>& prefixes, const Visit& visit) const {
    below(skipped_, prefixes, visit);
}

void FileIndex::with_problems(const std::vector<std::string>& prefixes, const Visit& visit) const {
    below(troubled_, prefixes, visit);
}

void FileIndex::with_other_policies(const std::vector<std::string>& known, const Visit& visit)
    const {
    const std::string first = key_of_policy({});
    for (auto it = keys_.lower_bound(first); it != keys_.end() && it->first.starts_with(first);
         ++it) {
        const auto name = std::string_view{it->first}.substr(first.size());
        if (std::binary_search(known.begin(), known.end(), name)) continue;
        for (const std::string* path : it->second) {
            if (!visit(*path)) return;
        }
    }
}

void FileIndex::all(const std::vector<std::string>& prefixes, const Visit& visit) const {
    below(files_, prefixes, visit);
}

}  // namespace linkspan::pipeline
