// check SAMPLES: what signed_samples.mjs printed must get the verdict that it says, and what lets
// in must no longer do so with one byte of the body changed.
#include "webhooks/delivery.h"
#include "webhooks/key_set.h"
#include "webhooks/receiver.h"
#include "webhooks/senders.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace linkspan;
using namespace linkspan::webhooks;
using nlohmann::json;

struct FixedKeys final : KeySource {
    std::shared_ptr<const KeySet> set;
    [[nodiscard]] std::shared_ptr<const KeySet> current() const override { return set; }
};

Receiver receiver_for(const json& sample) {
    Receiver receiver;
    receiver.name = "sample";
    receiver.type = sample.at("type");
    const auto scheme = parse_auth_scheme(sample.at("auth").get<std::string>());
    receiver.auth = auth_of(receiver.type, scheme.value());
    std::vector<Secret> secrets;
    for (const std::string secret : sample.at("secrets")) secrets.emplace_back(secret);
    receiver.auth.secrets = std::make_shared<FixedSecrets>(std::move(secrets));
    if (sample.contains("oidc")) {
        const json& rules = sample.at("oidc");
        receiver.auth.oidc.issuer = rules.at("issuer");
        receiver.auth.oidc.audiences = {rules.at("audience")};
        receiver.auth.oidc.subjects = {rules.at("subject")};
        auto keys = std::make_shared<FixedKeys>();
        keys->set = std::make_shared<KeySet>(*KeySet::parse(sample.at("jwks").get<std::string>()));
        receiver.auth.oidc.keys = keys;
    }
    return receiver;
}

RawDelivery delivery_for(const json& sample) {
    RawDelivery delivery;
    delivery.receiver = "sample";
    delivery.body = sample.at("body");
    for (const auto& [name, value] : sample.at("headers").items()) {
        delivery.headers.add(name, value.get<std::string>());
    }
    delivery.received_at = std::chrono::system_clock::time_point{
        std::chrono::seconds{sample.at("now").get<std::int64_t>()}};
    return delivery;
}

// "" when all is as the sample says.
std::string problem_with(const json& sample) {
    const Receiver receiver = receiver_for(sample);
    const RawDelivery delivery = delivery_for(sample);
    const auto verified = verify(delivery, receiver);
    const std::string verdict = verified ? "ok" : std::string{to_string(verified.error().kind)};
    if (verdict != sample.at("verdict")) {
        return fmt::format(
            "is {}{}", verdict, verified ? std::string{} : ": " + verified.error().message
        );
    }
    if (!verified) return {};
    const auto parsed = parse(*verified, receiver);
    if (parsed.has_error()) return parsed.error().message;
    std::vector<std::string> images;
    for (const auto& event : parsed->events) {
        images.push_back(event.image.str() + ":" + event.tag.str());
    }
    if (images != sample.at("images").get<std::vector<std::string>>()) {
        return fmt::format("names {}", fmt::join(images, ", "));
    }
    // A bearer token says nothing about the body; without authentication nothing does.
    const std::string auth = sample.at("auth");
    if (auth == "oidc" || auth == "none") return {};
    for (std::size_t i = 0; i < delivery.body.size(); ++i) {
        RawDelivery altered = delivery;
        altered.body[i] = static_cast<char>(altered.body[i] ^ 1);
        if (verify(altered, receiver)) return fmt::format("lets in with byte {} altered", i);
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    std::ifstream samples{argv[1]};
    int count = 0;
    int wrong = 0;
    for (std::string line; std::getline(samples, line); ++count) {
        const json sample = json::parse(line);
        const std::string problem = problem_with(sample);
        if (problem.empty()) continue;
        ++wrong;
        fmt::print(
            "{} {}, expected {}: {}\n",
            sample.at("type").get<std::string>(),
            sample.at("name").get<std::string>(),
            sample.at("verdict").get<std::string>(),
            problem
        );
    }
    fmt::print("{} samples, {} wrong\n", count, wrong);
    return count > 0 && wrong == 0 ? 0 : 1;
}
