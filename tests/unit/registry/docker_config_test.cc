#include "service/registry/docker_config.h"

#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

// base64 of "robot:test-secret-not-real" and of "other:wrong".
const std::string kRobot = R"({"auth":"cm9ib3Q6dGVzdC1zZWNyZXQtbm90LXJlYWw="})";
const std::string kOther = R"({"auth":"b3RoZXI6d3Jvbmc="})";

TEST(DockerConfigTest, EntriesAreFoundByHost) {
    struct Case {
        std::string name, auths, host;
        bool found;
    };
    const std::vector<Case> cases{
        {"exact", R"("r.example":)" + kRobot, "r.example", true},
        {"port", R"("r.example:5000":)" + kRobot, "r.example:5000", true},
        {"another port", R"("r.example:5000":)" + kRobot, "r.example", false},
        {"scheme", R"("https://r.example":)" + kRobot, "r.example", true},
        {"scheme and path", R"("https://r.example/v2/":)" + kRobot, "r.example", true},
        {"narrower path", R"("r.example/team":)" + kRobot, "r.example", false},
        {"exact wins",
         R"("https://r.example":)" + kOther + R"(,"r.example":)" + kRobot,
         "r.example",
         true},
        {"exact wins in the other order",
         R"("r.example":)" + kRobot + R"(,"r.example/v1/":)" + kOther,
         "r.example",
         true},
        {"Docker Hub", R"("https://index.docker.io/v1/":)" + kRobot, "docker.io", true},
        {"Docker Hub by name", R"("docker.io":)" + kRobot, "docker.io", true},
        {"suffix is another host", R"("evil-r.example":)" + kRobot, "r.example", false},
        {"none", "", "r.example", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto login =
            read_docker_auth(R"({"auths":{)" + c.auths + R"(},"proxies":{}})", c.host, "f");
        ASSERT_TRUE(login.has_value()) << login.error().message;
        ASSERT_EQ(login->has_value(), c.found);
        if (c.found) {
            EXPECT_EQ((*login)->username, "robot");
            EXPECT_EQ((*login)->password.reveal(), "test-secret-not-real");
        }
    }
}

TEST(DockerConfigTest, FormsOfAnEntry) {
    struct Case {
        std::string name, entry, user, password;
    };
    const std::vector<Case> cases{
        {"user and password", R"({"username":"u","password":"p"})", "u", "p"},
        {"colon in the password", R"({"auth":"dTpwOnE="})", "u", "p:q"},
        {"identity token", R"({"auth":"PHRva2VuPjo=","identitytoken":"t"})", "<token>", "t"},
        {"empty", "{}", "", ""},
        {"empty texts", R"({"auth":"","username":""})", "", ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto login =
            read_docker_auth(R"({"auths":{"r.example":)" + c.entry + "}}", "r.example", "f");
        ASSERT_TRUE(login.has_value()) << login.error().message;
        ASSERT_EQ(login->has_value(), !c.user.empty());
        if (login->has_value()) {
            EXPECT_EQ((*login)->username, c.user);
            EXPECT_EQ((*login)->password.reveal(), c.password);
        }
    }
}

TEST(DockerConfigTest, WhatIsNoConfigIsNamedWithoutItsContent) {
    struct Case {
        std::string config, text;
    };
    const std::vector<Case> cases{
        {"", "f: not a JSON object"},
        {"[]", "f: not a JSON object"},
        {R"({"auths":[]})", "f: auths: must be an object"},
        {R"({"auths":{"r.example":"dGVzdA=="}})", R"(f: auths["r.example"]: must be an object)"},
        {R"({"auths":{"r.example":{"auth":"dGVzdA=="}}})", R"(auths["r.example"].auth: must be)"},
        {R"({"auths":{"r.example":{"auth":"test:secret"}}})",
         R"(auths["r.example"].auth: must be)"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.config);
        const auto login = read_docker_auth(c.config, "r.example", "f");
        ASSERT_TRUE(login.has_error());
        EXPECT_EQ(login.error().kind, Errc::InvalidInput);
        EXPECT_NE(login.error().message.find(c.text), std::string::npos) << login.error().message;
        EXPECT_EQ(login.error().message.find("secret"), std::string::npos);
    }
}

TEST(DockerConfigTest, TheFileIsReadEveryTime) {
    const support::TempDir dir;
    const std::string path = dir.file("config.json");
    EXPECT_EQ(docker_config_credentials(path, "r.example").error().kind, Errc::NotFound);
    support::write_file(path, R"({"auths":{"r.example":)" + kOther + "}}");
    EXPECT_EQ(docker_config_credentials(path, "r.example").value()->username, "other");
    support::write_file(path, R"({"auths":{"r.example":)" + kRobot + "}}");
    EXPECT_EQ(docker_config_credentials(path, "r.example").value()->username, "robot");
    support::write_file(path, std::string((1 << 20) + 1, ' '));
    EXPECT_EQ(docker_config_credentials(path, "r.example").error().kind, Errc::InvalidInput);
}

}  // namespace
}  // namespace linkspan::registry
