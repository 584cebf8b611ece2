#include "service/git/push.h"

#include "service/git/readable_text.h"
#include "service/git/thin_pack.h"

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
    git_repository* repository, const CommitId& target_id, const Advertisement& advertisement
) {
    LINKSPAN_TRY(target, parse_id(target_id.hex));
    RevwalkHandle walk;
    if (const int e = git_revwalk_new(out(walk), repository)) {
        return git_failure(e, "preparing the push");
    }
    if (const int e = git_revwalk_push(walk.get(), &target)) {
        return git_failure(e, "preparing the push of " + target_id.hex);
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
        return missing_object(e, "collecting what to push");
    }
    return pack;
}

using Pack = std::variant<std::string, PackbuilderHandle>;

// The small way where it applies, which is nearly always.
Result<Pack> make_pack(
    git_repository* repository, const CommitId& target_id, const Advertisement& advertisement
) {
    if (advertisement.tip) {
        LINKSPAN_TRY(known, parse_id(advertisement.tip->hex));
        LINKSPAN_TRY(target, parse_id(target_id.hex));
        const PackOptions options{.deltas = !advertisement.can("no-thin")};
        LINKSPAN_TRY(thin, write_thin_pack(repository, known, target, options));
        if (thin) return Pack{std::move(*thin)};
    }
    LINKSPAN_TRY(builder, collect(repository, target_id, advertisement));
    return Pack{std::move(builder)};
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

Status send_pack(const Pack& pack, Wire& wire) {
    if (const auto* bytes = std::get_if<std::string>(&pack)) return wire.send(*bytes);
    PackSink sink{wire, std::nullopt};
    const int e =
        git_packbuilder_foreach(std::get<PackbuilderHandle>(pack).get(), send_part, &sink);
    if (sink.error) return *sink.error;
    if (e != 0) return missing_object(e, "sending the pack");
    return {};
}

}  // namespace

namespace {

Result<Advertisement> read_refs(Wire& wire, const std::string& ref, const std::string& remote) {
    if (auto status = wire.advertise(Service::ReceivePack); status.has_error()) {
        return status.error();
    }
    auto packets = packets_from(wire, remote);
    return read_advertisement(packets, wire.stateless(), ref);
}

// The second half of the conversation: command, pack, report.
Result<PushAttempt> deliver(
    git_repository* repository,
    Wire& wire,
    const PushCommand& command,
    const Advertisement& advertisement,
    const std::string& remote
) {
    if (!advertisement.can("report-status")) {
        leave(wire);
        return Error{Errc::Unavailable, remote + ": the server does not report what a push did"};
    }
    const auto bytes = write_command(command, advertisement);
    if (bytes.has_error()) {
        leave(wire);
        return bytes.error().within(remote);
    }
    LINKSPAN_TRY(pack, make_pack(repository, command.new_id, advertisement));
    if (auto status = wire.request(); status.has_error()) return status.error();
    if (auto status = wire.send(*bytes); status.has_error()) return status.error();
    if (auto status = send_pack(pack, wire); status.has_error()) return status.error();
    auto answers = packets_from(wire, remote);
    LINKSPAN_TRY(report, read_report(answers, advertisement, command.ref));
    if (!wire.stateless()) wire.finish();
    if (report.updated) return PushAttempt{Pushed{readable_lines(report.said)}};
    return PushAttempt{Refused{std::move(report)}};
}

}  // namespace

Result<PushAttempt> attempt_push(
    git_repository* repository, Wire& wire, const RefUpdate& update, const std::string& remote
) {
    const auto ref = ref_of(update.branch);
    LINKSPAN_TRY(advertisement, read_refs(wire, ref, remote));
    const auto actual = advertisement.tip.value_or(CommitId{});
    if (actual == update.target) {
        leave(wire);
        return PushAttempt{AlreadyThere{}};
    }
    if (actual != update.expected) {
        leave(wire);
        return PushAttempt{Moved{advertisement.tip}};
    }
    const PushCommand command{ref, update.expected, update.target, update.options};
    return deliver(repository, wire, command, advertisement, remote);
}

Result<PushAttempt> attempt_review(
    git_repository* repository, Wire& wire, const ReviewRequest& request, const std::string& remote
) {
    LINKSPAN_TRY(advertisement, read_refs(wire, request.ref, remote));
    const PushCommand command{request.ref, CommitId{}, request.target, request.options};
    return deliver(repository, wire, command, advertisement, remote);
}

Result<std::optional<CommitId>> look_up_tip(
    Wire& wire, const std::string& branch, const std::string& remote
) {
    LINKSPAN_TRY(advertisement, read_refs(wire, ref_of(branch), remote));
    leave(wire);
    return advertisement.tip;
}

Result<PushAnswer> judge_refusal(
    const Refused& refused,
    const RefUpdate& update,
    const std::optional<CommitId>& tip,
    const std::string& remote
) {
    // Made in place: GCC 12 with sanitizers takes the moved variant for uninitialised.
    const auto answer = [](auto alternative) {
        return Result<PushAnswer>{boost::system::in_place_value, std::move(alternative)};
    };
    const auto actual = tip.value_or(CommitId{});
    if (actual == update.target) return answer(AlreadyThere{});
    if (actual != update.expected) return answer(Moved{tip});
    const auto& reason = refused.report.reason;
    const auto says = [&](std::string_view text) { return reason.find(text) != std::string::npos; };
    // Git's own words when another push holds the ref's lock at this moment: no verdict on ours.
    if (says("failed to update ref") || says("cannot lock ref") || says("failed to lock")) {
        return Error{
            Errc::Unavailable,
            fmt::format(
                "{}: another push holds {}: {}", remote, update.branch, readable_line(reason)
            )};
    }
    return answer(Rejected{rejection_text(refused.report)});
}

}  // namespace linkspan::git
