#include "service/git/receive_pack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace linkspan::git {
namespace {

const std::string kOne(40, '1');
const std::string kTwo(40, '2');
const std::string kZero(40, '0');

PacketReader reader_of(std::string bytes) {
    std::size_t at = 0;
    return PacketReader{
        [bytes = std::move(bytes),
         at](char* buffer, std::size_t size) mutable -> Result<std::size_t> {
            const auto count = std::min(size, bytes.size() - at);
            std::copy_n(bytes.data() + at, count, buffer);
            at += count;
            return count;
        },
        "host"};
}

std::string packet(const std::string& payload) {
    std::string bytes;
    append_packet(bytes, payload);
    return bytes;
}

std::string with_nul(const std::string& before, const std::string& after) {
    return before + '\0' + after;
}

Advertisement with(std::vector<std::string> capabilities) {
    Advertisement advertisement;
    advertisement.capabilities = std::move(capabilities);
    return advertisement;
}

TEST(AdvertisementTest, FindsTheTipAndTheCapabilities) {
    auto packets = reader_of(
        packet("# service=git-receive-pack\n") + "0000" +
        packet(with_nul(kOne + " refs/heads/main", " report-status side-band-64k agent=git/2\n")) +
        packet(kTwo + " refs/heads/main2\n") + packet(kTwo + " refs/tags/main\n") + "0000"
    );
    const auto result = read_advertisement(packets, true, "refs/heads/main");
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->tip, CommitId{kOne});
    EXPECT_EQ(result->branches, (std::vector{CommitId{kOne}, CommitId{kTwo}}));
    EXPECT_TRUE(result->can("side-band-64k"));
    EXPECT_FALSE(result->can("side-band"));
}

TEST(AdvertisementTest, AnEmptyRepositoryHasNoTip) {
    auto packets =
        reader_of(packet(with_nul(kZero + " capabilities^{}", "report-status\n")) + "0000");
    const auto result = read_advertisement(packets, false, "refs/heads/main");
    ASSERT_TRUE(result.has_value());
    EXPECT_FALSE(result->tip);
    EXPECT_TRUE(result->can("report-status"));
}

TEST(AdvertisementTest, NonsenseAndRefusalsAreErrors) {
    const struct {
        std::string name, bytes;
        bool named;
        Errc kind;
    } cases[] = {
        {"html", "<html><body>", false, Errc::Unavailable},
        {"no service line", packet(kOne + " refs/heads/main") + "0000", true, Errc::Unavailable},
        {"short id", packet("1234 refs/heads/main") + "0000", false, Errc::Unavailable},
        {"early end", packet(kOne + " refs/heads/main"), false, Errc::Unavailable},
        {"not found", packet("ERR Repository not found."), false, Errc::NotFound},
        {"other", packet("ERR maintenance\n"), false, Errc::Unavailable},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        auto packets = reader_of(c.bytes);
        const auto result = read_advertisement(packets, c.named, "refs/heads/main");
        ASSERT_TRUE(result.has_error());
        EXPECT_EQ(result.error().kind, c.kind) << result.error().message;
    }
}

TEST(PushCommandTest, NamesOldAndNewValueAndOnlyWhatTheServerCan) {
    const auto bytes = write_command(
        {"refs/heads/main", CommitId{kOne}, CommitId{kTwo}, {}},
        with({"report-status", "side-band-64k", "atomic"})
    );
    ASSERT_TRUE(bytes.has_value());
    const auto line = with_nul(
        kOne + " " + kTwo + " refs/heads/main",
        " report-status side-band-64k agent=linkspan/" LINKSPAN_VERSION
    );
    EXPECT_EQ(*bytes, packet(line) + "0000");
}

TEST(PushCommandTest, ANewBranchHasTheZeroIdAndOptionsFollow) {
    const auto bytes = write_command(
        {"refs/heads/new", CommitId{}, CommitId{kTwo}, {"ci.skip", "topic=x"}},
        with({"report-status", "push-options"})
    );
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(bytes->substr(4, 40), kZero);
    const auto tail = "0000" + packet("ci.skip") + packet("topic=x") + "0000";
    EXPECT_EQ(bytes->substr(bytes->size() - tail.size()), tail);
    EXPECT_EQ(
        write_command({"refs/heads/new", CommitId{}, CommitId{kTwo}, {"x"}}, with({})).error().kind,
        Errc::InvalidInput
    );
}

std::string band(char number, const std::string& text) {
    return packet(std::string(1, number) + text);
}

TEST(PushReportTest, StatusMayBeSplitAcrossPacketsAndMixedWithTalk) {
    const auto status =
        packet("unpack ok\n") + packet("ng refs/heads/main pre-receive hook declined\n") + "0000";
    auto packets = reader_of(
        band(2, "Not on\n") + band(1, status.substr(0, 7)) + band(2, "Fridays.\n") +
        band(1, status.substr(7)) + "0000"
    );
    const auto report = read_report(packets, with({"side-band-64k"}), "refs/heads/main");
    ASSERT_TRUE(report.has_value());
    EXPECT_FALSE(report->updated);
    EXPECT_EQ(report->unpack, "ok");
    EXPECT_EQ(report->reason, "pre-receive hook declined");
    EXPECT_EQ(report->said, "Not on\nFridays.\n");
    EXPECT_EQ(rejection_text(*report), "Not on\nFridays.\npre-receive hook declined");
}

TEST(PushReportTest, AnUpdateCountsEvenWhenTheTalkAfterItIsCutOff) {
    const auto status = packet("unpack ok\n") + packet("ok refs/heads/main\n") + "0000";
    auto packets = reader_of(band(1, status));
    const auto report = read_report(packets, with({"side-band-64k"}), "refs/heads/main");
    ASSERT_TRUE(report.has_value());
    EXPECT_TRUE(report->updated);
}

TEST(PushReportTest, AnAnswerForAnotherRefIsNoAnswer) {
    const auto status = packet("unpack ok\n") + packet("ok refs/heads/main2\n") + "0000";
    auto packets = reader_of(band(1, status) + "0000");
    const auto report = read_report(packets, with({"side-band-64k"}), "refs/heads/main");
    ASSERT_TRUE(report.has_value());
    EXPECT_FALSE(report->updated);
}

TEST(PushReportTest, WithoutSideBandsTheLinesComeAsTheyAre) {
    auto packets = reader_of(
        packet("unpack index-pack abnormal exit\n") +
        packet("ng refs/heads/main unpacker error\n") + "0000"
    );
    const auto report = read_report(packets, with({}), "refs/heads/main");
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(rejection_text(*report), "index-pack abnormal exit");
}

TEST(PushReportTest, AFatalMessageOrAnEarlyEndIsAnError) {
    for (const auto& bytes : {band(3, "fatal: out of disk"), band(2, "wait"), packet("ERR no")}) {
        auto packets = reader_of(bytes);
        const auto report = read_report(packets, with({"side-band-64k"}), "refs/heads/main");
        ASSERT_TRUE(report.has_error());
        EXPECT_EQ(report.error().kind, Errc::Unavailable);
    }
}

}  // namespace
}  // namespace linkspan::git
