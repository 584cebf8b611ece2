#include "webhooks/senders.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace linkspan::webhooks {
namespace {

TEST(SendersTest, RowsAreCompleteAndFoundByType) {
    std::set<std::string> types;
    for (const Sender& sender : senders()) {
        SCOPED_TRACE(std::string{sender.type});
        EXPECT_FALSE(sender.type.empty());
        EXPECT_FALSE(sender.title.empty());
        EXPECT_NE(sender.delivery_id, nullptr);
        EXPECT_NE(sender.parse, nullptr);
        EXPECT_TRUE(types.emplace(sender.type).second) << "twice in the table";
        EXPECT_EQ(find_sender(sender.type), &sender);
    }
    EXPECT_EQ(find_sender("no-such-type"), nullptr);
    EXPECT_EQ(find_sender(""), nullptr);
}

}  // namespace
}  // namespace linkspan::webhooks
