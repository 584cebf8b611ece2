// A registry in memory, over HTTP: images that a test makes, tags that it moves and deletes, and
// answers that it spoils.
#pragma once

#include "core/image/reference.h"
#include "service/registry/digest.h"
#include "tests/support/scripted_http_server.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace linkspan::pipeline {

class FakeRegistry {
public:
    using Labels = std::map<std::string, std::string>;

    FakeRegistry() {
        server_.when("*", "/v2/*").then([this](const support::ScriptedRequest& request) {
            return answer(request);
        });
    }

    [[nodiscard]] std::string host() const { return server_.host(); }
    [[nodiscard]] image::ImageName image() const {
        return *image::ImageName::parse(host() + "/acme/app");
    }

    // An image for linux/amd64; its digest. The same arguments make the same image.
    std::string push(
        const std::string& tag,
        const std::string& created = {},
        const std::string& seed = {},
        const Labels& labels = {}
    ) {
        const std::lock_guard lock{mutex_};
        nlohmann::json config{
            {"architecture", "amd64"}, {"os", "linux"}, {"config", {{"Labels", labels}}}};
        config["seed"] = tag + seed;
        if (!created.empty()) config["created"] = created;
        const auto digest = manifest(config.dump());
        tags_[tag] = digest;
        return digest;
    }
    // An index of an image that is there and one whose manifest was deleted.
    std::string push_torn_index(const std::string& tag) {
        push(tag);
        const std::lock_guard lock{mutex_};
        const auto entry = [](const std::string& digest, const char* arch) {
            return nlohmann::json{
                {"mediaType", kManifest},
                {"digest", digest},
                {"size", 100},
                {"platform", {{"os", "linux"}, {"architecture", arch}}}};
        };
        const nlohmann::json index{
            {"schemaVersion", 2},
            {"mediaType", kIndex},
            {"manifests",
             {entry("sha256:" + std::string(64, '0'), "amd64"), entry(tags_[tag], "arm64")}}};
        tags_[tag] = put(index.dump(), kIndex);
        return tags_[tag];
    }
    void remove(const std::string& tag) {
        const std::lock_guard lock{mutex_};
        tags_.erase(tag);
    }
    // Listed, whatever its manifest says.
    void list(const std::string& tag) {
        const std::lock_guard lock{mutex_};
        tags_.emplace(tag, "");
    }
    // What is asked of a tag or digest is answered with this status; 0: as it is.
    void spoil(const std::string& reference, unsigned status) {
        const std::lock_guard lock{mutex_};
        spoiled_[reference] = status;
    }

    // "HEAD 1.0.0", "GET tags": in order, since the last call.
    std::vector<std::string> asked() {
        const std::lock_guard lock{mutex_};
        return std::exchange(asked_, {});
    }
    std::size_t count(const std::string& what) {
        const auto all = asked();
        return static_cast<std::size_t>(std::count(all.begin(), all.end(), what));
    }

private:
    static constexpr const char* kManifest = "application/vnd.oci.image.manifest.v1+json";
    static constexpr const char* kIndex = "application/vnd.oci.image.index.v1+json";
    static constexpr const char* kConfig = "application/vnd.oci.image.config.v1+json";

    std::string put(const std::string& bytes, const std::string& type) {
        auto digest = registry::compute_digest(bytes).str();
        documents_[digest] = {type, bytes};
        return digest;
    }
    std::string manifest(const std::string& config) {
        const auto digest = put(config, kConfig);
        const nlohmann::json manifest{
            {"schemaVersion", 2},
            {"mediaType", kManifest},
            {"config", {{"mediaType", kConfig}, {"digest", digest}, {"size", config.size()}}},
            {"layers", nlohmann::json::array()}};
        return put(manifest.dump(), kManifest);
    }

    support::ScriptedReply answer(const support::ScriptedRequest& request) {
        const std::lock_guard lock{mutex_};
        if (request.path.ends_with("/tags/list")) {
            asked_.push_back("GET tags");
            auto names = nlohmann::json::array();
            for (const auto& [tag, digest] : tags_) names.push_back(tag);
            return reply(200, "application/json", nlohmann::json{{"tags", names}}.dump());
        }
        const auto reference = request.path.substr(request.path.rfind('/') + 1);
        asked_.push_back(request.method + " " + reference);
        if (const auto bad = spoiled_.find(reference); bad != spoiled_.end() && bad->second != 0) {
            return reply(bad->second, "application/json", R"({"errors":[{"code":"DENIED"}]})");
        }
        const auto tag = tags_.find(reference);
        const auto document = documents_.find(tag == tags_.end() ? reference : tag->second);
        if (document == documents_.end()) {
            return reply(404, "application/json", R"({"errors":[{"code":"MANIFEST_UNKNOWN"}]})");
        }
        auto out = reply(200, document->second.first, document->second.second);
        out.headers.emplace_back("Docker-Content-Digest", document->first);
        return out;
    }
    static support::ScriptedReply reply(
        unsigned status, const std::string& type, const std::string& body
    ) {
        return {.status = status, .headers = {{"Content-Type", type}}, .body = body};
    }

    std::mutex mutex_;
    std::map<std::string, std::string> tags_;
    std::map<std::string, std::pair<std::string, std::string>> documents_;
    std::map<std::string, unsigned> spoiled_;
    std::vector<std::string> asked_;
    support::ScriptedHttpServer server_;  // last: ends first
};

}  // namespace linkspan::pipeline
