// Whole trees before and after: tests/golden/yaml/<case>/{before,after}/…
//
// case.json says what is wanted: {"markers": {"ns:name": "host/image:tag"}, "images": ["…"],
// "digest": "keep|pin|never", "fields": [{"files", "path" or "pattern", "role", "image"}]}.
// plan.json beside it is what was found and planned, for reviewers of a change. LINKSPAN_ACCEPT=1
// rewrites after/ and plan.json, and skips.

#include "core/glob.h"
#include "core/manifest/field.h"
#include "tests/support/file_tree.h"
#include "tests/unit/manifest/rewrite.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::manifest {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

fs::path root() { return fs::path{LINKSPAN_SOURCE_DIR} / "tests/golden/yaml"; }

test::Wishes read_wishes(const Json& json) {
    const std::map<std::string, policy::DigestMode> modes = {
        {"keep", policy::DigestMode::Keep},
        {"pin", policy::DigestMode::Pin},
        {"never", policy::DigestMode::Never},
    };
    const auto mode = modes.at(json.value("digest", "keep"));
    test::Wishes out;
    const Json markers = json.value("markers", Json::object());
    for (const auto& [policy, reference] : markers.items()) {
        out.markers.emplace(policy, test::wanted(reference.get<std::string>(), mode));
    }
    for (const auto& reference : json.value("images", Json::array())) {
        out.images.push_back(test::wanted(reference.get<std::string>(), mode));
    }
    return out;
}

struct Watch {
    std::string files;
    FieldRule rule;
};

std::vector<Watch> read_watches(const Json& json) {
    const std::map<std::string, Role> roles = {
        {"reference", Role::Reference},
        {"name", Role::Name},
        {"tag", Role::Tag},
        {"digest", Role::Digest},
        {"tag_digest", Role::TagDigest},
    };
    std::vector<Watch> out;
    for (const auto& one : json.value("fields", Json::array())) {
        Field field;
        field.path = one.value("path", "");
        field.pattern = one.value("pattern", "");
        field.role = roles.at(one.value("role", "reference"));
        if (one.contains("image")) {
            field.image = image::ImageName::parse(one["image"].get<std::string>()).value();
        }
        out.push_back({one.at("files").get<std::string>(), FieldRule::compile(field).value()});
    }
    return out;
}

// As a case asks for: fields where it has any, else shapes and markers.
std::optional<Scan> scan_as(
    const std::vector<Watch>& watches, const std::string& path, const std::string& bytes
) {
    if (watches.empty()) {
        if (!worth_scanning(path, bytes)) return std::nullopt;
        return scan(path, bytes);
    }
    std::vector<FieldRule> rules;
    for (const Watch& watch : watches) {
        if (glob_matches(watch.files, path)) rules.push_back(watch.rule);
    }
    if (rules.empty()) return std::nullopt;
    return scan_fields(path, bytes, rules);
}

const char* kind_name(PlaceKind kind) {
    switch (kind) {
        case PlaceKind::Marker:
            return "marker";
        case PlaceKind::KubernetesImage:
            return "kubernetes";
        case PlaceKind::KustomizeImage:
            return "kustomize";
        case PlaceKind::HelmImage:
            return "helm";
        case PlaceKind::ArgoImage:
            return "argo";
        case PlaceKind::ComposeImage:
            return "compose";
        case PlaceKind::CiImage:
            return "ci";
        case PlaceKind::Field:
            return "field";
    }
    return "";
}

