#include "core/image/reference.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::image {
namespace {

const std::string kHex64(64, 'a');
const std::string kHex128(128, 'b');
const std::string kSha256 = "sha256:" + kHex64;

TEST(ImageNameTest, ParsesEveryFormToOneMeaning) {
    struct Case {
        std::string input;
        std::string host;
        std::string repository;
    };
    const std::vector<Case> cases{
        {"nginx", "docker.io", "library/nginx"},
        {"library/nginx", "docker.io", "library/nginx"},
        {"acme/app", "docker.io", "acme/app"},
        {"acme/team/app", "docker.io", "acme/team/app"},
        {"docker.io/nginx", "docker.io", "library/nginx"},
        {"DOCKER.IO/nginx", "docker.io", "library/nginx"},
        {"index.docker.io/nginx", "docker.io", "library/nginx"},
        {"index.docker.io/acme/app", "docker.io", "acme/app"},
        {"registry-1.docker.io/acme/app", "docker.io", "acme/app"},
        {"localhost/app", "localhost", "app"},
        {"LocalHost/app", "localhost", "app"},
        {"localhost:5000/app", "localhost:5000", "app"},
        {"registry:5000/app", "registry:5000", "app"},
        {"Registry.Example.COM/acme/app", "registry.example.com", "acme/app"},
        {"registry.example.com:5000/a/b/c", "registry.example.com:5000", "a/b/c"},
        {"127.0.0.1:5000/app", "127.0.0.1:5000", "app"},
        {"[::1]:5000/app", "[::1]:5000", "app"},
        {"[2001:DB8::1]/app", "[2001:db8::1]", "app"},
        {"r.io/a__b/c.d/e-f/g---h", "r.io", "a__b/c.d/e-f/g---h"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.input);
        const auto name = ImageName::parse(c.input);
        ASSERT_TRUE(name.has_value()) << name.error().message;
        EXPECT_EQ(name->host(), c.host);
        EXPECT_EQ(name->repository(), c.repository);
        EXPECT_EQ(name->str(), c.host + "/" + c.repository);
        const auto again = ImageName::parse(name->str());
        ASSERT_TRUE(again.has_value()) << again.error().message;
        EXPECT_EQ(*again, *name);
    }
}

TEST(ImageNameTest, RefusesWhatIsNotAName) {
    const std::vector<std::string> cases{
        "",
        "/",
        "/app",
        "app/",
        "a//b",
        "App",
        "acme/App",
        "Acme/app",  // a host to Docker, but one that could not be written back in lower case
        "nginx:1.25",
        "nginx@" + kSha256,
        "r.io/app:1.25",
        "https://r.io/app",
        "oci://r.io/app",
        "r.io",
        "r.io/",
        "r.io/a_",
        "r.io/-a",
        "r.io/a..b",
        "r.io/a___b",
        "r.io/a._b",
        "r.io:/app",
        "r.io:port/app",
        "r.io:123456/app",
        "-r.io/app",
        "r-.io/app",
        "r..io/app",
        ".io/app",
        "r.io./app",
        "[]/app",
        "[::1/app",
        "[g::1]/app",
        " nginx",
        "nginx ",
        "nginx\n",
        "ngi\xc3\xb1x",
        std::string("a\0b", 3),
        "r.io/" + std::string(256, 'a'),
        std::string(250, 'h') + ".example/app",
    };
    for (const std::string& c : cases) {
        SCOPED_TRACE(c);
        // "r.io" alone is the one exception that Docker has: a name on Docker Hub with a dot in it.
        const auto name = ImageName::parse(c);
        if (c == "r.io") {
            ASSERT_TRUE(name.has_value());
            EXPECT_EQ(name->str(), "docker.io/library/r.io");
            continue;
        }
        ASSERT_FALSE(name.has_value()) << name->str();
        EXPECT_EQ(name.error().kind, Errc::InvalidInput);
        EXPECT_FALSE(name.error().message.empty());
    }
}

TEST(ImageNameTest, FromPartsFillsInDockerHub) {
    EXPECT_EQ(ImageName::from_parts("", "nginx")->str(), "docker.io/library/nginx");
    EXPECT_EQ(ImageName::from_parts("docker.io", "acme/app")->str(), "docker.io/acme/app");
    EXPECT_EQ(ImageName::from_parts("R.io:443", "acme/app")->str(), "r.io:443/acme/app");
    // A path that would look like a host in front is still a path here.
    EXPECT_EQ(ImageName::from_parts("r.io", "quay.io/app")->str(), "r.io/quay.io/app");
    EXPECT_FALSE(ImageName::from_parts("r.io", "").has_value());
    EXPECT_FALSE(ImageName::from_parts("https://r.io", "app").has_value());
    EXPECT_FALSE(ImageName::from_parts("harbor", "acme/app").has_value())
        << "\"harbor/acme/app\" is an image of Docker Hub";
}

TEST(TagTest, AcceptsTheGrammarOnly) {
    for (const std::string& text : std::vector<std::string>{
             "1", "latest", "v1.0.0", "_x", "A.b-C_d", "1.0.0_build", std::string(128, 'x')}) {
        SCOPED_TRACE(text);
        const auto tag = Tag::parse(text);
        ASSERT_TRUE(tag.has_value()) << tag.error().message;
        EXPECT_EQ(tag->str(), text);
        EXPECT_TRUE(Tag::is_valid(text));
    }
    for (const std::string& text : std::vector<std::string>{
             "",
             ".a",
             "-a",
             "a b",
             "a:b",
             "a/b",
             "a+b",
             "a\n",
             "\xc3\xa9",
             std::string(129, 'x')}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(Tag::parse(text).has_value());
        EXPECT_FALSE(Tag::is_valid(text));
    }
}

TEST(DigestTest, AcceptsTheGrammarOnly) {
    const auto digest = Digest::parse(kSha256);
    ASSERT_TRUE(digest.has_value());
    EXPECT_EQ(digest->algorithm(), "sha256");
    EXPECT_EQ(digest->hex(), kHex64);
    EXPECT_TRUE(Digest::parse("sha512:" + kHex128).has_value());
    EXPECT_EQ(Digest{}.hex(), "");
    for (const std::string& text : std::vector<std::string>{
             "",
             "sha256",
             "sha256:",
             "sha256:" + std::string(63, 'a'),
             "sha256:" + std::string(65, 'a'),
             "sha256:" + std::string(64, 'A'),
             "sha256:" + std::string(64, 'g'),
             "sha512:" + kHex64,
             "sha256-" + kHex64,
             "md5:" + std::string(32, 'a'),
             "SHA256:" + kHex64,
             " " + kSha256,
         }) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(Digest::parse(text).has_value());
    }
}

