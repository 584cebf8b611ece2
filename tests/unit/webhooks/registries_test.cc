// What single registries do that the collection of real bodies does not show: their oddities,
// their ids, and what is ignored and why.

#include "core/base64.h"
#include "tests/unit/webhooks/support.h"

#include <fmt/format.h>

namespace linkspan::webhooks {
namespace {

using testing::delivery_of;
using testing::error_of;
using testing::names;
using testing::open_receiver;
using testing::read;

const std::string kDigest = "sha256:" + std::string(64, 'a');

struct Case {
    std::string type;
    std::string body;
    std::vector<std::string> expected;  // "host/repo:tag@digest"
    std::string ignored;                // else the reason
};

void expect_cases(const std::vector<Case>& cases) {
    for (const Case& test : cases) {
        SCOPED_TRACE(test.type + " " + test.body);
        const auto parsed = read(test.body, open_receiver(test.type));
        ASSERT_TRUE(parsed) << error_of(parsed);
        EXPECT_EQ(names(*parsed), test.expected);
        EXPECT_EQ(parsed->ignored_reason.value_or(""), test.ignored);
    }
}

void expect_errors(
    const std::vector<std::pair<std::string, std::string>>& cases, const char* type
) {
    for (const auto& [body, expected] : cases) {
        SCOPED_TRACE(body);
        const auto parsed = read(body, open_receiver(type));
        ASSERT_TRUE(parsed.has_error());
        EXPECT_EQ(parsed.error().kind, Errc::InvalidInput);
        EXPECT_EQ(parsed.error().message.substr(0, expected.size()), expected);
    }
}

std::string key_of(const char* type, std::string body, Headers headers = {}) {
    auto verified = verify(delivery_of(std::move(body), std::move(headers)), open_receiver(type));
    return verified ? verified->key().value : error_of(verified);
}

TEST(DockerHubTest, Names) {
    const auto body = [](const std::string& repository) {
        return R"({"push_data":{"tag":"1"},"repository":{)" + repository + "}}";
    };
    expect_cases({
        {"dockerhub", body(R"("repo_name":"acme/app")"), {"docker.io/acme/app:1"}, ""},
        {"dockerhub", body(R"("repo_name":"nginx")"), {"docker.io/library/nginx:1"}, ""},
        {"dockerhub", body(R"("namespace":"acme","name":"app")"), {"docker.io/acme/app:1"}, ""},
        {"dockerhub",
         body(R"("namespace":"library","name":"nginx")"),
         {"docker.io/library/nginx:1"},
         ""},
    });
    expect_errors(
        {{"[]", "repository.name: missing"},
         {R"({"repository":{"name":"a"}})", "push_data.tag: missing"}},
        "dockerhub"
    );
    EXPECT_EQ(key_of("dockerhub", body(R"("name":"a")")).substr(0, 7), "sha256:");
}

TEST(DockerHubTest, IsOnlyAHint) {
    Receiver receiver = open_receiver("dockerhub");
    receiver.auth.scheme = AuthScheme::Own;
    receiver.auth.secrets = testing::secrets({testing::kSecret});
    RawDelivery delivery = delivery_of("{}");
    EXPECT_FALSE(verify(delivery, receiver));
    delivery.path_token = testing::kSecret;
    const auto verified = verify(delivery, receiver);
    ASSERT_TRUE(verified);
    EXPECT_FALSE(verified->proven());
}

TEST(QuayTest, AllTagsAndNoOtherNotifications) {
    expect_cases({
        {"quay",
         R"({"repository":"a/b","docker_url":"q.example.com/a/b","updated_tags":["1","2"]})",
         {"q.example.com/a/b:1", "q.example.com/a/b:2"},
         ""},
        {"quay",
         R"({"docker_url":"https://q.example.com:8443/a/b/","repository":"a/b","updated_tags":["1"]})",
         {"q.example.com:8443/a/b:1"},
         ""},
        {"quay", R"({"repository":"a/b","updated_tags":["1"]})", {"quay.io/a/b:1"}, ""},
        {"quay", R"({"repository":"a/b","updated_tags":[]})", {}, "no updated tags"},
        {"quay",
         R"({"repository":"a/b","build_id":"1","updated_tags":["1"]})",
         {},
         "build notification"},
        {"quay", R"({"repository":"a/b","vulnerability":{}})", {}, "vulnerability notification"},
        {"quay", R"({"repository":"a/b"})", {}, "notification without updated_tags"},
    });
    expect_errors(
        {{R"({"updated_tags":["1"]})", "repository: missing"},
         {R"({"repository":"a/b","updated_tags":"1"})", "updated_tags: is not a list"},
         {R"({"repository":"a/b","updated_tags":["1",2]})", "updated_tags[1]: is not a string"},
         {"5", "body: is not an object"}},
        "quay"
    );
}

TEST(QuayTest, AMebibyteOfTags) {
    std::string tags;
    while (tags.size() < (1 << 20) - 200) tags += fmt::format("\"{}\",", tags.size());
    tags.pop_back();
    const auto parsed = read(
        R"({"repository":"a/b","docker_url":"quay.io/a/b","updated_tags":[)" + tags + "]}",
        open_receiver("quay")
    );
    EXPECT_EQ(error_of(parsed), "updated_tags[4096]: more than 4096 pushes in one delivery");
}

TEST(HarborTest, OtherEventsAndMissingFacts) {
    const auto event = [](const char* type) { return fmt::format(R"({{"type":"{}"}})", type); };
    expect_cases({
        {"harbor", event("PULL_ARTIFACT"), {}, "pull"},
        {"harbor", event("DELETE_ARTIFACT"), {}, "deletion"},
        {"harbor", event("deleteImage"), {}, "deletion"},
        {"harbor", event("SCANNING_COMPLETED"), {}, "scan"},
        {"harbor", event("QUOTA_EXCEED"), {}, "quota"},
        {"harbor", event("REPLICATION"), {}, "replication"},
        {"harbor", event("TAG_RETENTION"), {}, "tag retention"},
        {"harbor", event("uploadChart"), {}, "Helm chart"},
        {"harbor", event("Something\\n"), {}, "not a push: Something?"},
        {"harbor",
         R"({"type":"PUSH_ARTIFACT","event_data":{"repository":{"repo_full_name":"p/a"},"resources":[)"
         R"({"tag":"1","resource_url":"h.example.com:8443/p/a:1"},{"tag":")" +
             kDigest + R"("}]}})",
         {"h.example.com:8443/p/a:1"},
         ""},
    });
    expect_errors(
        {{"{}", "type: missing"},
         {R"({"type":"PUSH_ARTIFACT","event_data":{"resources":[{"tag":"1"}]}})",
          "event_data.repository.repo_full_name: missing"},
         {R"({"type":"PUSH_ARTIFACT","event_data":{"repository":{"name":"a"},"resources":[{"tag":"1"}]}})",
          "event_data.repository.name: no registry host is given with it"}},
        "harbor"
    );
    EXPECT_EQ(
        key_of("harbor", R"({"specversion":"1.0","id":"4b2f","source":"/p","type":"x"})")
            .substr(0, 10),
        "id-sha256:"
    );
}

