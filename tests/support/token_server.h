// TokenServer: what docs.docker.com calls a token authentication server, for RegistryServer.
// https://distribution.github.io/distribution/spec/auth/jwt/
#pragma once

#include "tests/support/registry_server.h"
#include "tests/support/scripted_http_server.h"
#include "tests/support/test_ca.h"

#include <chrono>
#include <string>

namespace linkspan::support {

class TokenServer {
public:
    TokenServer();

    // For RegistryServerOptions::token.
    [[nodiscard]] RegistryServerOptions::TokenAuth auth() const;
    [[nodiscard]] std::string realm() const { return server_.url() + "/token"; }
    [[nodiscard]] const ScriptedHttpServer& server() const { return server_; }
    // What tokens say about their life; they are really valid for a minute.
    void set_expires_in(std::chrono::seconds life) { expires_in_ = life; }

private:
    [[nodiscard]] std::string make_token(const std::string& scope) const;
    [[nodiscard]] ScriptedReply answer(const ScriptedRequest& request) const;

    TestCa ca_;
    CertificateFiles signer_;
    std::chrono::seconds expires_in_{60};
    ScriptedHttpServer server_;  // last: its threads use the others
};

}  // namespace linkspan::support