Json describe(const Scan& found, const test::Rewritten& result) {
    Json out = Json::object();
    if (found.skipped) out["skipped"] = *found.skipped;
    for (const Place& place : found.places) {
        Json p = {{"kind", kind_name(place.kind)}, {"where", place.where}};
        if (place.document > 0) p["document"] = place.document;
        if (!place.object.empty()) p["object"] = place.object;
        if (place.image) p["image"] = place.image->str();
        if (!place.policy.empty()) p["policy"] = place.policy;
        if (!place.scalars.empty()) p["line"] = place.scalars.back().line;
        if (!place.alias_lines.empty()) p["aliases"] = place.alias_lines;
        out["places"].push_back(std::move(p));
    }
    for (const Edit& edit : result.edits) {
        Json e = {{"line", edit.line}};
        for (const WrittenKey& key : edit.added) e["added"].push_back(key.key);
        if (!edit.removed.empty()) e["removed"] = edit.removed;
        e["old"] = edit.old_value;
        e["new"] = edit.new_value;
        out["edits"].push_back(std::move(e));
    }
    for (const Problem& problem : found.problems) {
        out["problems"].push_back({{"line", problem.line}, {"message", problem.message}});
    }
    for (const std::string& refused : result.refused) out["refused"].push_back(refused);
    return out;
}

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, OnlyTheValuesChange) {
    const fs::path folder = root() / GetParam();
    const Json wanted = Json::parse(linkspan::test::read_bytes(folder / "case.json"));
    const test::Wishes wishes = read_wishes(wanted);
    const auto watches = read_watches(wanted);
    linkspan::test::FileTree after;
    Json plan = Json::object();
    for (const auto& [path, bytes] : linkspan::test::read_files(folder / "before")) {
        SCOPED_TRACE(path);
        const auto looked = scan_as(watches, path, bytes);
        if (!looked) {
            if (watches.empty() && worth_scanning(path, "image")) {
                EXPECT_TRUE(scan(path, bytes).places.empty()) << "the cheap look missed a place";
            }
            after[path] = bytes;
            continue;
        }
        const Scan& found = *looked;
        const test::Rewritten result = test::rewrite(bytes, found, wishes);
        plan[path] = describe(found, result);
        const Scan again = *scan_as(watches, path, result.bytes);
        EXPECT_EQ(again.places.size(), found.places.size());
        EXPECT_EQ(test::rewrite(result.bytes, again, wishes).bytes, result.bytes)
            << "a second time";
        after[path] = result.bytes;
    }
    const std::string plan_text = plan.dump(2) + "\n";
    const char* accept = std::getenv("LINKSPAN_ACCEPT");
    if (accept != nullptr && std::string_view{accept} == "1") {
        fs::remove_all(folder / "after");
        for (const auto& [path, bytes] : after)
            linkspan::test::write_bytes(folder / "after" / path, bytes);
        linkspan::test::write_bytes(folder / "plan.json", plan_text);
        GTEST_SKIP() << "accepted " << folder;
    }
    const linkspan::test::FileTree expected = linkspan::test::read_files(folder / "after");
    EXPECT_EQ(after.size(), expected.size());
    for (const auto& [path, bytes] : after) {
        SCOPED_TRACE(path);
        const auto it = expected.find(path);
        if (it == expected.end()) {
            ADD_FAILURE() << "not in after/";
            continue;
        }
        EXPECT_EQ(bytes, it->second);
    }
    EXPECT_EQ(plan_text, linkspan::test::read_bytes(folder / "plan.json"));
}

// What is there already is never changed.
TEST_P(GoldenTest, ToWhatIsThereIsNothingToDo) {
    for (const char* side : {"before", "after"}) {
        for (const auto& [path, bytes] : linkspan::test::read_files(root() / GetParam() / side)) {
            SCOPED_TRACE(std::string{side} + "/" + path);
            for (const Place& place : scan(path, bytes).places) {
                const Named now = named(place);
                if (!place.image || now.tag.empty()) continue;
                auto tag = image::Tag::parse(now.tag);
                if (!tag) continue;
                std::optional<image::Digest> digest;
                if (now.digest) {
                    if (auto parsed = image::Digest::parse(*now.digest)) digest = *parsed;
                }
                const auto edits =
                    edits_for(bytes, place, {*place.image, *tag, digest, policy::DigestMode::Keep});
                ASSERT_TRUE(edits.has_value()) << edits.error().message;
                EXPECT_TRUE(edits->empty()) << place.where;
            }
        }
    }
}

std::vector<std::string> cases() {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator{root()}) {
        if (entry.is_directory()) out.push_back(entry.path().filename().string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

INSTANTIATE_TEST_SUITE_P(Yaml, GoldenTest, testing::ValuesIn(cases()), [](const auto& param) {
    std::string name = param.param;
    std::replace_if(
        name.begin(),
        name.end(),
        [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; },
        '_'
    );
    return name;
});

}  // namespace
}  // namespace linkspan::manifest
