// Published and captured signatures, each with its verdict (signatures.json), and what must be
// refused once a byte is altered.

#include "tests/unit/webhooks/payload_files.h"
#include "tests/unit/webhooks/support.h"
#include "webhooks/authenticate.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace linkspan::webhooks {
namespace {

using nlohmann::json;
using testing::slurp;
using Clock = std::chrono::system_clock;

struct Vector {
    std::string name;
    RawDelivery delivery;
    Receiver receiver;
    bool valid = false;
};

// The sender that would send it: every verdict comes from that sender's own ways.
std::string type_for(const json& row) {
    const std::string scheme = row.at("scheme");
    if (scheme.starts_with("github")) return "github";
    if (scheme.starts_with("gitlab")) return "gitlab";
    if (scheme.starts_with("jfrog")) return "jfrog";
    if (scheme.starts_with("nexus")) return "nexus";
    if (scheme.starts_with("gitea")) return "gitea";
    if (scheme.starts_with("aws-sns")) return "ecr";
    if (scheme == "query-token") return "dockerhub";
    if (scheme == "authorization-equals") {
        const std::string file = row.at("body_file");
        return file.substr(0, file.find('/'));
    }
    return "generic";
}

Vector read_vector(const json& row, const std::filesystem::path& folder) {
    Vector vector;
    vector.name = row.at("scheme").get<std::string>() + " " + row.value("note", "");
    vector.valid = row.at("valid");
    vector.receiver = testing::open_receiver(type_for(row));
    vector.receiver.auth.scheme = find_sender(vector.receiver.type)->default_auth;
    std::string secret = row.at("secret").is_string() ? row.at("secret").get<std::string>() : "";
    if (row.contains("cert_file")) {
        secret = slurp(folder / row.at("cert_file").get<std::string>());
        vector.receiver.auth.sns.topics = {"*"};
        vector.receiver.auth.sns.max_age = {};
    }
    vector.receiver.auth.secrets = testing::secrets({secret});
    vector.delivery.received_at = Clock::time_point{std::chrono::seconds{row.value("now", 0)}};
    for (const auto& [name, value] : row.at("headers").items()) {
        vector.delivery.headers.add(name, value.get<std::string>());
    }
    vector.delivery.body = row.contains("body_file")
                               ? slurp(folder / row.at("body_file").get<std::string>())
                               : row.value("body", "");
    const std::string url = row.value("url", "");
    if (const auto question = url.find('?'); question != std::string::npos) {
        vector.delivery.query = url.substr(question + 1);
    }
    return vector;
}

std::vector<Vector> read_vectors(const std::filesystem::path& folder) {
    std::vector<Vector> vectors;
    for (const json& row : json::parse(slurp(folder / "signatures.json"))) {
        vectors.push_back(read_vector(row, folder));
    }
    return vectors;
}

TEST(SignaturesTest, EveryVectorGetsItsVerdict) {
    const auto folder = testing::payload_folder();
    if (!folder) GTEST_SKIP() << "no shared/payloads beside the source tree";
    const auto vectors = read_vectors(*folder);
    EXPECT_GE(vectors.size(), 65U);
    for (const Vector& vector : vectors) {
        SCOPED_TRACE(vector.receiver.type + ": " + vector.name);
        const auto verdict = authenticate(vector.delivery, vector.receiver);
        EXPECT_EQ(verdict.has_value(), vector.valid) << testing::error_of(verdict);
        if (verdict.has_value()) continue;
        EXPECT_EQ(verdict.error().kind, Errc::Unauthorized);
    }
}

// The part of the body that is signed: all of it, but for SNS, where it is some members' values.
std::pair<std::size_t, std::size_t> signed_range(const Vector& vector) {
    const std::string& body = vector.delivery.body;
    if (vector.receiver.type != "ecr") return {0, body.size()};
    const std::size_t begin = body.find("\"Message\"") + 14;
    return {begin, std::min(begin + 8, body.size())};
}

bool is_signature(AuthScheme scheme) {
    return scheme == AuthScheme::Hmac || scheme == AuthScheme::StandardWebhooks ||
           scheme == AuthScheme::CircleCi || scheme == AuthScheme::Buildkite ||
           scheme == AuthScheme::Sns;
}

TEST(SignaturesTest, OneAlteredByteIsRefused) {
    const auto folder = testing::payload_folder();
    if (!folder) GTEST_SKIP() << "no shared/payloads beside the source tree";
    std::size_t altered = 0;
    for (Vector& vector : read_vectors(*folder)) {
        const auto verdict = authenticate(vector.delivery, vector.receiver);
        if (verdict.has_error() || !is_signature(*verdict)) continue;
        // Where a sender shows its token beside the signature, here only the signature shall count.
        vector.receiver.auth.scheme = *verdict == AuthScheme::Hmac ? AuthScheme::Own : *verdict;
        SCOPED_TRACE(vector.receiver.type + ": " + vector.name);
        std::string& body = vector.delivery.body;
        const auto [begin, end] = signed_range(vector);
        const std::size_t step = std::max<std::size_t>(1, (end - begin) / 200);
        for (std::size_t i = begin; i < end; i += step, ++altered) {
            body[i] = static_cast<char>(body[i] ^ 1);
            EXPECT_FALSE(authenticate(vector.delivery, vector.receiver)) << "byte " << i;
            body[i] = static_cast<char>(body[i] ^ 1);
        }
    }
    EXPECT_GT(altered, 1000U);
}

}  // namespace
}  // namespace linkspan::webhooks
