#include "core/image/mirrors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::image {
namespace {

using testing::ElementsAre;

ImageName name(std::string_view text) { return ImageName::parse(text).value(); }

std::vector<std::string> names(const Mirrors& mirrors, std::string_view text) {
    std::vector<std::string> out;
    for (const auto& one : mirrors.names_of(name(text))) out.push_back(one.str());
    return out;
}

Mirrors sample() {
    Mirrors out;
    EXPECT_TRUE(out.add("docker.io", "registry.example.com/dockerhub"));
    EXPECT_TRUE(out.add("ghcr.io/acme", "registry.example.com/acme"));
    EXPECT_TRUE(out.add("quay.io", "mirror.example.com:5000"));
    return out;
}

TEST(MirrorsTest, AMirroredNameMeansItsSource) {
    const Mirrors mirrors = sample();
    const auto meaning = [&](std::string_view text) { return mirrors.meaning(name(text)).str(); };
    EXPECT_EQ(meaning("registry.example.com/dockerhub/library/nginx"), "docker.io/library/nginx");
    EXPECT_EQ(meaning("registry.example.com/dockerhub/nginx"), "docker.io/library/nginx");
    EXPECT_EQ(meaning("registry.example.com/dockerhub/acme/app"), "docker.io/acme/app");
    EXPECT_EQ(meaning("registry.example.com/acme/app"), "ghcr.io/acme/app");
    EXPECT_EQ(meaning("mirror.example.com:5000/a/b"), "quay.io/a/b");
    EXPECT_EQ(meaning("nginx"), "docker.io/library/nginx");
    // Prefixes are of whole parts.
    EXPECT_EQ(
        meaning("registry.example.com/dockerhub2/nginx"), "registry.example.com/dockerhub2/nginx"
    );
    EXPECT_EQ(meaning("registry.example.com/dockerhub"), "registry.example.com/dockerhub");
}

TEST(MirrorsTest, EveryNameOfAnImage) {
    const Mirrors mirrors = sample();
    EXPECT_THAT(
        names(mirrors, "nginx"),
        ElementsAre(
            "docker.io/library/nginx",
            "registry.example.com/dockerhub/library/nginx",
            "registry.example.com/dockerhub/nginx"
        )
    );
    EXPECT_THAT(
        names(mirrors, "registry.example.com/acme/app"),
        ElementsAre("registry.example.com/acme/app", "ghcr.io/acme/app")
    );
    EXPECT_THAT(names(mirrors, "ghcr.io/other/app"), ElementsAre("ghcr.io/other/app"));
    EXPECT_THAT(names(Mirrors{}, "nginx"), ElementsAre("docker.io/library/nginx"));
}

TEST(MirrorsTest, TheLongestMirrorCounts) {
    Mirrors mirrors;
    ASSERT_TRUE(mirrors.add("docker.io", "m.example.com"));
    ASSERT_TRUE(mirrors.add("ghcr.io", "m.example.com/ghcr"));
    EXPECT_EQ(mirrors.meaning(name("m.example.com/ghcr/a/b")).str(), "ghcr.io/a/b");
    // docker.io/ghcr/a can't be named through m.example.com: there it is another image.
    EXPECT_THAT(names(mirrors, "docker.io/ghcr/a"), ElementsAre("docker.io/ghcr/a"));
    EXPECT_TRUE(mirrors.same(name("m.example.com/nginx"), name("nginx")));
    EXPECT_FALSE(mirrors.same(name("m.example.com/nginx"), name("ghcr.io/library/nginx")));
}

TEST(MirrorsTest, WhatIsNoPrefix) {
    for (const char* text : {"", "dockerhub", "r.io/", "https://r.io", "r.io/a:1", "r.io//a"}) {
        EXPECT_FALSE(parse_prefix(text).has_value()) << text;
    }
    EXPECT_EQ(parse_prefix("R.example.com:5000/a").value(), "r.example.com:5000/a");
    EXPECT_EQ(parse_prefix("index.docker.io").value(), "docker.io");
    EXPECT_EQ(parse_prefix("localhost").value(), "localhost");
    Mirrors mirrors;
    EXPECT_FALSE(mirrors.add("r.io", "R.io"));
}

}  // namespace
}  // namespace linkspan::image