TEST(ImageReferenceTest, ReadsNameTagAndDigest) {
    struct Case {
        std::string input;
        std::string normal;
    };
    const std::vector<Case> cases{
        {"nginx", "docker.io/library/nginx"},
        {"nginx:1.25", "docker.io/library/nginx:1.25"},
        {"nginx@" + kSha256, "docker.io/library/nginx@" + kSha256},
        {"nginx:1.25@" + kSha256, "docker.io/library/nginx:1.25@" + kSha256},
        {"localhost:5000/app", "localhost:5000/app"},
        {"localhost:5000/app:5000", "localhost:5000/app:5000"},
        {"localhost:5000", "docker.io/library/localhost:5000"},
        {"R.io/app:V1", "r.io/app:V1"},
        {"[::1]:5000/app:1", "[::1]:5000/app:1"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.input);
        const auto reference = ImageReference::parse(c.input);
        ASSERT_TRUE(reference.has_value()) << reference.error().message;
        EXPECT_EQ(reference->str(), c.normal);
        EXPECT_EQ(*ImageReference::parse(reference->str()), *reference);
    }
}

TEST(ImageReferenceTest, RefusesHalfWrittenParts) {
    for (const std::string& text : std::vector<std::string>{
             "",
             ":1",
             "nginx:",
             "nginx@",
             "nginx:1@",
             "nginx:@" + kSha256,
             "nginx@" + kSha256 + ":1",
             "nginx:1:2",
             "nginx:1@" + kSha256 + "@" + kSha256,
             "@" + kSha256,
             "docker://nginx:1",
             "https://r.io/app:1",
             "nginx:${TAG}",
             "{{ image }}:1",
             "$IMAGE",
         }) {
        SCOPED_TRACE(text);
        const auto reference = ImageReference::parse(text);
        ASSERT_FALSE(reference.has_value()) << reference->str();
        EXPECT_EQ(reference.error().kind, Errc::InvalidInput);
    }
}

TEST(WrittenReferenceTest, ViewsPointIntoTheGivenText) {
    const std::string text = "R.io:5000/acme/app:v1@" + kSha256;
    const auto written = parse_written(text);
    ASSERT_TRUE(written.has_value());
    EXPECT_EQ(written->name, "R.io:5000/acme/app");
    EXPECT_EQ(written->tag, "v1");
    EXPECT_EQ(written->digest, kSha256);
    EXPECT_EQ(written->name.data(), text.data());
    EXPECT_EQ(written->tag.data() - text.data(), 19);
    EXPECT_EQ(written->digest.data() - text.data(), 22);
    EXPECT_EQ(written->meaning.str(), "r.io:5000/acme/app:v1@" + kSha256);

    const auto familiar = parse_written("nginx");
    ASSERT_TRUE(familiar.has_value());
    EXPECT_EQ(familiar->name, "nginx");
    EXPECT_TRUE(familiar->tag.empty());
    EXPECT_TRUE(familiar->digest.empty());
}

TEST(AttachmentTagTest, KnowsSignaturesAndReferrers) {
    struct Case {
        std::string tag;
        bool expected;
    };
    const std::vector<Case> cases{
        {"sha256-" + kHex64, true},
        {"sha256-" + kHex64 + ".sig", true},
        {"sha256-" + kHex64 + ".att", true},
        {"sha256-" + kHex64 + ".sbom", true},
        {"sha512-" + kHex128, true},
        {"sha512-" + std::string(64, 'b'), true},  // the referrers tag schema cuts at 64
        {"sha512-" + kHex128 + ".sig", true},
        {"sha256-" + kHex64 + ".sig2", false},
        {"sha256-" + kHex64 + "-debug", false},
        {"sha256-" + kHex128, false},
        {"sha256-" + std::string(63, 'a') + ".sig", false},
        {"sha256-" + std::string(64, 'G'), false},
        {"sha256-", false},
        {"sha256", false},
        {"v1.0.0", false},
        {"v1.0.0.sig", false},
        {"", false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.tag);
        EXPECT_EQ(is_attachment_tag(c.tag), c.expected);
    }
}

}  // namespace
}  // namespace linkspan::image
