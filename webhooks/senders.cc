#include "webhooks/senders.h"

#include "webhooks/acr.h"
#include "webhooks/aliyun.h"
#include "webhooks/argocd.h"
#include "webhooks/cdevents.h"
#include "webhooks/ci.h"
#include "webhooks/cloudevents.h"
#include "webhooks/distribution.h"
#include "webhooks/dockerhub.h"
#include "webhooks/ecr.h"
#include "webhooks/flux.h"
#include "webhooks/generic.h"
#include "webhooks/gitea.h"
#include "webhooks/github.h"
#include "webhooks/gitlab.h"
#include "webhooks/google.h"
#include "webhooks/harbor.h"
#include "webhooks/jfrog.h"
#include "webhooks/nexus.h"
#include "webhooks/pull_request_event.h"
#include "webhooks/quay.h"
#include "webhooks/zot.h"

#include <algorithm>

namespace linkspan::webhooks {
namespace {

constexpr Recipe kLinkspanHmac{AuthScheme::Hmac, "X-Linkspan-Signature-256", "sha256="};
constexpr Recipe kHubHmac{AuthScheme::Hmac, "X-Hub-Signature-256", "sha256="};
constexpr Recipe kBearer{AuthScheme::Bearer};
constexpr Recipe kBasic{AuthScheme::Basic};
constexpr Recipe kToken{AuthScheme::Token};
constexpr Recipe kStandardWebhooks{AuthScheme::StandardWebhooks};

// Ways without a secret in the URL are first: what lets in first says whether origin is proven.
constexpr Recipe kAcr[] = {kBearer, kBasic, kToken};
constexpr Recipe kUrlOnly[] = {kBasic, kToken};
constexpr Recipe kCi[] = {kLinkspanHmac, kStandardWebhooks, kBearer};
constexpr Recipe kCloudEvents[] = {
    kLinkspanHmac,
    kStandardWebhooks,
    {AuthScheme::Header, "X-Webhook-Secret"},
    kBearer,
    kBasic,
    kToken,
};
constexpr Recipe kStaticHeaders[] = {kBearer, kBasic};
constexpr Recipe kEcr[] = {
    {AuthScheme::Sns},
    {AuthScheme::Header, "X-Api-Key"},
    kBearer,
    kBasic,
    kToken,
};
// notification-controller: fluxcd/notification-controller, docs/spec/v1beta3/providers.md.
constexpr Recipe kFlux[] = {
    {AuthScheme::Hmac, "X-Signature", "sha256="},
    {AuthScheme::Hmac, "X-Signature", "sha512=", HashAlgorithm::Sha512},
    {AuthScheme::Hmac, "X-Signature", "sha1=", HashAlgorithm::Sha1},
    kBearer,
};
constexpr Recipe kGeneric[] = {
    kLinkspanHmac,
    kHubHmac,
    {AuthScheme::Hmac, "X-Signature", "sha256="},
    {AuthScheme::Hmac, "X-Signature", "sha512=", HashAlgorithm::Sha512},
    {AuthScheme::Hmac, "X-Signature", "sha1=", HashAlgorithm::Sha1},
    kStandardWebhooks,
    {AuthScheme::CircleCi},
    {AuthScheme::Buildkite},
    {AuthScheme::Header, "X-Buildkite-Token"},
    {AuthScheme::Drone},
    kBearer,
    kBasic,
    kToken,
};
constexpr Recipe kGitea[] = {
    {AuthScheme::Hmac, "X-Forgejo-Signature", ""},
    {AuthScheme::Hmac, "X-Gitea-Signature", ""},
    kHubHmac,
    kBearer,
};
constexpr Recipe kGithub[] = {
    kHubHmac,
    {AuthScheme::Hmac, "X-Hub-Signature", "sha1=", HashAlgorithm::Sha1},
    {AuthScheme::Hmac, "X-Hub-Signature", "sha256="},
    {AuthScheme::Hmac, "X-Hub-Signature", "sha512=", HashAlgorithm::Sha512},
};
constexpr Recipe kGitlab[] = {
    kStandardWebhooks,
    {AuthScheme::Header, "X-Gitlab-Token"},
    kBearer,
};
constexpr Recipe kBitbucket[] = {{AuthScheme::Hmac, "X-Hub-Signature", "sha256="}, kToken};
constexpr Recipe kAzureDevops[] = {kBasic, {AuthScheme::Header, "X-Webhook-Secret"}, kToken};
constexpr Recipe kGoogle[] = {{AuthScheme::Oidc}, kToken};
constexpr Recipe kJfrog[] = {
    {AuthScheme::Hmac, "X-JFrog-Event-Auth", ""},
    {AuthScheme::Header, "X-JFrog-Event-Auth"},
    kBearer,
};
constexpr Recipe kNexus[] = {
    {AuthScheme::Hmac, "X-Nexus-Webhook-Signature", "", HashAlgorithm::Sha1},
};

// Bodies that name the time of the push: two equal ones are one push.
constexpr std::chrono::hours kNamesTheTime{1};

constexpr Sender kSenders[] = {
    {
        .type = "acr",
        .title = "Azure Container Registry",
        .default_auth = AuthScheme::Own,
        .delivery_id = acr::delivery_id,
        .parse = acr::parse,
        .recipes = kAcr,
        .takes_cloud_events = true,
        .body_window = kNamesTheTime,
    },
    {
        .type = "aliyun",
        .title = "Alibaba Cloud Container Registry",
        .default_auth = AuthScheme::Own,
        .delivery_id = aliyun::delivery_id,
        .parse = aliyun::parse,
        .recipes = kUrlOnly,
        .can_prove = false,
        .body_window = kNamesTheTime,
    },
    {
        .type = "argocd",
        .title = "Argo CD notifications",
        .default_auth = AuthScheme::Own,
        .delivery_id = argocd::delivery_id,
        .parse = argocd::parse,
        .recipes = kStaticHeaders,
    },
    {
        .type = "azuredevops",
        .title = "Azure DevOps",
        .default_auth = AuthScheme::Own,
        .delivery_id = azuredevops::delivery_id,
        .parse = azuredevops::parse,
        .recipes = kAzureDevops,
    },
    {
        .type = "bitbucket",
        .title = "Bitbucket Cloud",
        .default_auth = AuthScheme::Own,
        .delivery_id = bitbucket::delivery_id,
        .parse = bitbucket::parse,
        .recipes = kBitbucket,
    },
    {
        .type = "bitbucket_server",
        .title = "Bitbucket Data Center",
        .default_auth = AuthScheme::Own,
        .delivery_id = bitbucket_server::delivery_id,
        .parse = bitbucket_server::parse,
        .recipes = kBitbucket,
    },
    {
        .type = "cdevents",
        .title = "CDEvents",
        .default_auth = AuthScheme::Own,
        .delivery_id = cdevents::delivery_id,
        .parse = cdevents::parse,
        .recipes = kCloudEvents,
        .takes_cloud_events = true,
    },
    {
        .type = "ci",
        .title = "CI job",
        .default_auth = AuthScheme::Hmac,
        .delivery_id = ci::delivery_id,
        .parse = ci::parse,
        .recipes = kCi,
    },
    {
        .type = "cloudevents",
        .title = "CloudEvents",
        .default_auth = AuthScheme::Own,
        .delivery_id = cloudevents::delivery_id,
        .parse = cloudevents::parse,
        .recipes = kCloudEvents,
        .takes_cloud_events = true,
    },
    {
        .type = "distribution",
        .title = "CNCF Distribution",
        .default_auth = AuthScheme::Bearer,
        .delivery_id = distribution::delivery_id,
        .parse = distribution::parse,
        .recipes = kStaticHeaders,
        .body_window = kNamesTheTime,
    },
    {
        .type = "dockerhub",
        .title = "Docker Hub",
        .default_auth = AuthScheme::Own,
        .delivery_id = dockerhub::delivery_id,
        .parse = dockerhub::parse,
        .recipes = kUrlOnly,
        .can_prove = false,
        .body_window = kNamesTheTime,
    },
    {
        .type = "ecr",
        .title = "Amazon ECR",
        .default_auth = AuthScheme::Own,
        .delivery_id = ecr::delivery_id,
        .parse = ecr::parse,
        .recipes = kEcr,
    },
    {
        .type = "flux",
        .title = "Flux notification-controller",
        .default_auth = AuthScheme::Own,
        .delivery_id = flux::delivery_id,
        .parse = flux::parse,
        .recipes = kFlux,
        .body_window = kNamesTheTime,
    },
    {
        .type = "generic",
        .title = "Any JSON",
        .default_auth = AuthScheme::Own,
        .delivery_id = generic::delivery_id,
        .parse = generic::parse,
        .recipes = kGeneric,
    },
    {
        .type = "gitea",
        .title = "Gitea and Forgejo",
        .default_auth = AuthScheme::Own,
        .delivery_id = gitea::delivery_id,
        .parse = gitea::parse,
        .recipes = kGitea,
    },
    {
        .type = "github",
        .title = "GitHub",
        .default_auth = AuthScheme::Own,
        .delivery_id = github::delivery_id,
        .parse = github::parse,
        .recipes = kGithub,
    },
    {
        .type = "gitlab",
        .title = "GitLab",
        .default_auth = AuthScheme::Own,
        .delivery_id = gitlab::delivery_id,
        .parse = gitlab::parse,
        .recipes = kGitlab,
    },
    {
        .type = "google",
        .title = "Google Artifact Registry",
        .default_auth = AuthScheme::Oidc,
        .delivery_id = google::delivery_id,
        .parse = google::parse,
        .recipes = kGoogle,
    },
    {
        .type = "harbor",
        .title = "Harbor",
        .default_auth = AuthScheme::Own,
        .delivery_id = harbor::delivery_id,
        .parse = harbor::parse,
        .recipes = kStaticHeaders,
        .body_window = kNamesTheTime,
    },
    {
        .type = "jfrog",
        .title = "JFrog Artifactory",
        .default_auth = AuthScheme::Own,
        .delivery_id = jfrog::delivery_id,
        .parse = jfrog::parse,
        .recipes = kJfrog,
    },
    {
        .type = "nexus",
        .title = "Sonatype Nexus Repository",
        .default_auth = AuthScheme::Own,
        .delivery_id = nexus::delivery_id,
        .parse = nexus::parse,
        .recipes = kNexus,
    },
    {
        .type = "quay",
        .title = "Quay",
        .default_auth = AuthScheme::Own,
        .delivery_id = quay::delivery_id,
        .parse = quay::parse,
        .recipes = kUrlOnly,
        .can_prove = false,
    },
    {
        .type = "zot",
        .title = "Zot",
        .default_auth = AuthScheme::Own,
        .delivery_id = zot::delivery_id,
        .parse = zot::parse,
        .recipes = kStaticHeaders,
    },
};

}  // namespace

std::span<const Sender> senders() { return kSenders; }

const Sender* find_sender(std::string_view type) {
    const auto* row = std::find_if(std::begin(kSenders), std::end(kSenders), [&](const Sender& s) {
        return s.type == type;
    });
    return row == std::end(kSenders) ? nullptr : row;
}

}  // namespace linkspan::webhooks
