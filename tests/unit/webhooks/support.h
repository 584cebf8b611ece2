// What the tests of the senders share.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"
#include "webhooks/senders.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::webhooks::testing {

inline constexpr const char* kSecret = "test-secret-not-real";

inline std::shared_ptr<const SecretSource> secrets(const std::vector<std::string>& values) {
    std::vector<Secret> list;
    for (const std::string& value : values) list.emplace_back(value);
    return std::make_shared<FixedSecrets>(std::move(list));
}

inline Receiver open_receiver(std::string type, std::string registry = {}) {
    Receiver receiver;
    receiver.name = "under-test";
    receiver.type = std::move(type);
    receiver.registry = std::move(registry);
    return receiver;
}

inline RawDelivery delivery_of(std::string body, Headers headers = {}) {
    RawDelivery delivery;
    delivery.receiver = "under-test";
    delivery.headers = std::move(headers);
    delivery.body = std::move(body);
    return delivery;
}

// Through the front door: verify, then parse.
inline Result<ParsedDelivery> read(RawDelivery delivery, const Receiver& receiver) {
    auto verified = verify(std::move(delivery), receiver);
    if (verified.has_error()) return verified.error();
    return parse(*verified, receiver);
}

inline Result<ParsedDelivery> read(std::string body, const Receiver& receiver) {
    return read(delivery_of(std::move(body)), receiver);
}

// "host/repo:tag@digest" of every event, for short tables.
inline std::vector<std::string> names(const ParsedDelivery& parsed) {
    std::vector<std::string> out;
    for (const image::ImageEvent& event : parsed.events) {
        std::string name = event.image.str() + ":" + event.tag.str();
        if (event.digest) name += "@" + *event.digest;
        out.push_back(std::move(name));
    }
    return out;
}

template <class T>
std::string error_of(const Result<T>& result) {
    return result.has_error() ? result.error().message : std::string{"no error"};
}

}  // namespace linkspan::webhooks::testing
