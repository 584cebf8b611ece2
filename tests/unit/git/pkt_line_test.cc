#include "service/git/pkt_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace linkspan::git {
namespace {

PacketReader reader_of(const std::string& bytes, std::size_t step) {
    std::size_t at = 0;
    return PacketReader{
        [bytes, step, at](char* buffer, std::size_t size) mutable -> Result<std::size_t> {
            const auto count = std::min({size, step, bytes.size() - at});
            std::copy_n(bytes.data() + at, count, buffer);
            at += count;
            return count;
        },
        "host"};
}

TEST(PacketTest, WhatIsWrittenIsReadBackInPiecesOfAnySize) {
    std::string bytes;
    append_packet(bytes, "hello\n");
    append_packet(bytes, "");
    bytes += kFlush;
    append_packet(bytes, std::string(65516, 'x'));
    EXPECT_EQ(bytes.substr(0, 10), "000ahello\n");
    for (std::size_t step : {1UL, 3UL, 1000UL, 1000000UL}) {
        SCOPED_TRACE(step);
        auto packets = reader_of(bytes, step);
        EXPECT_EQ(packets.next().value(), "hello\n");
        EXPECT_EQ(packets.next().value(), "");
        EXPECT_EQ(packets.next().value(), std::nullopt);
        EXPECT_EQ(packets.next().value()->size(), 65516U);
        EXPECT_EQ(packets.next().error().kind, Errc::Unavailable);
        EXPECT_EQ(packets.total(), bytes.size());
    }
}

TEST(PacketTest, WhatIsNoPacketIsRefused) {
    for (const std::string bytes :
         {"<html>", "0001", "0003", "-005x", "+005x", "00g0", "0x10", "000", "0009abc"}) {
        SCOPED_TRACE(bytes);
        EXPECT_EQ(reader_of(bytes, 100).next().error().kind, Errc::Unavailable);
    }
}

}  // namespace
}  // namespace linkspan::git
