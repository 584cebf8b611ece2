// server: the HTTP server.
#include "config/rule.h"
#include "config/sections.h"

namespace linkspan::config {

namespace {

constexpr Range kTimeout{.least = 1000, .most = 3'600'000};

const Mapping<Server::Tls>& tls_mapping() {
    static const Mapping<Server::Tls> mapping{
        "tls", "HTTPS without a proxy in front.", [](Mapping<Server::Tls>& m) {
            m.file(
                 "certificate",
                 &Server::Tls::certificate,
                 "PEM file with the certificate and its chain."
            )
                .required();
            m.file("key", &Server::Tls::key, "PEM file with the private key.").required();
            m.file(
                "client_ca",
                &Server::Tls::client_ca,
                "PEM file with the CAs of clients: a certificate that a client shows is verified, "
                "and "
                "receivers with auth: client-certificate let its name in. None: no certificate is "
                "asked for."
            );
        }};
    return mapping;
}

}  // namespace

const Mapping<Server>& server_mapping() {
    static const Mapping<Server> mapping{
        "server", "The HTTP server: webhooks, API and web pages.", [](Mapping<Server>& m) {
            m.text(
                "listen",
                &Server::listen,
                "Address and port; port 0 picks a free one.",
                rule::listen
            );
            m.text(
                "public_url",
                &Server::public_url,
                "URL under which people reach this service, for links in answers and commits. "
                "None: no links are made.",
                rule::http_url
            );
            m.size(
                "max_body",
                &Server::max_body,
                "Longest request body; a longer one is answered with 413.",
                {.least = 1024, .most = 64 << 20}
            );
            m.size(
                "max_headers",
                &Server::max_headers,
                "All headers of a request together.",
                {.least = 1024, .most = 1 << 20}
            );
            m.duration(
                "header_timeout",
                &Server::header_timeout,
                "How long the headers may take.",
                kTimeout
            );
            m.duration(
                "body_timeout", &Server::body_timeout, "How long the body may take.", kTimeout
            );
            m.duration(
                "idle_timeout",
                &Server::idle_timeout,
                "How long a connection may wait for its next request.",
                kTimeout
            );
            m.duration(
                "drain_timeout",
                &Server::drain_timeout,
                "How long requests in flight may take to finish when the service stops.",
                {.least = 0, .most = 3'600'000}
            );
            m.integer(
                "max_connections",
                &Server::max_connections,
                "Connections open at once.",
                {.least = 1, .most = 1'000'000}
            );
            m.mapping(
                "tls", &Server::tls, "Certificate for HTTPS. None: plain HTTP.", tls_mapping()
            );
            m.secret(
                "read_token",
                &Server::read_token,
                "Bearer token that reading the API asks for. None: reading is open."
            );
        }};
    return mapping;
}

}  // namespace linkspan::config
