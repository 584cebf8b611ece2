// Real and documented bodies, each with what it says (INDEX.tsv).

#include "tests/unit/webhooks/payload_files.h"
#include "tests/unit/webhooks/support.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>

namespace linkspan::webhooks {
namespace {

namespace fs = std::filesystem;
using testing::payload_folder;
using testing::slurp;

// Stands for the `registry` that an administrator sets where payloads lack a host.
constexpr const char* kFallbackHost = "fallback.example.com";

struct Row {
    std::string file, event, provenance, expect, registry, repository, tags, digest, media_type,
        timestamp, actor, revision;
};

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

// The sender that a folder's bodies come from; "" for what no sender sends (claims of tokens).
std::string type_of(const std::string& file) {
    const std::string folder = file.substr(0, file.find('/'));
    if (find_sender(folder) != nullptr) return folder;
    if (folder == "acr_eventgrid") return "acr";
    if (folder == "ghcr") return "github";
    if (folder == "sns") return "ecr";
    if (folder == "oidc") return "";
    return "generic";  // CI systems
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

std::string lower_case(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}

// The index has what the payload has, word for word; ours is normalised.
std::string expected_image(const Row& row, const std::string& type) {
    std::string host = row.registry;
    if (row.file == "harbor/argocd_push.json") host = "harbor.example.com";  // index: "https:"
    if (type == "ecr") host = "123456789012.dkr.ecr.us-west-2.amazonaws.com";
    if (row.file == "ecr/superplane_push.json" || row.file.starts_with("cloudevents/argocd_ecr")) {
        host = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
    }
    const auto name = image::ImageName::from_parts(
        host.empty() ? kFallbackHost : host, lower_case(row.repository)
    );
    if (name) return name->str();
    // A host of one word can't stand in a name ("test").
    return std::string{kFallbackHost} + "/" + row.repository;
}

std::string expected_time(const Row& row, const std::string& type) {
    const double seconds = std::strtod(row.timestamp.c_str(), nullptr);
    if (type == "dockerhub" || (type == "harbor" && row.timestamp.find('-') == std::string::npos)) {
        if (row.timestamp.empty()) return "";
        const auto time = static_cast<std::time_t>(seconds);
        std::tm broken{};
        gmtime_r(&time, &broken);
        char text[32];
        return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &broken)};
    }
    if (type == "nexus" && row.timestamp.ends_with("+0000")) {
        return row.timestamp.substr(0, row.timestamp.size() - 4) + "00:00";
    }
    return row.timestamp;
}

void expect_pushes(
    const std::vector<Row>& rows, const std::string& type, const ParsedDelivery& parsed
) {
    std::vector<Row> pushes;
    for (const Row& row : rows) {
        if (row.expect != "push") continue;
        for (const std::string& tag : split(row.tags, ',')) {
            pushes.push_back(row);
            pushes.back().tags = tag;
        }
    }
    const std::vector<image::ImageEvent> events = all_events(parsed);
    ASSERT_EQ(events.size(), pushes.size())
        << (parsed.ignored_reason ? *parsed.ignored_reason : std::string{});
    for (std::size_t i = 0; i < pushes.size(); ++i) {
        const Row& row = pushes[i];
        const image::ImageEvent& event = events[i];
        EXPECT_EQ(event.image.str(), expected_image(row, type));
        EXPECT_EQ(event.tag.str(), row.tags);
        expect_fact("digest", row.digest, event.digest);
        expect_fact("media type", row.media_type, event.media_type);
        expect_fact("time", expected_time(row, type), event.pushed_at);
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
        if (type.empty() || rows[0].expect == "claims") continue;
        // Malformed only in its signature, which is not looked at here.
        if (file == "sns/notification_docs_example_signature.json") continue;
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
        expect_pushes(rows, type, *parsed);
        EXPECT_EQ(parsed->ignored_reason.has_value(), parsed->events.empty());
    }
    EXPECT_GT(checked, 180U);
}

}  // namespace
}  // namespace linkspan::webhooks
