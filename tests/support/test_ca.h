// TestCa: a certificate authority of the test's own, made with `openssl`.
#pragma once

#include "tests/support/temp_dir.h"

#include <string>

namespace linkspan::support {

struct CertificateFiles {
    std::string certificate;  // PEM files, gone with the TestCa
    std::string key;
};

class TestCa {
public:
    TestCa();
    [[nodiscard]] const std::string& certificate() const { return root_.certificate; }
    // For 127.0.0.1 and localhost, valid for a day.
    [[nodiscard]] CertificateFiles make_server_certificate() const;
    [[nodiscard]] CertificateFiles make_client_certificate(const std::string& name) const;

private:
    [[nodiscard]] CertificateFiles sign(const std::string& name, const std::string& extension)
        const;
    TempDir dir_;
    CertificateFiles root_;
};

}  // namespace linkspan::support
