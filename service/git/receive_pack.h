// The push side of Git's protocol: what the server advertises, and what it reports.
//
// libgit2 can push too, but loses what the server says when unpacking fails, knows no push options,
// and walks the whole tree to find out what to send. Source: Documentation/gitprotocol-pack.txt.
// No sockets here: packets in, values out.
#pragma once

#include "core/result.h"
#include "service/git/mirror.h"
#include "service/git/pkt_line.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::git {

struct Advertisement {
    std::optional<CommitId> tip;     // of the ref that was asked about
    std::vector<CommitId> branches;  // tips of all branches
    std::vector<std::string> capabilities;

    [[nodiscard]] bool can(std::string_view capability) const;
};

// `named_service`: over HTTP a line with the service's name comes first. `ref` is a full name.
// Errors: NotFound, Unavailable; what the server said is in the text.
Result<Advertisement> read_advertisement(
    PacketReader& packets, bool named_service, std::string_view ref
);

struct PushCommand {
    std::string ref;
    CommitId old_id;  // empty hex: the ref must not exist
    CommitId new_id;
    std::vector<std::string> options;  // push options
};
// The bytes before the pack. InvalidInput when options are given and the server takes none.
Result<std::string> write_command(const PushCommand& command, const Advertisement& advertisement);

struct PushReport {
    bool updated = false;
    std::string unpack;  // "ok", or what went wrong
    std::string reason;  // why the ref was not updated
    std::string said;    // what hooks printed, as they printed it
};
// Reads up to the end of the conversation. An early end after the ref's own line is no error: what
// follows is only talk.
Result<PushReport> read_report(
    PacketReader& packets, const Advertisement& advertisement, std::string_view ref
);

// What a person sees: the hooks' words, then the reason.
std::string rejection_text(const PushReport& report);

}  // namespace linkspan::git
