#include "service/notify/slack.h"

#include "tests/unit/notify/samples.h"

namespace linkspan::notify {
namespace {

using test::body_of;
using test::request_of;
using test::sample;
using test::sink;

// Everything that is shown, text and blocks.
std::string shown(const Message& message) {
    const auto body = body_of(request_of(sink(Type::Slack), message));
    std::string out = body["text"].get<std::string>();
    for (const auto& block : body["blocks"]) {
        if (block["type"] == "section") out += "\n" + block["text"]["text"].get<std::string>();
        if (block["type"] == "context") {
            out += "\n" + block["elements"][0]["text"].get<std::string>();
        }
    }
    return out;
}

TEST(SlackTest, SaysWhatWhereAndBy) {
    const std::string text = shown(sample());
    for (const char* part :
         {"*Committed*",
          "`registry.example.com/acme/app` `1.4.1` → `1.4.2` in `prod`",
          "<https://linkspan.example.com/v1/deliveries/01HF7YAT00AAAAAAAAAAAAAAAA|trail>",
          "commit `0123456789ab`",
          "<https://ci.example.com/builds/7|build>",
          "by `ann`"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
    }
    EXPECT_EQ(text.find("highest version"), std::string::npos) << "why is in the trail";
}

TEST(SlackTest, NothingFromOutsideMentionsLinksOrFormats) {
    Message message = sample();
    message.kind = "refused";
    Item& item = message.items[0];
    item.reason = "<!channel> & <https://evil.example.com|click>\n*x*\x1b[31m \xe2\x80\xae";
    item.actor = "`ann` <@U123>";
    item.build_url = "https://ci.example.com/|click>";
    const std::string text = shown(message);
    EXPECT_EQ(text.find("<!"), std::string::npos) << text;
    EXPECT_EQ(text.find("<@"), std::string::npos);
    EXPECT_EQ(text.find("<https://evil"), std::string::npos);
    EXPECT_EQ(text.find("<https://ci.example.com"), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
    EXPECT_NE(text.find("&lt;!channel&gt; &amp; &lt;https://evil"), std::string::npos);
    EXPECT_NE(text.find("by `'ann' &lt;@U123&gt;`"), std::string::npos) << text;
}

TEST(SlackTest, AThousandImagesFitIntoOneMessage) {
    Message message = sample();
    message.items.resize(kMostItems, message.items[0]);
    message.items_total = 1000;
    const auto body = body_of(request_of(sink(Type::Slack), message));
    for (const auto& block : body["blocks"]) {
        if (block["type"] != "section") continue;
        const std::string text = block["text"]["text"];
        EXPECT_LE(text.size(), 3000U);
        EXPECT_NE(text.find("… and 99"), std::string::npos);
    }
    EXPECT_NE(body["text"].get<std::string>().find("and 999 more"), std::string::npos);
}

TEST(SlackTest, LongReasonsAreCutBetweenCharacters) {
    Message message = sample();
    message.kind = "failed";
    message.items[0].reason.clear();
    for (int i = 0; i < 2000; ++i) message.items[0].reason += "é";
    // Broken UTF-8 would have been replaced.
    EXPECT_EQ(shown(message).find("\xef\xbf\xbd"), std::string::npos);
}

}  // namespace
}  // namespace linkspan::notify
