#include "webhooks/written_image.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::webhooks {
namespace {

TEST(WrittenImageTest, PartsAreTakenApart) {
    const struct {
        const char* text;
        const char* host;
        const char* repository;
        const char* tag;
        const char* digest;
    } kCases[] = {
        {"nginx", "", "nginx", "", ""},
        {"nginx:1", "", "nginx", "1", ""},
        {"acme/app", "", "acme/app", "", ""},
        {"r.example.com/app:1@sha256:ab", "r.example.com", "app", "1", "sha256:ab"},
        {"localhost:5000/app", "localhost:5000", "app", "", ""},
        {"localhost/app:1", "localhost", "app", "1", ""},
        {"https://quay.io/acme/app:1", "quay.io", "acme/app", "1", ""},
        {"https://harbor/acme/app", "harbor", "acme/app", "", ""},
        {"http://r:80/app", "r:80", "app", "", ""},
        {"Registry/app", "Registry", "app", "", ""},
        {"", "", "", "", ""},
        {":", "", "", "", ""},
        {"/", "", "/", "", ""},
        {"@", "", "", "", ""},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.text);
        const WrittenImage image = split_image(test.text);
        EXPECT_EQ(image.host, test.host);
        EXPECT_EQ(image.repository, test.repository);
        EXPECT_EQ(image.tag, test.tag);
        EXPECT_EQ(image.digest, test.digest);
    }
}

}  // namespace
}  // namespace linkspan::webhooks
