// Wire over HTTP(S), by libcurl: Git's "smart" protocol.
//
// Credentials go out with the first request. A 401 is answered once, with credentials asked for
// again, if these are others than before (a rotated secret); otherwise it is Unauthorized.
// Redirects are followed on the first request only, and only within the same origin: credentials
// never go to another host. Proxies come from the usual environment variables.
#pragma once

#include "core/result.h"
#include "service/git/deadline.h"
#include "service/git/mirror.h"
#include "service/git/remote_url.h"
#include "service/git/wire.h"

#include <memory>

namespace linkspan::git {

// Keeps connections open from one operation to the next. One thread at a time.
class HttpLink {
public:
    HttpLink();
    ~HttpLink();
    HttpLink(const HttpLink&) = delete;
    HttpLink& operator=(const HttpLink&) = delete;

    struct Handles;
    [[nodiscard]] Handles& handles() { return *handles_; }

private:
    std::unique_ptr<Handles> handles_;
};

// Everything must outlive the wire.
std::unique_ptr<Wire> make_http_wire(
    const RemoteUrl& url, const RemoteOptions& options, HttpLink& link, Deadline& deadline
);

}  // namespace linkspan::git