TEST(AcrTest, Handshakes) {
    const auto parsed = read(
        R"([{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":)"
        R"({"validationCode":"512d38b6-c7b8","validationUrl":"https://evil.example.com/"}}])",
        open_receiver("acr")
    );
    ASSERT_TRUE(parsed) << error_of(parsed);
    ASSERT_TRUE(parsed->answer);
    EXPECT_EQ(parsed->answer->status, 200);
    EXPECT_EQ(parsed->answer->body, R"({"validationResponse":"512d38b6-c7b8"})");
    EXPECT_EQ(parsed->ignored_reason, "validation of a subscription");
    EXPECT_FALSE(parsed->confirm_url);
    expect_errors(
        {{R"([{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent"}])",
          "[0].data.validationCode: missing"},
         {R"([{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"\"}"}}])",
          "[0].data.validationCode: is not a validation code"},
         {R"([{"eventType":"ImagePushed"},{}])", "[0].data.target.repository: missing"},
         {R"({"action":"push"})", "target.repository: missing"},
         {"{}", "action: missing"}},
        "acr"
    );
}

TEST(AcrTest, EventsAndIds) {
    const std::string push =
        R"({"id":"7","action":"push","target":{"repository":"app","tag":"1"},"request":{"host":"a.azurecr.io"}})";
    const auto grid = [](const char* type, const std::string& data) {
        return fmt::format(R"({{"id":"e","eventType":"{}","data":{}}})", type, data);
    };
    expect_cases({
        {"acr", push, {"a.azurecr.io/app:1"}, ""},
        {"acr", R"({"action":"ping"})", {}, "ping"},
        {"acr", R"({"action":"quarantine"})", {}, "not a push: quarantine"},
        {"acr", R"({"action":"chart_push"})", {}, "push of a Helm chart"},
        {"acr", "[]", {}, "no events in it"},
        {"acr",
         "[" + grid("Microsoft.ContainerRegistry.ImagePushed", push) + "," +
             grid("Microsoft.ContainerRegistry.ImageDeleted", "{}") + "," +
             grid("ImagePushed", push) + "]",
         {"a.azurecr.io/app:1", "a.azurecr.io/app:1"},
         ""},
        {"acr", grid("Microsoft.ContainerRegistry.ChartPushed", "{}"), {}, "push of a Helm chart"},
        {"acr",
         "[" + grid("Microsoft.Storage.BlobCreated", "{}") + "]",
         {},
         "not a push: Microsoft.Storage.BlobCreated"},
    });
    EXPECT_EQ(key_of("acr", push), "id:7");
    EXPECT_EQ(key_of("acr", "[" + grid("x", "{}") + "," + grid("x", "{}") + "]"), "id:e,e");
}

