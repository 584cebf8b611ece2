#include "tests/support/test_ca.h"

#include "tests/support/child_process.h"

namespace linkspan::support {

TestCa::TestCa() : root_{dir_.file("ca.pem"), dir_.file("ca.key")} {
    run_ok(
        {"openssl",
         "req",
         "-x509",
         "-newkey",
         "ec",
         "-pkeyopt",
         "ec_paramgen_curve:P-256",
         "-nodes",
         "-days",
         "1",
         "-subj",
         "/CN=Test CA not for use",
         "-addext",
         "keyUsage=critical,keyCertSign",
         "-keyout",
         root_.key,
         "-out",
         root_.certificate}
    );
}

CertificateFiles TestCa::make_server_certificate() const {
    return sign("server", "subjectAltName=IP:127.0.0.1,DNS:localhost");
}

CertificateFiles TestCa::make_client_certificate(const std::string& name) const {
    return sign(name, "extendedKeyUsage=clientAuth");
}

CertificateFiles TestCa::sign(const std::string& name, const std::string& extension) const {
    CertificateFiles out{dir_.file(name + ".pem"), dir_.file(name + ".key")};
    run_ok(
        {"openssl",
         "req",
         "-x509",
         "-newkey",
         "ec",
         "-pkeyopt",
         "ec_paramgen_curve:P-256",
         "-nodes",
         "-days",
         "1",
         "-subj",
         "/CN=" + name,
         "-addext",
         "basicConstraints=critical,CA:FALSE",
         "-addext",
         extension,
         "-CA",
         root_.certificate,
         "-CAkey",
         root_.key,
         "-keyout",
         out.key,
         "-out",
         out.certificate}
    );
    return out;
}

}  // namespace linkspan::support
