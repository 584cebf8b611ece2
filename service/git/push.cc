#include "service/git/push.h"

#include <fmt/format.h>

#include <exception>
#include <optional>
#include <utility>

namespace linkspan::git {
namespace {

std::string ref_of(const std::string& branch) { return "refs/heads/" + branch; }

PacketReader packets_from(Wire& wire, const std::string& remote) {
    return PacketReader{
        [&wire](char* buffer, std::size_t size) { return wire.receive(buffer, size); }, remote};
}

// Leaves a lasting connection as the protocol wants it: an empty list of commands.
void leave(Wire& wire) {
    if (!wire.stateless() && wire.send(kFlush).has_value()) wire.finish();
}

// The objects that the server lacks: what `target` reaches and the known tips don't.
Result<PackbuilderHandle> collect(
    git_repository* repository, const RefUpdate& update, const Advertisement& advertisement
) {
    LINKSPAN_TRY(target, parse_id(update.target.hex));
    RevwalkHandle walk;
    if (const int e = git_revwalk_new(out(walk), repository)) {
        return git_failure(e, "preparing the push");
    }
    if (const int e = git_revwalk_push(walk.get(), &target)) {
        return git_failure(e, "preparing the push of " + update.target.hex);
    }
    const auto hide = [&](const CommitId& known) {
        git_oid id;
        // Tips that we never fetched hide nothing.
        if (git_oid_fromstr(&id, known.hex.c_str()) == 0) (void)git_revwalk_hide(walk.get(), &id);
    };
    if (advertisement.tip) {
        hide(*advertisement.tip);
    } else {
        for (const auto& branch : advertisement.branches) hide(branch);
    }
    PackbuilderHandle pack;
    if (const int e = git_packbuilder_new(out(pack), repository)) {
        return git_failure(e, "preparing the push");
    }
    git_packbuilder_set_threads(pack.get(), 1);
    if (const int e = git_packbuilder_insert_walk(pack.get(), walk.get())) {
        return git_failure(e, "collecting what to push");
    }
    return pack;
}

struct PackSink {
    Wire& wire;
    std::optional<Error> error;
};

int send_part(void* bytes, std::size_t size, void* payload) {
    auto& sink = *static_cast<PackSink*>(payload);
    try {
        auto status = sink.wire.send({static_cast<const char*>(bytes), size});
        if (status.has_value()) return 0;
        sink.error = status.error();
    } catch (const std::exception& e) {
        sink.error = Error{Errc::Internal, std::string{"sending a pack: "} + e.what()};
    }
    return GIT_EUSER;
}

Status send_pack(git_packbuilder* pack, Wire& wire) {
    PackSink sink{wire, std::nullopt};
    const int e = git_packbuilder_foreach(pack, send_part, &sink);
    if (sink.error) return *sink.error;
    if (e != 0) return git_failure(e, "sending the pack");
    return {};
}

}  // namespace

Result<PushAttempt> attempt_push(
    git_repository* repository, Wire& wire, const RefUpdate& update, const std::string& remote
) {
    const auto ref = ref_of(update.branch);
    if (auto status = wire.advertise(Service::ReceivePack); status.has_error()) {
        return status.error();
    }
    auto packets = packets_from(wire, remote);
    LINKSPAN_TRY(advertisement, read_advertisement(packets, wire.stateless(), ref));
    const auto actual = advertisement.tip.value_or(CommitId{});
    if (actual == update.target) {
        leave(wire);
        return PushAttempt{AlreadyThere{}};
    }
    if (actual != update.expected) {
        leave(wire);
        return PushAttempt{Moved{advertisement.tip}};
    }
    if (!advertisement.can("report-status")) {
        leave(wire);
        return Error{Errc::Unavailable, remote + ": the server does not report what a push did"};
    }
    LINKSPAN_TRY(command, write_command({ref, update.expected, update.target, {}}, advertisement));
    LINKSPAN_TRY(pack, collect(repository, update, advertisement));
    if (auto status = wire.request(); status.has_error()) return status.error();
    if (auto status = wire.send(command); status.has_error()) return status.error();
    if (auto status = send_pack(pack.get(), wire); status.has_error()) return status.error();
    auto answers = packets_from(wire, remote);
    LINKSPAN_TRY(report, read_report(answers, advertisement, ref));
    if (!wire.stateless()) wire.finish();
    if (report.updated) return PushAttempt{Pushed{}};
    return PushAttempt{Refused{std::move(report)}};
}

Result<std::optional<CommitId>> look_up_tip(
    Wire& wire, const std::string& branch, const std::string& remote
) {
    if (auto status = wire.advertise(Service::ReceivePack); status.has_error()) {
        return status.error();
    }
    auto packets = packets_from(wire, remote);
    LINKSPAN_TRY(advertisement, read_advertisement(packets, wire.stateless(), ref_of(branch)));
    leave(wire);
    return advertisement.tip;
}

Result<PushAnswer> judge_refusal(
    const Refused& refused,
    const RefUpdate& update,
    const std::optional<CommitId>& tip,
    const std::string& remote
) {
    const auto actual = tip.value_or(CommitId{});
    if (actual == update.target) return PushAnswer{AlreadyThere{}};
    if (actual != update.expected) return PushAnswer{Moved{tip}};
    const auto& reason = refused.report.reason;
    const auto says = [&](std::string_view text) { return reason.find(text) != std::string::npos; };
    // Git's own words when another push holds the ref's lock at this moment: no verdict on ours.
    if (says("failed to update ref") || says("cannot lock ref") || says("failed to lock")) {
        return Error{
            Errc::Unavailable,
            fmt::format("{}: another push holds {}: {}", remote, update.branch, reason)};
    }
    return PushAnswer{Rejected{rejection_text(refused.report)}};
}

}  // namespace linkspan::git