TEST(EcrTest, EventsHostsAndIds) {
    const auto event = [](const char* region, const std::string& detail) {
        return fmt::format(
            R"({{"id":"13cd","detail-type":"ECR Image Action","account":"123456789012","region":"{}","detail":{{{}}}}})",
            region,
            detail
        );
    };
    const std::string push =
        R"("action-type":"PUSH","result":"SUCCESS","repository-name":"team/app","image-tag":"1")";
    expect_cases({
        {"ecr",
         event("us-west-2", push),
         {"123456789012.dkr.ecr.us-west-2.amazonaws.com/team/app:1"},
         ""},
        {"ecr",
         event("cn-north-1", push),
         {"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/team/app:1"},
         ""},
        {"ecr",
         event("us-west-2", R"("action-type":"PUSH","result":"FAILURE","repository-name":"a")"),
         {},
         "a push that failed"},
        {"ecr",
         event("us-west-2", R"("action-type":"PUSH","result":"SUCCESS","repository-name":"a")"),
         {},
         "push without a tag"},
        {"ecr", event("us-west-2", R"("action-type":"DELETE")"), {}, "deletion"},
        {"ecr",
         event(
             "us-west-2",
             push + R"(,"artifact-media-type":"application/vnd.cncf.helm.config.v1+json")"
         ),
         {},
         "push of a Helm chart"},
        {"ecr", R"({"detail-type":"ECR Replication Action"})", {}, "replication"},
        {"ecr", R"({"detail-type":"ECR Pull Through Cache Action"})", {}, "pull-through cache"},
    });
    expect_errors(
        {{"{}", "detail-type: missing"},
         {event("evil.example.com/", push), "detail.repository-name: no registry host"},
         {event("us-west-2", R"("result":"SUCCESS")"), "detail.action-type: missing"}},
        "ecr"
    );
    EXPECT_EQ(key_of("ecr", event("us-west-2", push)), "id:13cd");
}

