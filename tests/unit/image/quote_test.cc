#include "core/image/quote.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::image {
namespace {

TEST(QuoteTest, EscapesWhatCouldMislead) {
    EXPECT_EQ(quote("plain"), "\"plain\"");
    EXPECT_EQ(quote("a\"b\\c"), "\"a\\\"b\\\\c\"");
    EXPECT_EQ(quote("line\nbreak\x1b["), "\"line\\x0abreak\\x1b[\"");
    EXPECT_EQ(quote("\xff"), "\"\\xff\"");
}

TEST(QuoteTest, CutsLongText) {
    EXPECT_EQ(quote(std::string(128, 'a')), "\"" + std::string(128, 'a') + "\"");
    EXPECT_EQ(quote(std::string(5000, 'a')), "\"" + std::string(128, 'a') + "\"…");
}

}  // namespace
}  // namespace linkspan::image
