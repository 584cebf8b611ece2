// Reports of controllers: revisions, Flux's events, Argo CD's notifications.
#include "webhooks/deployment.h"

#include "tests/unit/webhooks/support.h"
#include "webhooks/argocd.h"
#include "webhooks/authenticate.h"
#include "webhooks/flux.h"
#include "webhooks/hash.h"
#include "webhooks/senders.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace linkspan::webhooks {
namespace {

using nlohmann::json;
using State = DeploymentReport::State;

const std::string kCommit = "731f7eaddfb6af01cb2173e18f0f75b0ba780ef1";

RawDelivery delivery_of(const json& body) {
    RawDelivery delivery;
    delivery.body = body.dump();
    delivery.received_at = std::chrono::system_clock::time_point{std::chrono::seconds{1767323045}};
    return delivery;
}

json flux_event() {
    return {
        {"involvedObject",
         {{"apiVersion", "kustomize.toolkit.fluxcd.io/v1"},
          {"kind", "Kustomization"},
          {"name", "apps"},
          {"namespace", "flux-system"}}},
        {"metadata", {{"revision", "main@sha1:" + kCommit}}},
        {"severity", "info"},
        {"reason", "ReconciliationSucceeded"},
        {"message", "Reconciliation finished in 1.2s"},
        {"reportingController", "kustomize-controller"},
        {"timestamp", "2026-01-02T03:04:05Z"},
    };
}

json argo_report() {
    return {
        {"app", "shop"},
        {"namespace", "argocd"},
        {"revision", kCommit},
        {"revisions", nullptr},
        {"branch", "main"},
        {"phase", "Succeeded"},
        {"sync_status", "Synced"},
        {"health_status", "Healthy"},
        {"message", "successfully synced"},
        {"finished_at", "2026-01-02T03:04:05Z"},
    };
}

TEST(RevisionTest, Forms) {
    const struct {
        std::string text;
        const char* branch;
        bool good;
    } cases[] = {
        {"main@sha1:" + kCommit, "main", true},
        {"refs/heads/main@sha1:" + kCommit, "main", true},
        {"feature/x@sha1:" + kCommit, "feature/x", true},
        {"main/" + kCommit, "main", true},
        {"HEAD/" + kCommit, "", true},
        {"sha1:" + kCommit, "", true},
        {kCommit, "", true},
        {"latest@sha256:" + kCommit + kCommit.substr(0, 24), "", false},
        {"6.5.0", "", false},
        {"main@sha1:123", "", false},
        {"", "", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        const auto revision = parse_revision(c.text);
        ASSERT_EQ(revision.has_value(), c.good);
        if (!revision) continue;
        EXPECT_EQ(revision->branch, c.branch);
        EXPECT_EQ(revision->commit, kCommit);
    }
}

TEST(FluxTest, AnEventIsAReport) {
    const auto parsed = flux::parse(delivery_of(flux_event()), {});
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    ASSERT_EQ(parsed->deployments.size(), 1U);
    EXPECT_TRUE(parsed->events.empty());
    EXPECT_FALSE(parsed->ignored_reason);
    const auto& report = parsed->deployments[0];
    EXPECT_EQ(report.controller, "flux");
    EXPECT_EQ(report.object, "Kustomization/flux-system/apps");
    EXPECT_EQ(report.state, State::Applied);
    EXPECT_EQ(report.revision, kCommit);
    EXPECT_EQ(report.branch, "main");
    EXPECT_EQ(report.message, "ReconciliationSucceeded: Reconciliation finished in 1.2s");
    EXPECT_EQ(report.at, std::chrono::system_clock::time_point{std::chrono::seconds{1767323045}});
}

TEST(FluxTest, States) {
    const struct {
        const char* severity;
        const char* reason;
        State expected;
    } cases[] = {
        {"info", "ReconciliationSucceeded", State::Applied},
        {"info", "UpgradeSucceeded", State::Applied},
        {"info", "Progressing", State::Progressing},
        {"info", "DependencyNotReady", State::Progressing},
        {"error", "HealthCheckFailed", State::Failed},
        {"error", "BuildFailed", State::Failed},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.reason);
        json event = flux_event();
        event["severity"] = c.severity;
        event["reason"] = c.reason;
        EXPECT_EQ(flux::parse(delivery_of(event), {})->deployments.at(0).state, c.expected);
    }
}

TEST(FluxTest, KeysOfTheRevision) {
    json event = flux_event();
    event["metadata"] = {{"kustomize.toolkit.fluxcd.io/revision", "main/" + kCommit}};
    EXPECT_EQ(flux::parse(delivery_of(event), {})->deployments.at(0).revision, kCommit);
    // An artifact that was made of a commit: the commit is what Git knows.
    event["metadata"] = {
        {"revision", "latest@sha256:" + std::string(64, 'a')},
        {"originRevision", "main@sha1:" + kCommit}};
    EXPECT_EQ(flux::parse(delivery_of(event), {})->deployments.at(0).revision, kCommit);
}

TEST(FluxTest, WhatIsNoReportIsIgnoredWithTheReason) {
    json source = flux_event();
    source["involvedObject"]["kind"] = "GitRepository";
    json chart = flux_event();
    chart["metadata"]["revision"] = "6.5.0";
    json bare = flux_event();
    bare.erase("metadata");
    for (const auto& [event, reason] : std::vector<std::pair<json, std::string>>{
             {source, "event of a GitRepository, which applies nothing"},
             {chart, "revision 6.5.0, which is no commit"},
             {bare, "event without a revision"}}) {
        const auto parsed = flux::parse(delivery_of(event), {});
        ASSERT_TRUE(parsed.has_value());
        EXPECT_TRUE(parsed->deployments.empty());
        EXPECT_EQ(parsed->ignored_reason, reason);
    }
    EXPECT_EQ(flux::parse(delivery_of({{"a", 1}}), {}).error().kind, Errc::InvalidInput);
}

TEST(FluxTest, GenericHmacIsLetIn) {
    Receiver receiver = testing::open_receiver("flux");
    receiver.auth.scheme = find_sender("flux")->default_auth;
    receiver.auth.secrets = testing::secrets({"test-secret"});
    RawDelivery delivery = delivery_of(flux_event());
    EXPECT_FALSE(authenticate(delivery, receiver));
    delivery.headers.add(
        "X-Signature", "sha256=" + to_hex(hmac(HashAlgorithm::Sha256, "test-secret", delivery.body))
    );
    EXPECT_TRUE(authenticate(delivery, receiver));
    delivery.body += ' ';
    EXPECT_FALSE(authenticate(delivery, receiver));
}

TEST(ArgoCdTest, AReport) {
    const auto parsed = argocd::parse(delivery_of(argo_report()), {});
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    ASSERT_EQ(parsed->deployments.size(), 1U);
    const auto& report = parsed->deployments[0];
    EXPECT_EQ(report.object, "Application/argocd/shop");
    EXPECT_EQ(report.state, State::Applied);
    EXPECT_EQ(report.revision, kCommit);
    EXPECT_EQ(report.branch, "main");
}

TEST(ArgoCdTest, States) {
    const struct {
        const char* phase;
        const char* health;
        State expected;
    } cases[] = {
        {"Succeeded", "Healthy", State::Applied},
        {"Succeeded", "Progressing", State::Progressing},
        {"Succeeded", "Degraded", State::Failed},
        {"Running", "Healthy", State::Progressing},
        {"Failed", "Healthy", State::Failed},
        {"Error", "Healthy", State::Failed},
        {"", "Healthy", State::Applied},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string{c.phase} + " " + c.health);
        json report = argo_report();
        report["phase"] = c.phase;
        report["health_status"] = c.health;
        EXPECT_EQ(argocd::parse(delivery_of(report), {})->deployments.at(0).state, c.expected);
    }
}

TEST(ArgoCdTest, SeveralSources) {
    json report = argo_report();
    report["revision"] = nullptr;
    report["revisions"] = {kCommit, "1.2.3", std::string(40, 'a')};
    EXPECT_EQ(argocd::parse(delivery_of(report), {})->deployments.size(), 2U);
    report["revisions"] = {"1.2.3"};
    EXPECT_EQ(
        argocd::parse(delivery_of(report), {})->ignored_reason, "revision 1.2.3, which is no commit"
    );
}

TEST(DeploymentTextTest, IsOneLineAndCut) {
    EXPECT_EQ(report_text("a\nb\x1b[0m"), "a b [0m");
    std::string longer(999, 'a');
    longer += "éé";
    EXPECT_EQ(report_text(longer), std::string(999, 'a'));
}

}  // namespace
}  // namespace linkspan::webhooks
