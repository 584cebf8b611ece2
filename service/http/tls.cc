#include "service/http/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <iterator>
#include <memory>
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

Status trust_clients(SSL_CTX* context, const TlsOptions& options) {
    const auto& file = options.client_ca_file;
    if (file.empty()) {
        if (!options.require_client_certificate) return {};
        return Error{
            Errc::InvalidInput,
            "tls: client certificates are required, but no client CA file is given"};
    }
    if (auto ok = readable("client CA", file); ok.has_error()) return ok;
    if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) {
        return tls_error("client CA", file, openssl_reason());
    }
    auto* names = SSL_load_client_CA_file(file.c_str());
    if (names == nullptr) return tls_error("client CA", file, openssl_reason());
    SSL_CTX_set_client_CA_list(context, names);  // takes it
    SSL_CTX_set_verify(
        context,
        SSL_VERIFY_PEER |
            (options.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
        nullptr
    );
    return {};
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
    // Tickets resume without memory. Their keys are the context's own: a reload ends them.
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    static constexpr unsigned char kSessionContext[] = "linkspan";
    SSL_CTX_set_session_id_context(native, kSessionContext, sizeof kSessionContext - 1);

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
    if (auto ok = trust_clients(native, options); ok.has_error()) return ok.error();
    return context;
}

std::string tls_files_version(const TlsOptions& options) {
    std::string version;
    for (const auto& file : {options.certificate_file, options.key_file, options.client_ca_file}) {
        struct stat s {};
        if (file.empty() || ::stat(file.c_str(), &s) != 0) {
            version += "-;";
            continue;
        }
        fmt::format_to(
            std::back_inserter(version),
            "{}:{}:{}:{}.{};",
            s.st_dev,
            s.st_ino,
            s.st_size,
            s.st_mtim.tv_sec,
            s.st_mtim.tv_nsec
        );
    }
    return version;
}

std::string peer_subject(SSL* connection) {
    const std::unique_ptr<X509, decltype(&X509_free)> peer{
        SSL_get1_peer_certificate(connection), X509_free};
    if (!peer || SSL_get_verify_result(connection) != X509_V_OK) return {};
    const std::unique_ptr<BIO, decltype(&BIO_free)> text{BIO_new(BIO_s_mem()), BIO_free};
    // RFC 2253 escapes what would make two subjects look the same; UTF-8 is left readable.
    constexpr unsigned long kFormat =
        XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
    if (!text ||
        X509_NAME_print_ex(text.get(), X509_get_subject_name(peer.get()), 0, kFormat) < 0) {
        return {};
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(text.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace linkspan::http
