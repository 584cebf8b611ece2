#include "service/http/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>

namespace linkspan::http {
namespace ssl = boost::asio::ssl;

namespace {

Error tls_error(std::string_view what, const std::string& file, std::string_view why) {
    return {Errc::InvalidInput, fmt::format("tls: {} {}: {}", what, file, why)};
}

// OpenSSL's own words for a missing file are poor, so look first.
Status readable(std::string_view what, const std::string& file) {
    if (file.empty()) {
        return Error{Errc::InvalidInput, fmt::format("tls: no {} file is given", what)};
    }
    std::FILE* f = std::fopen(file.c_str(), "re");
    if (f == nullptr) {
        return tls_error(what, file, boost::system::generic_category().message(errno));
    }
    std::fclose(f);
    return {};
}

std::string openssl_reason() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    std::string text = reason != nullptr ? reason : "no PEM block that can be read";
    ERR_clear_error();
    return text;
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_tls_context(const TlsOptions& options) {
    if (auto ok = readable("certificate", options.certificate_file); ok.has_error()) {
        return ok.error();
    }
    if (auto ok = readable("key", options.key_file); ok.has_error()) return ok.error();

    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(
        native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION
    );
    // Idle connections give their buffers back: 34 KB each.
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);  // tickets resume without memory

    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(native, options.certificate_file.c_str()) != 1) {
        return tls_error("certificate", options.certificate_file, openssl_reason());
    }
    // An encrypted key would ask on the terminal; there is nobody there.
    SSL_CTX_set_default_passwd_cb(native, [](char*, int, int, void*) { return 0; });
    // Also compares it with the certificate.
    if (SSL_CTX_use_PrivateKey_file(native, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return tls_error("key", options.key_file, openssl_reason());
    }
    return context;
}

}  // namespace linkspan::http
