#include "webhooks/form.h"

#include "tests/unit/webhooks/support.h"

namespace linkspan::webhooks {
namespace {

using testing::delivery_of;

TEST(FormTest, FieldsAreDecoded) {
    const char* const kForm = "a=1&b+c=x%20y+z&empty=&none&a=2&bad=%zz";
    EXPECT_EQ(form_field(kForm, "a"), "1");
    EXPECT_EQ(form_field(kForm, "b c"), "x y z");
    EXPECT_EQ(form_field(kForm, "empty"), "");
    EXPECT_EQ(form_field(kForm, "none"), "");
    EXPECT_FALSE(form_field(kForm, "bad"));
    EXPECT_FALSE(form_field(kForm, "absent"));
    EXPECT_FALSE(form_field("", ""));
}

TEST(FormTest, PercentEscapes) {
    EXPECT_EQ(percent_decode("a%3Ab+%c3%A9"), "a:b+\xC3\xA9");
    for (const char* const text : {"%", "%a", "%ag", "a%"}) EXPECT_FALSE(percent_decode(text));
}

TEST(FormTest, JsonMayComeInAForm) {
    const Headers form{{"Content-Type", "application/x-www-form-urlencoded"}};
    EXPECT_EQ(json_text(delivery_of("payload=%7B%22a%22%3A1%7D", form)), "{\"a\":1}");
    EXPECT_EQ(json_text(delivery_of("payload=%7B%22a%22%3A1%7D")), "payload=%7B%22a%22%3A1%7D");
    // What curl -d sends when nobody says which type it is.
    EXPECT_EQ(json_text(delivery_of(R"({"a":"&payload=x"})", form)), R"({"a":"&payload=x"})");
}

}  // namespace
}  // namespace linkspan::webhooks
