#include "service/git/signer.h"

#include "service/git/askpass.h"
#include "service/git/child_process.h"
#include "service/git/readable_text.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace linkspan::git {
namespace {

// A key on a smart card may want to be touched.
constexpr std::chrono::seconds kPatience{60};
constexpr std::size_t kMaxSignature = 64 * 1024;

Error failure(const ChildProcess& child, const Signing& signing) {
    return {
        Errc::Unauthorized,
        fmt::format(
            "signing the commit with key {}: {}", signing.key, readable_line(child.errors())
        )};
}

Result<std::string> run(const Command& command, std::string_view text, const Signing& signing) {
    Deadline deadline{kPatience};
    LINKSPAN_TRY(child, ChildProcess::start(command, command.argv[0]));
    // The program may end early, with a reason that is better than "it ended early".
    const auto written = child.write(text, deadline);
    child.close_input();
    if (written.has_error() && written.error().kind == Errc::Timeout) return written.error();
    std::string signature;
    std::array<char, 4096> chunk;
    for (;;) {
        LINKSPAN_TRY(count, child.read(chunk.data(), chunk.size(), deadline));
        if (count == 0) break;
        signature.append(chunk.data(), count);
        if (signature.size() > kMaxSignature) return failure(child, signing);
    }
    LINKSPAN_TRY(code, child.wait(deadline));
    if (code != 0 || written.has_error() || signature.rfind("-----BEGIN ", 0) != 0) {
        return failure(child, signing);
    }
    return signature;
}

Command gpg_command(const Signing& signing, const std::optional<Askpass>& passphrase) {
    Command command;
    command.argv = {"gpg", "--batch", "--no-tty"};
    if (!signing.gnupg_home.empty()) {
        command.argv.insert(command.argv.end(), {"--homedir", signing.gnupg_home});
    }
    if (passphrase) {
        command.argv.insert(
            command.argv.end(),
            {"--pinentry-mode", "loopback", "--passphrase-file", passphrase->secret_file()}
        );
    }
    command.argv.insert(
        command.argv.end(), {"--armor", "--detach-sign", "--local-user", signing.key}
    );
    return command;
}

Command ssh_command(const Signing& signing, const std::optional<Askpass>& passphrase) {
    Command command;
    command.argv = {"ssh-keygen", "-Y", "sign", "-n", "git", "-f", signing.key};
    if (passphrase) command.env = passphrase->environment();
    return command;
}

}  // namespace

Result<std::string> sign(
    std::string_view text, const Signing& signing, const std::string& directory
) {
    if (signing.key.empty() || signing.key.front() == '-') {
        return Error{Errc::InvalidInput, "signing: the key has no usable name"};
    }
    std::optional<Askpass> passphrase;
    if (!signing.passphrase.empty()) {
        LINKSPAN_TRY(made, Askpass::make(directory, signing.passphrase));
        passphrase.emplace(std::move(made));
    }
    const auto command = signing.kind == Signing::Kind::Gpg ? gpg_command(signing, passphrase)
                                                            : ssh_command(signing, passphrase);
    return run(command, text, signing);
}

}  // namespace linkspan::git
