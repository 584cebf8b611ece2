#include "webhooks/package_url.h"

#include <gtest/gtest.h>

namespace linkspan::webhooks {
namespace {

TEST(PackageUrlTest, PartsAreTakenApart) {
    const auto url = PackageUrl::parse(
        "pkg:OCI/acme/team/app@sha256%3Aab?Repository_URL=r.example.com%2Facme/app&tag=1.0#sub"
    );
    ASSERT_TRUE(url);
    EXPECT_EQ(url->type, "oci");
    EXPECT_EQ(url->space, "acme/team");
    EXPECT_EQ(url->name, "app");
    EXPECT_EQ(url->version, "sha256:ab");
    EXPECT_EQ(url->qualifier("repository_url"), "r.example.com/acme/app");
    EXPECT_EQ(url->qualifier("tag"), "1.0");
    EXPECT_EQ(url->qualifier("arch"), "");
}

TEST(PackageUrlTest, WhatIsNoneIsNot) {
    for (const char* const text :
         {"",
          "oci/app",
          "pkg:",
          "pkg:oci",
          "pkg:oci/",
          "pkg:/app@1",
          "pkg:oci/app@%zz",
          "pkg:oci/app?tag=%"}) {
        EXPECT_FALSE(PackageUrl::parse(text)) << text;
    }
}

}  // namespace
}  // namespace linkspan::webhooks
