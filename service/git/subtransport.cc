#include "service/git/subtransport.h"

#include <git2/sys/transport.h>

#include <exception>
#include <memory>
#include <string>

namespace linkspan::git {
namespace {

struct Stream {
    git_smart_subtransport_stream base{};  // first: libgit2 knows the object by it
    WireSession* session = nullptr;
    Stream** owner_slot = nullptr;
};

struct Subtransport {
    git_smart_subtransport base{};  // first: libgit2 knows the object by it
    WireSession* session = nullptr;
    Stream* current = nullptr;
};

int fail(WireSession& session, Error error) {
    git_error_set_str(GIT_ERROR_NET, error.message.c_str());
    if (!session.error) session.error = std::move(error);
    return GIT_ERROR;
}

// No exception may cross libgit2's frames.
template <class F>
int guarded(WireSession& session, F&& body) noexcept {
    try {
        return body();
    } catch (const std::exception& e) {
        return fail(session, Error{Errc::Internal, std::string{"Git transport: "} + e.what()});
    } catch (...) {
        return fail(session, Error{Errc::Internal, "Git transport: unknown exception"});
    }
}

int stream_read(
    git_smart_subtransport_stream* base, char* buffer, std::size_t size, std::size_t* got
) {
    auto& session = *reinterpret_cast<Stream*>(base)->session;
    return guarded(session, [&] {
        *got = 0;
        const auto count = session.wire.receive(buffer, size);
        if (count.has_error()) return fail(session, count.error());
        *got = *count;
        return 0;
    });
}

int stream_write(git_smart_subtransport_stream* base, const char* bytes, std::size_t size) {
    auto& session = *reinterpret_cast<Stream*>(base)->session;
    return guarded(session, [&] {
        const auto status = session.wire.send({bytes, size});
        return status.has_error() ? fail(session, status.error()) : 0;
    });
}

void stream_free(git_smart_subtransport_stream* base) {
    auto* stream = reinterpret_cast<Stream*>(base);
    if (stream->owner_slot != nullptr) *stream->owner_slot = nullptr;
    delete stream;
}

int start_action(Subtransport& transport, git_smart_service_t action) {
    auto& wire = transport.session->wire;
    Status status;
    switch (action) {
        case GIT_SERVICE_UPLOADPACK_LS:
            status = wire.advertise(Service::UploadPack);
            break;
        case GIT_SERVICE_RECEIVEPACK_LS:
            status = wire.advertise(Service::ReceivePack);
            break;
        case GIT_SERVICE_UPLOADPACK:
        case GIT_SERVICE_RECEIVEPACK:
            status = wire.request();
            break;
    }
    return status.has_error() ? fail(*transport.session, status.error()) : 0;
}

int transport_action(
    git_smart_subtransport_stream** result,
    git_smart_subtransport* base,
    const char* /*url*/,
    git_smart_service_t action
) {
    auto& transport = *reinterpret_cast<Subtransport*>(base);
    return guarded(*transport.session, [&] {
        // A lasting connection is one stream from beginning to end; libgit2 asks for it again even
        // to say goodbye.
        if (transport.current != nullptr && !transport.session->wire.stateless()) {
            *result = &transport.current->base;
            return 0;
        }
        if (const int error = start_action(transport, action); error != 0) return error;
        auto stream = std::make_unique<Stream>();
        stream->base.subtransport = base;
        stream->base.read = stream_read;
        stream->base.write = stream_write;
        stream->base.free = stream_free;
        stream->session = transport.session;
        if (!transport.session->wire.stateless()) {
            stream->owner_slot = &transport.current;
            transport.current = stream.get();
        }
        *result = &stream.release()->base;
        return 0;
    });
}

int transport_close(git_smart_subtransport* /*base*/) { return 0; }

void transport_free(git_smart_subtransport* base) { delete reinterpret_cast<Subtransport*>(base); }

int make_subtransport(git_smart_subtransport** result, git_transport* /*owner*/, void* param) {
    auto& session = *static_cast<WireSession*>(param);
    return guarded(session, [&] {
        auto transport = std::make_unique<Subtransport>();
        transport->base.action = transport_action;
        transport->base.close = transport_close;
        transport->base.free = transport_free;
        transport->session = &session;
        *result = &transport.release()->base;
        return 0;
    });
}

int make_transport(git_transport** result, git_remote* owner, void* payload) {
    auto& session = *static_cast<WireSession*>(payload);
    // Only read while the transport is made.
    git_smart_subtransport_definition definition{
        make_subtransport, session.wire.stateless() ? 1U : 0U, &session};
    return git_transport_smart(result, owner, &definition);
}

}  // namespace

void use_wire(git_remote_callbacks& callbacks, WireSession& session) {
    callbacks.transport = make_transport;
    callbacks.payload = &session;
}

}  // namespace linkspan::git
