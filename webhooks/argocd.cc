#include "webhooks/argocd.h"

#include "webhooks/deployment.h"
#include "webhooks/json_view.h"
#include "webhooks/text.h"
#include "webhooks/time_text.h"

#include <fmt/format.h>

namespace linkspan::webhooks::argocd {
namespace {

using State = DeploymentReport::State;

State state_of(const JsonView& root) {
    const std::string phase = root["phase"].text().value_or("");
    const std::string health = root["health_status"].text().value_or("");
    if (phase == "Failed" || phase == "Error" || health == "Degraded") return State::Failed;
    // Without an operation (a change that needed none) sync and health say it.
    const bool done =
        phase == "Succeeded" || (phase.empty() && root["sync_status"].text() == "Synced");
    return done && health == "Healthy" ? State::Applied : State::Progressing;
}

}  // namespace

std::string delivery_id(const RawDelivery& /*delivery*/, const Receiver& /*receiver*/) {
    return {};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    LINKSPAN_TRY(app, root["app"].required_text());
    std::vector<std::string> written;
    if (auto one = root["revision"].text()) written.push_back(std::move(*one));
    // Applications of several sources have one revision for each.
    const JsonView several = root["revisions"];
    for (std::size_t i = 0; i < several.size(); ++i) {
        if (auto one = several[i].text()) written.push_back(std::move(*one));
    }
    ParsedDelivery parsed;
    const auto finished = parse_rfc3339(root["finished_at"].text().value_or(""));
    const std::string branch = root["branch"].text().value_or("");
    for (const std::string& text : written) {
        const auto revision = parse_revision(text);
        if (!revision) continue;
        parsed.deployments.push_back({
            .controller = "argocd",
            .object = report_text(fmt::format(
                "Application/{}/{}", root["namespace"].text().value_or("argocd"), app.text
            )),
            .state = state_of(root),
            .revision = revision->commit,
            .branch = branch == "HEAD" ? "" : report_text(branch),
            .message = report_text(root["message"].text().value_or("")),
            .at = finished.value_or(delivery.received_at),
        });
    }
    if (parsed.deployments.empty()) {
        parsed.ignored_reason = written.empty()
                                    ? "report without a revision"
                                    : "revision " + shown(written.front()) + ", which is no commit";
    }
    return parsed;
}

}  // namespace linkspan::webhooks::argocd
