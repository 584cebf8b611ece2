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
    Json images = Json::array();
    for (const auto& one : memory.images) {
        images.push_back({one.image, one.policy, one.tag, one.digest});
    }
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
        {"images", images},
        {"proposed_at", memory.proposed_at},
        {"title", memory.title},
        {"body", memory.body},
        {"draft", memory.draft},
        {"armed_head", memory.armed_head},
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
        get(json, "armed_head", memory.armed_head);
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
        for (const auto& one : json.value("images", Json::array())) {
            memory.images.push_back({one.at(0), one.at(1), one.at(2), one.at(3)});
        }
        for (const auto& one : json.value("refused", Json::array())) {
            memory.refused.push_back({one.at(0), one.at(1), one.at(2), one.at(3), one.at(4)});
        }
    } catch (const Json::exception&) {
        return {};
    }
    return memory;
}

}  // namespace linkspan::pipeline