TEST(GoogleTest, EnvelopesAndBareBodies) {
    const auto envelope = [](const std::string& inner) {
        return fmt::format(
            R"({{"message":{{"data":"{}","messageId":"20704","publishTime":"2026-01-02T03:04:05Z"}}}})",
            to_base64(inner)
        );
    };
    const std::string push = R"({"action":"INSERT","digest":"eu.gcr.io/p/app@)" + kDigest +
                             R"(","tag":"eu.gcr.io/p/app:1"})";
    expect_cases({
        {"google", envelope(push), {"eu.gcr.io/p/app:1@" + kDigest}, ""},
        {"google", push, {"eu.gcr.io/p/app:1@" + kDigest}, ""},
        {"google",
         envelope(R"({"action":"DELETE","tag":"eu.gcr.io/p/app:1"})"),
         {},
         "deletion of a tag"},
        {"google", envelope(R"({"action":"DELETE"})"), {}, "deletion"},
        {"google", envelope(R"({"action":"INSERT","digest":"x"})"), {}, "push without a tag"},
        {"google", envelope(R"({"action":"TOUCH"})"), {}, "not a push: TOUCH"},
    });
    expect_errors(
        {{R"({"message":{}})", "message.data: missing"},
         {R"({"message":{"data":"!"}})", "message.data: is not base64"},
         {R"({"message":{"data":"e30"}})", "message.data.action: missing"},
         {R"({"message":{"data":"ew"}})", "message.data: body: is not JSON"},
         {R"({"action":"INSERT","tag":"eu.gcr.io/p/app"})", "tag: has no tag behind a colon"}},
        "google"
    );
    EXPECT_EQ(key_of("google", envelope("{}")), "id:20704");
    EXPECT_EQ(key_of("google", push, {{"x-goog-pubsub-message-id", "9"}}), "id:9");
}

TEST(JfrogTest, RepositoriesFromPaths) {
    const auto pushed = [](const std::string& data) {
        return R"({"domain":"docker","event_type":"pushed","jpd_origin":"https://j.example.com","data":{)" +
               data + "}}";
    };
    expect_cases({
        {"jfrog",
         pushed(R"("repo_key":"local","path":"a/b/c/1/manifest.json","image_name":"c","tag":"1")"),
         {"j.example.com/local/a/b/c:1"},
         ""},
        {"jfrog",
         pushed(R"("repo_key":"local","path":"x.json","image_name":"c","tag":"1")"),
         {"j.example.com/local/c:1"},
         ""},
        {"jfrog",
         pushed(
             R"("repo_key":"local","path":"c/1/x","tag":"1","sha256":")" + std::string(64, 'a') +
             "\""
         ),
         {"j.example.com/local/c:1@" + kDigest},
         ""},
        {"jfrog",
         pushed(R"("repo_key":"local","path":"c/1/x","tag":"1","image_type":"oci")"),
         {},
         "push of a Helm chart or another OCI artifact"},
        {"jfrog", R"({"domain":"docker","event_type":"deleted"})", {}, "deletion"},
        {"jfrog",
         R"({"domain":"artifact","event_type":"deployed"})",
         {},
         "not a push: artifact deployed"},
        {"jfrog", "{}", {}, "not a push: no domain"},
    });
    expect_errors(
        {{pushed(R"("tag":"1")"), "data.repo_key: missing"},
         {pushed(R"("repo_key":"a")"), "data.tag: missing"},
         {pushed(R"("repo_key":"a","tag":"1")"), "data.image_name: missing"}},
        "jfrog"
    );
}

