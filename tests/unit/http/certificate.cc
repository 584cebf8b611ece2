#include "tests/unit/http/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace linkspan::http {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key make_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension{
        X509V3_EXT_conf_nid(nullptr, &context, nid, value), X509_EXTENSION_free};
    X509_add_ext(certificate, extension.get(), -1);
}

Certificate make_certificate(
    const std::string& common_name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key, long serial
) {
    Certificate certificate{X509_new(), X509_free};
    auto* x = certificate.get();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 24L * 3600);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(x),
        "CN",
        MBSTRING_UTF8,
        // The OpenSSL API's own cast.
        reinterpret_cast<const unsigned char*>(common_name.c_str()),
        -1,
        -1,
        0
    );
    const bool is_ca = issuer == nullptr;
    X509* signer = is_ca ? x : issuer;
    X509_set_issuer_name(x, X509_get_subject_name(signer));
    if (is_ca) {
        add_extension(x, signer, NID_basic_constraints, "critical,CA:TRUE");
    } else {
        add_extension(x, signer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    }
    X509_sign(x, issuer_key, EVP_sha256());
    return certificate;
}

struct CloseFile {
    void operator()(std::FILE* f) const { std::fclose(f); }
};

std::unique_ptr<std::FILE, CloseFile> open_file(const std::filesystem::path& path) {
    std::unique_ptr<std::FILE, CloseFile> file{std::fopen(path.c_str(), "we")};
    if (!file) throw std::runtime_error{"cannot write " + path.string()};
    return file;
}

}  // namespace

CertificateAuthority::CertificateAuthority() {
    std::string pattern = (std::filesystem::temp_directory_path() / "linkspan-tls-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp failed"};
    directory_ = pattern;
    key_ = make_key();
    certificate_ = make_certificate("Test CA", key_.get(), nullptr, key_.get(), serial_++);
    PEM_write_X509(open_file(ca_file()).get(), certificate_.get());
}

CertificateAuthority::~CertificateAuthority() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

CertificateFiles CertificateAuthority::issue(
    const std::string& common_name, const std::string& file
) {
    const auto key = make_key();
    const auto certificate =
        make_certificate(common_name, key.get(), certificate_.get(), key_.get(), serial_++);
    CertificateFiles files{
        (directory_ / (file + ".pem")).string(), (directory_ / (file + ".key")).string()};
    PEM_write_X509(open_file(files.certificate).get(), certificate.get());
    PEM_write_PrivateKey(
        open_file(files.key).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr
    );
    return files;
}

}  // namespace linkspan::http
