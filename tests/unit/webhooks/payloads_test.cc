// Real and documented bodies, each with what it says (INDEX.tsv). They are not part of the project:
// the test is skipped where they are not to be found.

#include "tests/unit/webhooks/support.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>

namespace linkspan::webhooks {
namespace {

namespace fs = std::filesystem;

// Stands for the `registry` that an administrator sets where payloads lack a host.
constexpr const char* kFallbackHost = "fallback.example.com";

struct Row {
    std::string file, event, provenance, expect, registry, repository, tags, digest, media_type,
        timestamp, actor, revision;
};

std::optional<fs::path> payload_folder() {
    for (fs::path at = LINKSPAN_SOURCE_DIR; at != at.root_path(); at = at.parent_path()) {
        if (fs::exists(at.parent_path() / "shared/payloads/INDEX.tsv")) {
            return at.parent_path() / "shared/payloads";
        }
    }
    return std::nullopt;
}

std::string slurp(const fs::path& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::string part;
    for (std::istringstream in{text}; std::getline(in, part, separator);) parts.push_back(part);
    return parts;
}

// Rows by file, each file's in order.
std::map<std::string, std::vector<Row>> read_index(const fs::path& folder) {
    std::map<std::string, std::vector<Row>> files;
    std::istringstream in{slurp(folder / "INDEX.tsv")};
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        auto f = split(line, '\t');
        f.resize(12);
        files[f[0]].push_back(
            {f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11]}
        );
    }
    return files;
}

Headers read_headers(const fs::path& body) {
    Headers headers;
    std::ifstream in{fs::path{body}.replace_extension(".headers")};
    std::string line;
    while (std::getline(in, line)) {
        const auto colon = line.find(": ");
        if (colon != std::string::npos) headers.add(line.substr(0, colon), line.substr(colon + 2));
    }
    return headers;
}

// The sender that a folder's bodies come from; "" when there is none (yet).
std::string type_of(const std::string& file) {
    const std::string folder = file.substr(0, file.find('/'));
    return find_sender(folder) != nullptr ? folder : "";
}

std::vector<image::ImageEvent> all_events(const ParsedDelivery& parsed) {
    std::vector<image::ImageEvent> events = parsed.events;
    for (const SetAside& aside : parsed.set_aside) events.push_back(aside.event);
    return events;
}

void expect_fact(
    const char* what, const std::string& expected, const std::optional<std::string>& got
) {
    if (expected.empty()) return;
    EXPECT_EQ(got, expected) << what;
}

void expect_pushes(const std::vector<Row>& rows, const ParsedDelivery& parsed) {
    std::vector<Row> pushes;
    for (const Row& row : rows) {
        if (row.expect != "push") continue;
        for (const std::string& tag : split(row.tags, ',')) {
            pushes.push_back(row);
            pushes.back().tags = tag;
        }
    }
    const std::vector<image::ImageEvent> events = all_events(parsed);
    ASSERT_EQ(events.size(), pushes.size());
    for (std::size_t i = 0; i < pushes.size(); ++i) {
        const Row& row = pushes[i];
        const image::ImageEvent& event = events[i];
        const auto name = image::ImageName::from_parts(
            row.registry.empty() ? kFallbackHost : row.registry, row.repository
        );
        ASSERT_TRUE(name);
        EXPECT_EQ(event.image.str(), name->str());
        EXPECT_EQ(event.tag.str(), row.tags);
        expect_fact("digest", row.digest, event.digest);
        expect_fact("media type", row.media_type, event.media_type);
        expect_fact("time", row.timestamp, event.pushed_at);
        expect_fact("actor", row.actor, event.actor);
        expect_fact("revision", row.revision, event.revision);
    }
}

TEST(PayloadsTest, EveryBodySaysWhatTheIndexSays) {
    const auto folder = payload_folder();
    if (!folder) GTEST_SKIP() << "no shared/payloads beside the source tree";
    std::size_t checked = 0;
    for (const auto& [file, rows] : read_index(*folder)) {
        const std::string type = type_of(file);
        if (type.empty()) continue;
        SCOPED_TRACE(file);
        ++checked;
        const auto parsed = testing::read(
            testing::delivery_of(slurp(*folder / file), read_headers(*folder / file)),
            testing::open_receiver(type, kFallbackHost)
        );
        if (rows[0].expect == "invalid") {
            ASSERT_TRUE(parsed.has_error());
            EXPECT_EQ(parsed.error().kind, Errc::InvalidInput);
            continue;
        }
        ASSERT_TRUE(parsed) << testing::error_of(parsed);
        expect_pushes(rows, *parsed);
        EXPECT_EQ(parsed->ignored_reason.has_value(), parsed->events.empty());
    }
    EXPECT_GT(checked, 0U);
}

}  // namespace
}  // namespace linkspan::webhooks