TEST(NexusTest, ComponentsOnly) {
    const auto event = [](const char* action, const char* format) {
        return fmt::format(
            R"({{"action":"{}","component":{{"format":"{}","name":"a/b","version":"1"}}}})",
            action,
            format
        );
    };
    const auto parsed =
        read(event("UPDATED", "docker"), open_receiver("nexus", "n.example.com:8082"));
    ASSERT_TRUE(parsed) << error_of(parsed);
    EXPECT_EQ(names(*parsed), std::vector<std::string>{"n.example.com:8082/a/b:1"});
    expect_cases({
        {"nexus", event("DELETED", "docker"), {}, "deletion"},
        {"nexus", event("CREATED", "npm"), {}, "component of the format npm"},
        {"nexus", R"({"asset":{}})", {}, "asset event; the component event says it all"},
        {"nexus", "{}", {}, "not a component event"},
    });
    expect_errors(
        {{event("CREATED", "docker"), "component.name: no registry host is given with it"}}, "nexus"
    );
    EXPECT_EQ(key_of("nexus", "{}", {{"X-Nexus-Webhook-Delivery", "bd9e"}}), "id:bd9e");
}

TEST(ZotTest, TypesComeInHeaders) {
    const Receiver receiver = open_receiver("zot", "z.example.com");
    const auto event = [](const char* type) {
        return Headers{{"Ce-Type", type}, {"Ce-Id", "5b0f"}, {"Ce-Source", "zot"}};
    };
    const std::string body = R"({"name":"app","reference":"1","digest":")" + kDigest + "\"}";
    const auto pushed = read(delivery_of(body, event("zotregistry.image.updated")), receiver);
    ASSERT_TRUE(pushed) << error_of(pushed);
    EXPECT_EQ(names(*pushed), std::vector<std::string>{"z.example.com/app:1@" + kDigest});
    EXPECT_EQ(
        read(delivery_of(body, event("zotregistry.image.deleted")), receiver)->ignored_reason,
        "deletion"
    );
    EXPECT_EQ(
        read(delivery_of(body, event("zotregistry.image.scanned")), receiver)->ignored_reason,
        "not a push: zotregistry.image.scanned"
    );
    EXPECT_EQ(error_of(read(body, receiver)), "header Ce-Type: missing");
    const auto chart = read(
        delivery_of(
            R"({"name":"app","reference":"1","manifest":"{\"config\":{\"mediaType\":\"application/vnd.cncf.helm.config.v1+json\"}}"})",
            event("zotregistry.image.updated")
        ),
        receiver
    );
    EXPECT_EQ(chart->ignored_reason, "push of a Helm chart");
}

TEST(ZotTest, PrefixAndSourceCanBeConfigured) {
    const auto pushed = read(
        delivery_of(
            R"({"name":"app","reference":"1"})",
            {{"Ce-Type", "com.example.registry.image.updated"},
             {"Ce-Source", "https://registry.example.com"},
             {"Ce-Id", "1"}}
        ),
        open_receiver("zot")
    );
    ASSERT_TRUE(pushed) << error_of(pushed);
    EXPECT_EQ(names(*pushed), std::vector<std::string>{"registry.example.com/app:1"});
}

TEST(GiteaTest, ContainersOnly) {
    const auto event = [](const char* action, const char* type, const char* version) {
        return fmt::format(
            R"({{"action":"{}","package":{{"owner":{{"login":"Acme"}},"type":"{}","name":"Team/App","version":"{}",)"
            R"("html_url":"https://g.example.com:3000/acme/-/packages/container/team%2Fapp/1"}},)"
            R"("sender":{{"login":"ann"}}}})",
            action,
            type,
            version
        );
    };
    expect_cases({
        {"gitea",
         event("created", "container", "1.4.2"),
         {"g.example.com:3000/acme/team/app:1.4.2"},
         ""},
        {"gitea", event("created", "container", kDigest.c_str()), {}, "push without a tag"},
        {"gitea", event("deleted", "container", "1"), {}, "deletion"},
        {"gitea", event("created", "npm", "1"), {}, "package of the type npm"},
        {"gitea", R"({"ref":"refs/heads/main"})", {}, "not a package event"},
    });
    EXPECT_EQ(
        key_of("gitea", "{}", {{"X-Gitea-Delivery", "f626"}, {"X-GitHub-Delivery", "x"}}), "id:f626"
    );
    EXPECT_EQ(
        key_of("gitea", "{}", {{"X-Gitea-Delivery", "a"}, {"X-Forgejo-Delivery", "b"}}), "id:b"
    );
}

