#include "core/manifest/stored_scan.h"

#include "core/manifest/edit.h"
#include "core/manifest/field.h"
#include "core/manifest/scan.h"
#include "tests/unit/manifest/rewrite.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace linkspan::manifest {
namespace {

// What the edit makes of a place: all that a place is for.
std::vector<std::string> effect(const Scan& scan, std::string_view bytes) {
    std::vector<std::string> out;
    for (const Place& place : scan.places) {
        for (const auto mode : {policy::DigestMode::Pin, policy::DigestMode::Never}) {
            const Wanted wish{
                place.image.value_or(image::ImageName::parse("r.io/a").value()),
                image::Tag::parse("1.30").value(),
                image::Digest::parse(test::kDigestB).value(),
                mode};
            const auto edits = edits_for(bytes, place, wish);
            out.push_back(place.where + place.policy + place.object);
            if (!edits) {
                out.push_back(edits.error().message);
                continue;
            }
            for (const Edit& e : *edits) {
                out.push_back(
                    std::to_string(e.span.begin) + e.expected + "→" + e.replacement + e.removed +
                    e.old_value + e.new_value + std::to_string(e.line)
                );
            }
        }
    }
    return out;
}

TEST(StoredScanTest, EveryGoldenComesBackAsItWas) {
    namespace fs = std::filesystem;
    std::size_t files = 0;
    for (const auto& entry :
         fs::recursive_directory_iterator{fs::path{LINKSPAN_SOURCE_DIR} / "tests/golden/yaml"}) {
        if (!entry.is_regular_file()) continue;
        SCOPED_TRACE(entry.path());
        std::ifstream in{entry.path(), std::ios::binary};
        const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
        const Scan before = scan(entry.path().string(), bytes);
        const std::string kept = to_bytes(before);
        const auto after = scan_from_bytes(kept);
        ASSERT_TRUE(after.has_value());
        EXPECT_EQ(to_bytes(*after), kept);
        EXPECT_EQ(after->skipped, before.skipped);
        EXPECT_EQ(after->problems.size(), before.problems.size());
        EXPECT_EQ(effect(*after, bytes), effect(before, bytes));
        ++files;
    }
    EXPECT_GT(files, 50U);
}

TEST(StoredScanTest, WhatIsDamagedIsSaidToBe) {
    const std::string kept = to_bytes(scan(
        "f.yaml",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: nginx:1.25\n"
        "  - image: '' # {\"$imagepolicy\": \"bad\"\n"
    ));
    ASSERT_TRUE(scan_from_bytes(kept));
    for (std::size_t size = 0; size < kept.size(); ++size) {
        EXPECT_FALSE(scan_from_bytes(kept.substr(0, size))) << size;
    }
    EXPECT_FALSE(scan_from_bytes(kept + '\0'));
    EXPECT_FALSE(scan_from_bytes('\7' + kept.substr(1)));
    // A count that asks for more than there is.
    EXPECT_FALSE(scan_from_bytes(std::string{"\1\xff\xff\xff\xff\xff\xff\xff\x7f"}));
    EXPECT_TRUE(scan_from_bytes(to_bytes(Scan{})));
}

}  // namespace
}  // namespace linkspan::manifest
