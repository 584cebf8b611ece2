// The TLS side of the server: a context that is either whole or an error that says which file is at
// fault.
#pragma once

#include "core/result.h"
#include "service/http/server.h"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace linkspan::http {

// TLS 1.2 and newer, the server's order of ciphers, no renegotiation. Errors: InvalidInput with the
// file's name when a file can't be read, is no PEM, or the key does not belong to the certificate.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const TlsOptions& options);

// Changes when one of the files is replaced or written to. Take it before the files are loaded.
std::string tls_files_version(const TlsOptions& options);

// The verified subject of the peer's certificate, as RFC 2253 writes it; empty without one.
std::string peer_subject(SSL* connection);

}  // namespace linkspan::http