TEST(AliyunTest, HostsOfThePersonalEdition) {
    const auto event = [](const char* region) {
        return fmt::format(
            R"({{"push_data":{{"tag":"1"}},"repository":{{"repo_full_name":"NS/Repo","region":"{}"}}}})",
            region
        );
    };
    expect_cases({
        {"aliyun", event("cn-hangzhou"), {"registry.cn-hangzhou.aliyuncs.com/ns/repo:1"}, ""},
    });
    expect_errors(
        {{event("evil.example.com/"), "repository.repo_full_name: no registry host"},
         {event(""), "repository.repo_full_name: no registry host"},
         {R"({"repository":{"repo_full_name":"a/b"}})", "push_data.tag: missing"},
         {"{}", "repository.repo_full_name: missing"}},
        "aliyun"
    );
}

TEST(GithubTest, PackagesOfAllKinds) {
    const auto event = [](const char* kind,
                          const std::string& version,
                          const char* type = "CONTAINER") {
        return fmt::format(
            R"({{"action":"published","{}":{{"name":"App","namespace":"Acme","package_type":"{}",)"
            R"("package_version":{{{}}}}}}})",
            kind,
            type,
            version
        );
    };
    const std::string tagged =
        R"("container_metadata":{"tag":{"name":"V1","digest":")" + kDigest + R"("}})";
    expect_cases({
        {"github", event("package", tagged), {"ghcr.io/acme/app:V1@" + kDigest}, ""},
        {"github",
         event("registry_package", tagged, "docker"),
         {"ghcr.io/acme/app:V1@" + kDigest},
         ""},
        {"github",
         event(
             "package", tagged + R"(,"package_url":"containers.ghe.example.com/Acme/Team/App:V1")"
         ),
         {"containers.ghe.example.com/acme/team/app:V1@" + kDigest},
         ""},
        // The version is a digest, never a tag.
        {"github",
         event(
             "package", R"("version":")" + kDigest + R"(","container_metadata":{"tag":{"name":""}})"
         ),
         {},
         "push without a tag"},
        {"github", event("package", tagged, "npm"), {}, "package of the type npm"},
        {"github",
         event(
             "package",
             R"("container_metadata":{"tag":{"name":"1"},"manifest":{"config":{"media_type":)"
             R"("application/vnd.cncf.helm.config.v1+json"}}})"
         ),
         {},
         "push of a Helm chart"},
        {"github", R"({"zen":"x","hook_id":1})", {}, "ping"},
        {"github",
         R"({"action":"completed","workflow_run":{}})",
         {},
         "workflow_run names no image"},
        {"github",
         R"({"action":"deleted","package":{"package_type":"container"}})",
         {},
         "not a push: deleted"},
    });
    expect_errors(
        {{R"({"package":{"package_type":"container"}})", "action: missing"}, {"[]", "body:"}},
        "github"
    );
    EXPECT_EQ(key_of("github", "{}", {{"X-GitHub-Delivery", "72d3"}}), "id:72d3");
}

TEST(GithubTest, FormsAndWorkflowRuns) {
    const auto form = read(
        delivery_of(
            "payload=%7B%22zen%22%3A%22x%22%2C%22hook_id%22%3A1%7D",
            {{"Content-Type", "application/x-www-form-urlencoded"}}
        ),
        open_receiver("github")
    );
    ASSERT_TRUE(form) << error_of(form);
    EXPECT_EQ(form->ignored_reason, "ping");

    Receiver receiver = open_receiver("github");
    receiver.fields.when = {{"/action", "completed"}, {"/workflow_run/conclusion", "success"}};
    receiver.fields.image = "ghcr.io/{/repository/full_name|lower}";
    receiver.fields.tag = "sha-{/workflow_run/head_sha|first:7}";
    receiver.fields.revision = "/workflow_run/head_sha";
    const auto run = read(
        R"({"action":"completed","workflow_run":{"conclusion":"success","head_sha":"3484a3fb816e"},)"
        R"("repository":{"full_name":"Acme/App"}})",
        receiver
    );
    ASSERT_TRUE(run) << error_of(run);
    EXPECT_EQ(names(*run), std::vector<std::string>{"ghcr.io/acme/app:sha-3484a3f"});
    EXPECT_EQ(run->events[0].revision, "3484a3fb816e");
}

