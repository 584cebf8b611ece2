// Certificates made on the spot: a CA, and what it signs, as PEM files in a directory that goes
// away with the object.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace linkspan::http {

struct CertificateFiles {
    std::string certificate;
    std::string key;
};

class CertificateAuthority {
public:
    CertificateAuthority();
    ~CertificateAuthority();
    CertificateAuthority(const CertificateAuthority&) = delete;
    CertificateAuthority& operator=(const CertificateAuthority&) = delete;

    [[nodiscard]] std::string ca_file() const { return (directory_ / "ca.pem").string(); }
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

    // A certificate for localhost with this common name, in files called `file`.pem/.key; existing
    // ones are replaced.
    CertificateFiles issue(const std::string& common_name, const std::string& file);

private:
    std::filesystem::path directory_;
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{nullptr, EVP_PKEY_free};
    std::unique_ptr<X509, decltype(&X509_free)> certificate_{nullptr, X509_free};
    long serial_ = 1;
};

}  // namespace linkspan::http
