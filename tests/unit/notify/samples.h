// A message to make requests of.
#pragma once

#include "service/notify/message.h"
#include "service/notify/request.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>

namespace linkspan::notify::test {

inline const std::chrono::system_clock::time_point kAt{
    std::chrono::milliseconds{1'767'323'045'678}};
inline const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";
inline const std::string kParent = "89abcdef0123456789abcdef0123456789abcdef";

inline Message sample() {
    return {
        .id = "msg_test",
        .kind = "committed",
        .at = kAt,
        .repository = "fleet",
        .repository_url = "https://git.example.com/acme/fleet.git",
        .branch = "main",
        .commit = kCommit,
        .before = kParent,
        .pull_request_url = "",
        .public_url = "https://linkspan.example.com",
        .items = {{
            .target = "prod",
            .policy = "flux-system:app",
            .image = "registry.example.com/acme/app",
            .tag = "1.4.2",
            .digest = "",
            .delivery = "01HF7YAT00AAAAAAAAAAAAAAAA",
            .status_url = "https://linkspan.example.com/v1/deliveries/01HF7YAT00AAAAAAAAAAAAAAAA",
            .reason = "1.4.2 is the highest version",
            .revision = kParent,
            .source = "https://git.example.com/acme/app",
            .build_url = "https://ci.example.com/builds/7",
            .actor = "ann",
            .changes = {{
                .path = "clusters/prod/app.yaml",
                .line = 14,
                .image = "registry.example.com/acme/app",
                .old_tag = "1.4.1",
                .new_tag = "1.4.2",
            }},
        }},
        .items_total = 1,
        .paths = {"clusters/prod/app.yaml"},
    };
}

inline Sink sink(Type type) {
    return {.name = "test", .type = type, .url = "https://sink.example.com/hook?x=1"};
}

inline std::string header(const transport::HttpRequest& request, const std::string& name) {
    for (const auto& [key, value] : request.headers) {
        if (key == name) return value;
    }
    return "";
}

inline transport::HttpRequest request_of(const Sink& sink, const Message& message) {
    auto request = make_request(sink, message, kAt);
    if (request.has_error()) throw std::runtime_error{request.error().message};
    return std::move(*request);
}

inline nlohmann::json body_of(const transport::HttpRequest& request) {
    return nlohmann::json::parse(request.body);
}

}  // namespace linkspan::notify::test
