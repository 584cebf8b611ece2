#include "service/pipeline/pull_request_memory.h"

#include <nlohmann/json.hpp>

namespace linkspan::pipeline {
namespace {

using Json = nlohmann::json;

template <class T>
void get(const Json& json, const char* name, T& value) {
    if (const auto at = json.find(name); at != json.end()) value = at->get<T>();
}

}  // namespace

std::string write_memory(const plan::Memory& memory) {
    const auto images_of = [](const std::vector<plan::CarriedImage>& all) {
        Json images = Json::array();
        for (const auto& one : all) {
            images.push_back({one.image, one.policy, one.tag, one.digest});
        }
        return images;
    };
    Json refused = Json::array();
    for (const auto& one : memory.refused) {
        refused.push_back({one.image, one.policy, one.tag, one.reason, one.by_gate});
    }
    const Json json{
        {"number", memory.number},
        {"handled", memory.handled},
        {"head", memory.head},
        {"intended", memory.intended},
        {"closing", memory.closing},
        {"images", images_of(memory.images)},
        {"proposed_at", memory.proposed_at},
        {"title", memory.title},
        {"body", memory.body},
        {"draft", memory.draft},
        {"base", memory.base},
        {"arming", memory.arming},
        {"armed_head", memory.armed_head},
        {"earlier_head", memory.earlier_head},
        {"earlier_images", images_of(memory.earlier_images)},
        {"earlier_changes", memory.earlier_changes},
        {"merged_head", memory.merged_head},
        {"labels", memory.labels},
        {"asked", memory.asked},
        {"milestone", memory.milestone},
        {"saying", memory.saying},
        {"doing", memory.doing},
        {"said", memory.said},
        {"statuses", memory.statuses},
        {"rebuild_done", memory.rebuild_done},
        {"heard", memory.heard},
        {"pushed_at", memory.pushed_at},
        {"refused", refused},
    };
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

plan::Memory read_memory(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return {};
    plan::Memory memory;
    try {
        get(json, "number", memory.number);
        get(json, "handled", memory.handled);
        get(json, "head", memory.head);
        get(json, "intended", memory.intended);
        get(json, "closing", memory.closing);
        get(json, "proposed_at", memory.proposed_at);
        get(json, "title", memory.title);
        get(json, "body", memory.body);
        get(json, "draft", memory.draft);
        get(json, "base", memory.base);
        get(json, "arming", memory.arming);
        get(json, "armed_head", memory.armed_head);
        get(json, "earlier_head", memory.earlier_head);
        get(json, "earlier_changes", memory.earlier_changes);
        get(json, "merged_head", memory.merged_head);
        get(json, "labels", memory.labels);
        get(json, "asked", memory.asked);
        get(json, "milestone", memory.milestone);
        get(json, "saying", memory.saying);
        get(json, "doing", memory.doing);
        get(json, "said", memory.said);
        get(json, "statuses", memory.statuses);
        get(json, "rebuild_done", memory.rebuild_done);
        get(json, "heard", memory.heard);
        get(json, "pushed_at", memory.pushed_at);
        const auto get_images = [&json](const char* name, std::vector<plan::CarriedImage>& all) {
            for (const auto& one : json.value(name, Json::array())) {
                all.push_back({one.at(0), one.at(1), one.at(2), one.at(3)});
            }
        };
        get_images("images", memory.images);
        get_images("earlier_images", memory.earlier_images);
        for (const auto& one : json.value("refused", Json::array())) {
            memory.refused.push_back({one.at(0), one.at(1), one.at(2), one.at(3), one.at(4)});
        }
    } catch (const Json::exception&) {
        return {};
    }
    return memory;
}

}  // namespace linkspan::pipeline
