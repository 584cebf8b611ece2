#include "service/pipeline/file_index.h"

#include "core/manifest/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::pipeline {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Paths = std::vector<std::string>;

manifest::Scan naming(const std::string& image) {
    return manifest::scan("f.yaml", "image: " + image + "\n");
}

Paths with_key(
    const FileIndex& index, const std::string& key, const std::vector<std::string>& prefixes = {}
) {
    Paths out;
    index.with_key(key, prefixes, [&](const std::string& path) {
        out.push_back(path);
        return true;
    });
    return out;
}

TEST(FileIndexTest, FindsFilesByImageAndPolicyBelowPrefixes) {
    FileIndex index;
    index.put("apps/a.yaml", {}, naming("nginx:1"));
    index.put("apps-old/a.yaml", {}, naming("nginx:1"));
    index.put("apps/b/c.yaml", {}, naming("nginx:1 # {\"$imagepolicy\": \"ns:web\"}"));
    index.put("zoo.yaml", {}, naming("redis:1"));
    index.put("nothing.yaml", {}, manifest::Scan{});
    const std::string nginx = "docker.io/library/nginx";
    EXPECT_THAT(
        with_key(index, nginx), ElementsAre("apps-old/a.yaml", "apps/a.yaml", "apps/b/c.yaml")
    );
    EXPECT_THAT(with_key(index, nginx, {"apps"}), ElementsAre("apps/a.yaml", "apps/b/c.yaml"));
    EXPECT_THAT(with_key(index, nginx, {"apps/a.yaml"}), ElementsAre("apps/a.yaml"));
    EXPECT_THAT(with_key(index, nginx, {"app"}), IsEmpty());
    EXPECT_THAT(with_key(index, "$ns:web"), ElementsAre("apps/b/c.yaml"));
    EXPECT_EQ(index.size(), 4U);

    index.put("apps/a.yaml", {}, naming("redis:1"));
    index.erase("apps/b/c.yaml");
    EXPECT_THAT(with_key(index, nginx), ElementsAre("apps-old/a.yaml"));
    EXPECT_THAT(with_key(index, "$ns:web"), IsEmpty());
    EXPECT_THAT(with_key(index, "docker.io/library/redis"), ElementsAre("apps/a.yaml", "zoo.yaml"));
    index.clear();
    EXPECT_EQ(index.size(), 0U);
    EXPECT_THAT(with_key(index, "docker.io/library/redis"), IsEmpty());
}

TEST(FileIndexTest, FilesWithProblemsAreKnown) {
    FileIndex index;
    index.put("broken.yaml", {}, naming("["));
    index.put("odd.yaml", {}, naming("x:1 # {\"$imagepolicy\": 1}"));
    Paths skipped;
    Paths problems;
    index.skipped({}, [&](const std::string& path) {
        skipped.push_back(path);
        return true;
    });
    index.with_problems({}, [&](const std::string& path) {
        problems.push_back(path);
        return true;
    });
    EXPECT_THAT(skipped, ElementsAre("broken.yaml"));
    EXPECT_THAT(problems, ElementsAre("odd.yaml"));
}

TEST(FileIndexTest, MarkersOfPoliciesThatThereAreNotAreFound) {
    FileIndex index;
    index.put("a.yaml", {}, naming("nginx:1 # {\"$imagepolicy\": \"ns:web\"}"));
    index.put("b.yaml", {}, naming("nginx:1 # {\"$imagepolicy\": \"ns:webb\"}"));
    index.put("c.yaml", {}, naming("nginx:1 # {\"$imagepolicy\": \"gone\"}"));
    index.put("d.yaml", {}, naming("nginx:1"));
    const auto others = [&](const std::vector<std::string>& known) {
        Paths out;
        index.with_other_policies(known, [&](const std::string& path) {
            out.push_back(path);
            return true;
        });
        return out;
    };
    EXPECT_THAT(others({"ns:web"}), ElementsAre("c.yaml", "b.yaml"));
    EXPECT_THAT(others({"gone", "ns:web", "ns:webb"}), IsEmpty());
}

TEST(FileIndexTest, APlaceThatIsNamedTwiceIsOneFile) {
    FileIndex index;
    index.put("a.yaml", {}, manifest::scan("a.yaml", "- image: a:1\n- image: b:1\n- image: a:2\n"));
    EXPECT_THAT(with_key(index, "docker.io/library/a"), ElementsAre("a.yaml"));
    index.put("a.yaml", {}, naming("b:1"));
    EXPECT_THAT(with_key(index, "docker.io/library/a"), IsEmpty());
    EXPECT_THAT(with_key(index, "docker.io/library/b"), ElementsAre("a.yaml"));
}

TEST(FileIndexTest, BlobIdsAreTheirHexDigits) {
    const std::string hex = "00ff10a9c3d4e5f60718293a4b5c6d7e8f909192";
    EXPECT_EQ(to_hex(to_bytes(hex)), hex);
}

}  // namespace
}  // namespace linkspan::pipeline
