#include "webhooks/flux.h"

#include "webhooks/deployment.h"
#include "webhooks/form.h"
#include "webhooks/json_view.h"
#include "webhooks/text.h"
#include "webhooks/time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace linkspan::webhooks::flux {
namespace {

using State = DeploymentReport::State;

// Reasons of kustomize-controller and helm-controller for "this revision is in the cluster".
constexpr std::array<std::string_view, 5> kApplied{
    "ReconciliationSucceeded",
    "InstallSucceeded",
    "UpgradeSucceeded",
    "TestSucceeded",
    "Succeeded"};

State state_of(const std::string& severity, const std::string& reason) {
    if (severity == "error") return State::Failed;
    const bool applied = std::find(kApplied.begin(), kApplied.end(), reason) != kApplied.end();
    return applied ? State::Applied : State::Progressing;
}

std::optional<std::string> revision_in(const JsonView& metadata, const std::string& group) {
    for (const std::string key : {"originRevision", "revision"}) {
        if (auto text = metadata[key].text()) return text;
        if (group.empty()) continue;
        if (auto text = metadata[group + "/" + key].text()) return text;
    }
    return std::nullopt;
}

ParsedDelivery ignored(std::string reason) {
    ParsedDelivery parsed;
    parsed.ignored_reason = std::move(reason);
    return parsed;
}

}  // namespace

// Events have no id; the body names the time.
std::string delivery_id(const RawDelivery& /*delivery*/, const Receiver& /*receiver*/) {
    return {};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    LINKSPAN_TRY(document, JsonDocument::parse(json_text(delivery)));
    const JsonView root = document.root();
    const JsonView involved = root["involvedObject"];
    LINKSPAN_TRY(kind, involved["kind"].required_text());
    LINKSPAN_TRY(name, involved["name"].required_text());
    if (kind.text != "Kustomization" && kind.text != "HelmRelease") {
        return ignored("event of a " + shown(kind.text) + ", which applies nothing");
    }
    const std::string api = involved["apiVersion"].text().value_or("");
    const auto written = revision_in(root["metadata"], api.substr(0, api.find('/')));
    if (!written) return ignored("event without a revision");
    const auto revision = parse_revision(*written);
    if (!revision) return ignored("revision " + shown(*written) + ", which is no commit");
    const std::string severity = root["severity"].text().value_or("info");
    const std::string reason = root["reason"].text().value_or("");
    const std::string message = root["message"].text().value_or("");
    const auto at = parse_rfc3339(root["timestamp"].text().value_or(""));
    ParsedDelivery parsed;
    parsed.deployments.push_back({
        .controller = "flux",
        .object = report_text(fmt::format(
            "{}/{}/{}", kind.text, involved["namespace"].text().value_or("default"), name.text
        )),
        .state = state_of(severity, reason),
        .revision = revision->commit,
        .branch = report_text(revision->branch),
        .message = report_text(reason.empty() ? message : reason + ": " + message),
        .at = at.value_or(delivery.received_at),
    });
    return parsed;
}

}  // namespace linkspan::webhooks::flux
