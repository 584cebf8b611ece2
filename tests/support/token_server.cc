#include "tests/support/token_server.h"

#include "tests/support/temp_dir.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <vector>

namespace linkspan::support {
namespace {

using nlohmann::json;

template <auto fn>
struct Deleter {
    template <class T>
    void operator()(T* pointer) const {
        fn(pointer);
    }
};

std::string base64(const unsigned char* data, std::size_t size) {
    std::string out((size + 2) / 3 * 4 + 1, '\0');
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), data, static_cast<int>(size));
    out.resize(static_cast<std::size_t>(length));
    return out;
}

std::string base64url(const unsigned char* data, std::size_t size) {
    std::string out = base64(data, size);
    std::replace(out.begin(), out.end(), '+', '-');
    std::replace(out.begin(), out.end(), '/', '_');
    out.erase(out.find_last_not_of('=') + 1);
    return out;
}

std::string base64url(const std::string& text) {
    return base64url(reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

// The raw r ‖ s form of JWS (RFC 7518 3.4).
std::string sign_es256(const std::string& key_file, const std::string& text) {
    const std::unique_ptr<BIO, Deleter<BIO_free>> bio{BIO_new_file(key_file.c_str(), "r")};
    const std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>> key{
        PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr)};
    const std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>> context{EVP_MD_CTX_new()};
    std::array<unsigned char, 128> der{};
    std::size_t size = der.size();
    if (!key || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
        EVP_DigestSign(
            context.get(),
            der.data(),
            &size,
            reinterpret_cast<const unsigned char*>(text.data()),
            text.size()
        ) != 1) {
        throw std::runtime_error{"signing a test token"};
    }
    const unsigned char* cursor = der.data();
    const std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>> signature{
        d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(size))};
    std::array<unsigned char, 64> raw{};
    BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + 32, 32);
    return base64url(raw.data(), raw.size());
}

std::string certificate_der(const std::string& file) {
    const std::unique_ptr<BIO, Deleter<BIO_free>> bio{BIO_new_file(file.c_str(), "r")};
    const std::unique_ptr<X509, Deleter<X509_free>> certificate{
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    std::string out = base64(der, static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

// "%3A" is the only escape that scopes of tests hold, besides "%2F" and "%2C".
std::string query_value(const std::string& query, const std::string& name) {
    const auto at = ("&" + query).find("&" + name + "=");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 1;
    std::string out;
    for (std::size_t i = from; i < query.size() && query[i] != '&'; ++i) {
        if (query[i] == '%' && i + 2 < query.size()) {
            out.push_back(static_cast<char>(std::stoi(query.substr(i + 1, 2), nullptr, 16)));
            i += 2;
        } else {
            out.push_back(query[i]);
        }
    }
    return out;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> out;
    std::size_t from = 0;
    for (std::size_t to = 0; to != std::string::npos; from = to + 1) {
        to = text.find(separator, from);
        out.push_back(text.substr(from, to == std::string::npos ? to : to - from));
    }
    return out;
}

}  // namespace

TokenServer::TokenServer() : signer_{ca_.make_server_certificate()} {
    server_.when("GET", "/token").then([this](const ScriptedRequest& request) {
        return answer(request);
    });
}

RegistryServerOptions::TokenAuth TokenServer::auth() const {
    return {realm(), "test-service", "test-issuer", ca_.certificate()};
}

std::string TokenServer::make_token(const std::string& scope) const {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch()
    )
                         .count();
    json access = json::array();
    const auto parts = split(scope, ':');
    if (parts.size() == 3) {
        access.push_back({{"type", parts[0]}, {"name", parts[1]}, {"actions", split(parts[2], ',')}}
        );
    }
    const json header{
        {"typ", "JWT"}, {"alg", "ES256"}, {"x5c", {certificate_der(signer_.certificate)}}};
    const json claims{
        {"iss", "test-issuer"},
        {"sub", "test"},
        {"aud", "test-service"},
        {"nbf", now - 10},
        {"iat", now},
        {"exp", now + 60},
        {"jti", "1"},
        {"access", access}};
    const std::string text = base64url(header.dump()) + "." + base64url(claims.dump());
    return text + "." + sign_es256(signer_.key, text);
}

ScriptedReply TokenServer::answer(const ScriptedRequest& request) const {
    ScriptedReply reply;
    const auto scope = query_value(request.query, "scope");
    const json body{
        {"token", make_token(scope)},
        {"expires_in", expires_in_.count()},
    };
    reply.headers = {{"Content-Type", "application/json"}};
    reply.body = body.dump();
    return reply;
}

}  // namespace linkspan::support
