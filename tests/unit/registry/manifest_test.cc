#include "service/registry/manifest.h"

#include "service/registry/digest.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

using transport::HttpResponse;

constexpr const char* kOci = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kOciIndex = "application/vnd.oci.image.index.v1+json";
const std::string kBody =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"})";
const std::string kDigest = compute_digest(kBody).str();
const std::string kOther = "sha256:" + std::string(64, '0');

HttpResponse make(
    unsigned status, const std::string& type, const std::string& digest, const std::string& body
) {
    HttpResponse response;
    response.status = status;
    if (!type.empty()) response.headers.emplace_back("Content-Type", type);
    if (!digest.empty()) response.headers.emplace_back("Docker-Content-Digest", digest);
    response.body = body;
    return response;
}

TEST(DigestTest, KnownValues) {
    EXPECT_EQ(
        compute_digest("").str(),
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    EXPECT_EQ(compute_digest("", "sha512").str().substr(0, 23), "sha512:cf83e1357eefb8bd");
}

TEST(ManifestTest, AcceptNamesEveryForm) {
    EXPECT_EQ(
        accepted_manifests(),
        "application/vnd.oci.image.index.v1+json, "
        "application/vnd.docker.distribution.manifest.list.v2+json, "
        "application/vnd.oci.image.manifest.v1+json, "
        "application/vnd.docker.distribution.manifest.v2+json"
    );
}

TEST(ManifestTest, HeadTellsOrSaysToGet) {
    struct Case {
        std::string name;
        HttpResponse response;
        bool tells;
    };
    const std::vector<Case> cases{
        {"good", make(200, kOciIndex, kDigest, ""), true},
        {"no digest", make(200, kOci, "", ""), false},
        {"unreadable digest", make(200, kOci, "sha256:xyz", ""), false},
        {"no media type", make(200, "", kDigest, ""), false},
        {"a web page", make(200, "text/html", kDigest, ""), false},
        {"HEAD is not allowed", make(405, "", "", ""), false},
        {"HEAD is not implemented", make(501, "", "", ""), false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto manifest = read_head(c.response, std::nullopt, "r.example");
        ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
        EXPECT_EQ(manifest->has_value(), c.tells);
        if (c.tells) {
            EXPECT_EQ((*manifest)->digest.str(), kDigest);
            EXPECT_EQ((*manifest)->media_type, kOciIndex);
        }
    }
    EXPECT_EQ(
        read_head(make(404, "", "", ""), std::nullopt, "r.example").error().kind, Errc::NotFound
    );
    EXPECT_EQ(
        read_head(make(200, kOci, kDigest, ""), image::Digest::parse(kOther).value(), "r.example")
            .error()
            .kind,
        Errc::InvalidInput
    );
}

TEST(ManifestTest, GetComputesTheDigest) {
    struct Case {
        std::string name;
        HttpResponse response;
        std::string asked;
        std::string media_type;  // empty: an error…
        std::string text;        // …that says this
    };
    const std::vector<Case> cases{
        {"good", make(200, kOci, kDigest, kBody), "", kOci, ""},
        {"no header", make(200, kOci, "", kBody), "", kOci, ""},
        {"media type of the document", make(200, "application/json", "", kBody), "", kOci, ""},
        {"no media type", make(200, "", "", kBody), kDigest, kOci, ""},
        {"the header lies", make(200, kOci, kOther, kBody), "", "", "Docker-Content-Digest"},
        {"another was asked for", make(200, kOci, kDigest, kBody), kOther, "", "asked for"},
        {"unreadable header", make(200, kOci, "sha256:x", kBody), "", "", "unreadable digest"},
        {"cut off", make(200, kOci, "", kBody.substr(0, 30)), "", "", "not the JSON"},
        {"a web page", make(200, "text/html", "", "<html>"), "", "", "web page"},
        {"an array", make(200, kOci, "", "[]"), "", "", "not the JSON"},
        {"another type",
         make(200, "application/vnd.docker.distribution.manifest.v1+prettyjws", "", "{}"),
         "",
         "",
         "v1+prettyjws, which is not"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        std::optional<image::Digest> asked;
        if (!c.asked.empty()) asked = image::Digest::parse(c.asked).value();
        const auto manifest = read_manifest(c.response, asked, "r.example");
        if (!c.media_type.empty()) {
            ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
            EXPECT_EQ(manifest->digest.str(), kDigest);
            EXPECT_EQ(manifest->media_type, c.media_type);
        } else {
            ASSERT_TRUE(manifest.has_error());
            EXPECT_EQ(manifest.error().kind, Errc::InvalidInput);
            EXPECT_NE(manifest.error().message.find(c.text), std::string::npos)
                << manifest.error().message;
        }
    }
}

TEST(ManifestTest, Sha512IsComparedWithSha512) {
    const auto digest = compute_digest(kBody, "sha512");
    const auto manifest =
        read_manifest(make(200, kOci, digest.str(), kBody), std::nullopt, "r.example");
    ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
    EXPECT_EQ(manifest->digest, digest);
}

}  // namespace
}  // namespace linkspan::registry
