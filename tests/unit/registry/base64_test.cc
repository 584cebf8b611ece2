#include "service/registry/base64.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

TEST(Base64Test, VectorsOfRfc4648) {
    const std::pair<std::string, std::string> cases[]{
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {std::string{"\0\xff\xfe", 3}, "AP/+"},
    };
    for (const auto& [bytes, text] : cases) {
        SCOPED_TRACE(text);
        EXPECT_EQ(encode_base64(bytes), text);
        EXPECT_EQ(decode_base64(text), bytes);
    }
}

TEST(Base64Test, EndsAreForgivenAndNothingElse) {
    EXPECT_EQ(decode_base64("Zm8"), "fo");
    EXPECT_EQ(decode_base64("Zm8=\r\n"), "fo");
    for (const char* text :
         {"Z", "Zm9v!", "Zm 9v", "Zm9=v", "====", "Zh==", "Zm8==", "Zm9v=", "_-8="}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(decode_base64(text), std::nullopt);
    }
}

}  // namespace
}  // namespace linkspan::registry