TEST(GitlabTest, PipelinesThroughFields) {
    expect_cases({
        {"gitlab", R"({"object_kind":"push"})", {}, "push names no image"},
        {"gitlab", "{}", {}, "an event without object_kind names no image"},
        {"gitlab",
         R"({"object_kind":"pipeline","object_attributes":{"status":"running"}})",
         {},
         "pipeline with the status running"},
        {"gitlab",
         R"({"object_kind":"build","build_status":"failed"})",
         {},
         "build with the status failed"},
        // The registry's own notifications, to the same receiver.
        {"gitlab",
         R"({"events":[{"id":"1","action":"push","target":{"repository":"g/p","tag":"1"},"request":{"host":"r.example.com"}}]})",
         {"r.example.com/g/p:1"},
         ""},
    });
    Receiver receiver = open_receiver("gitlab");
    receiver.fields.image = "registry.example.com/{/project/path_with_namespace}";
    receiver.fields.tag = "{/object_attributes/sha|first:8}";
    const auto parsed = read(
        R"({"object_kind":"pipeline","object_attributes":{"status":"success","sha":"bcbb5ec396a2c0"},)"
        R"("project":{"path_with_namespace":"g/p"}})",
        receiver
    );
    ASSERT_TRUE(parsed) << error_of(parsed);
    EXPECT_EQ(names(*parsed), std::vector<std::string>{"registry.example.com/g/p:bcbb5ec3"});
    EXPECT_EQ(key_of("gitlab", "{}", {{"Idempotency-Key", "i"}}), "id:i");
    EXPECT_EQ(key_of("gitlab", "{}", {{"Idempotency-Key", "i"}, {"webhook-id", "w"}}), "id:w");
}

TEST(CdEventsTest, PackageUrls) {
    const auto event = [](const std::string& id, const char* type = "artifact.published.0.2.0") {
        return fmt::format(
            R"({{"context":{{"id":"271069a8","type":"dev.cdevents.{}"}},"subject":{{"id":"{}"}}}})",
            type,
            id
        );
    };
    expect_cases({
        {"cdevents",
         event("pkg:oci/app@sha256%3Aab?repository_url=r.example.com/t/app&tag=1"),
         {"r.example.com/t/app:1@sha256:ab"},
         ""},
        {"cdevents",
         event("pkg:oci/app@sha256%3Aab?repository_url=r.example.com&tag=1"),
         {"r.example.com/app:1@sha256:ab"},
         ""},
        {"cdevents", event("pkg:docker/acme/app@1.0"), {"docker.io/acme/app:1.0"}, ""},
        {"cdevents",
         event("pkg:docker/acme/app@1.0?repository_url=gcr.io"),
         {"gcr.io/acme/app:1.0"},
         ""},
        {"cdevents",
         event("pkg:oci/app@sha256%3Aab?repository_url=r.example.com/app"),
         {},
         "push without a tag"},
        {"cdevents", event("pkg:golang/x@1"), {}, "package of the type golang"},
        {"cdevents", event("mySubject"), {}, "the subject is no package URL"},
        {"cdevents",
         event("x", "artifact.packaged.0.1.1"),
         {},
         "not a push: dev.cdevents.artifact.packaged.0.1.1"},
    });
    EXPECT_EQ(key_of("cdevents", event("x")), "id:271069a8");
}

}  // namespace
}  // namespace linkspan::webhooks
