// Wire: one conversation with a Git server, as bytes.
//
// libgit2's own HTTP and SSH transports have no time limits and block for as long as a server
// likes, so the bytes are carried here: over libcurl, over an ssh or git child process, or over a
// plain socket. Every call ends within the operation's Deadline. Errors: Timeout, Unavailable,
// Unauthorized, NotFound (repository), RateLimited, InvalidInput; no secret is in their text.
// Blocking; one thread.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <memory>
#include <string_view>

namespace linkspan::git {

enum class Service { UploadPack, ReceivePack };
constexpr std::string_view program_of(Service service) {
    return service == Service::UploadPack ? "git-upload-pack" : "git-receive-pack";
}

class Wire {
public:
    virtual ~Wire() = default;

    // HTTP: every request stands alone, and the advertisement begins with a "# service" line.
    [[nodiscard]] virtual bool stateless() const = 0;
    // Starts the conversation: receive() then gives the ref advertisement.
    virtual Status advertise(Service service) = 0;
    // A new request on a stateless wire; nothing happens on the others.
    virtual Status request() = 0;
    virtual Status send(std::string_view bytes) = 0;
    // Waits for at least one byte. 0: the other side has ended.
    virtual Result<std::size_t> receive(char* buffer, std::size_t size) = 0;
    // Says goodbye: lets the other side finish what it does after its answer.
    virtual void finish() {}
};

}  // namespace linkspan::git
