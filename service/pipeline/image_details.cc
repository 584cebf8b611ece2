#include "service/pipeline/image_details.h"

#include <nlohmann/json.hpp>

namespace linkspan::pipeline {
namespace {

using Json = nlohmann::json;

}  // namespace

std::string encode_details(const registry::ImageDetails& details) {
    Json platforms = Json::array();
    for (const auto& platform : details.platforms) platforms.push_back(platform.str());
    Json out{
        {"platforms", std::move(platforms)},
        {"labels", details.labels},
        {"every", details.every_platform},
        {"annotations", details.annotations},
        {"from", details.created_from},
    };
    if (details.created) out["created"] = *details.created;
    // CBOR keeps texts that are no UTF-8.
    const auto bytes = Json::to_cbor(out);
    return {bytes.begin(), bytes.end()};
}

std::optional<registry::ImageDetails> decode_details(std::string_view bytes) {
    const Json in = Json::from_cbor(bytes.begin(), bytes.end(), true, false);
    if (!in.is_object()) return std::nullopt;
    try {
        registry::ImageDetails out;
        for (const auto& text : in.at("platforms")) {
            auto platform = image::Platform::parse(text.get<std::string>());
            if (platform.has_error()) return std::nullopt;
            out.platforms.push_back(std::move(*platform));
        }
        out.labels = in.at("labels").get<registry::Annotations>();
        out.every_platform = in.at("every").get<bool>();
        out.annotations = in.at("annotations").get<registry::Annotations>();
        out.created_from = in.at("from").get<std::string>();
        if (in.contains("created")) out.created = in.at("created").get<std::string>();
        return out;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

std::map<std::string, std::string> labels_of(const registry::ImageDetails& details) {
    std::map<std::string, std::string> out = details.labels;
    if (details.every_platform) return out;
    out.insert(details.annotations.begin(), details.annotations.end());
    return out;
}

}  // namespace linkspan::pipeline
