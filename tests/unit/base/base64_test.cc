#include "core/base64.h"

#include <gtest/gtest.h>

namespace linkspan {
namespace {

TEST(Base64Test, KnownAnswersBothWays) {
    // RFC 4648, 10.
    const struct {
        const char* bytes;
        const char* text;
    } kCases[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xFB\xFF", "+/8="},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.text);
        EXPECT_EQ(to_base64(test.bytes), test.text);
        EXPECT_EQ(from_base64(test.text), test.bytes);
    }
    EXPECT_EQ(from_base64("Zg"), "f");
    EXPECT_EQ(from_base64url("-_8"), "\xFB\xFF");
}

TEST(Base64Test, OneMeaningOneText) {
    for (const char* const text :
         {"Z",
          "Zg=",
          "Zg===",
          "=",
          "====",
          "Zh==",
          "Zm9=",
          "Zm 9v",
          "Zm9v\n",
          "Zm9-",
          "Zg==Zg=="}) {
        EXPECT_FALSE(from_base64(text)) << text;
    }
    for (const char* const text : {"Zg==", "+/8", "Zh", "Z"}) {
        EXPECT_FALSE(from_base64url(text)) << text;
    }
}

TEST(Base64Test, KeysMayHaveLooseEnds) {
    EXPECT_EQ(from_base64_loosely("Zh=="), "f");
    EXPECT_FALSE(from_base64_loosely("Z"));
}

TEST(Base64Test, UrlFormHasNoPaddingAndItsOwnTwoCharacters) {
    EXPECT_EQ(to_base64url("\xfb\xff\xfe"), "-__-");
    EXPECT_EQ(to_base64url("f"), "Zg");
    EXPECT_EQ(to_base64url(""), "");
    EXPECT_EQ(from_base64url(to_base64url("any bytes\x01\xff")), "any bytes\x01\xff");
}

}  // namespace
}  // namespace linkspan
