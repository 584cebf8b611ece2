#include "service/git/ssh_command.h"

#include "service/git/missing_repository.h"
#include "service/git/readable_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace linkspan::git {
namespace {

// In single quotes for the shell on the other side; '!' because csh expands it even there.
std::string quote(std::string_view text) {
    std::string quoted{"'"};
    for (char c : text) {
        if (c == '\'' || c == '!') {
            quoted += "'\\";
            quoted += c;
            quoted += '\'';
        } else {
            quoted += c;
        }
    }
    return quoted + "'";
}

// In double quotes for ssh's -o, which splits file lists at blanks and expands '%'.
std::string option_path(std::string_view path) {
    std::string escaped;
    for (char c : path) {
        if (c == '%') escaped += '%';
        escaped += c;
    }
    return fmt::format("\"{}\"", escaped);
}

struct Meaning {
    std::string_view text;
    Errc kind;
    std::string_view advice;
};
// Looked for in order, in what ssh and git say.
constexpr std::array kMeanings{
    Meaning{
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        Errc::Unauthorized,
        "the host key is not the one in known_hosts"},
    Meaning{
        "host key is known for",
        Errc::Unauthorized,
        "the host is not in known_hosts; add its key there"},
    Meaning{
        "Host key verification failed",
        Errc::Unauthorized,
        "the host key is not in known_hosts, or is another one"},
    Meaning{"REVOKED HOST KEY", Errc::Unauthorized, "the host key is revoked in known_hosts"},
    Meaning{"Permission denied", Errc::Unauthorized, "the server refused the key or password"},
    Meaning{"Too many authentication failures", Errc::Unauthorized, "the server refused the keys"},
    Meaning{"incorrect passphrase", Errc::Unauthorized, "the passphrase of the key is wrong"},
    Meaning{"Could not resolve hostname", Errc::Unavailable, "the host's name has no address"},
    Meaning{"Connection refused", Errc::Unavailable, "the connection was refused"},
    Meaning{"timed out", Errc::Timeout, "the connection timed out"},
    Meaning{"No route to host", Errc::Unavailable, "the host can't be reached"},
    Meaning{"Network is unreachable", Errc::Unavailable, "the host can't be reached"},
    Meaning{"detected dubious ownership", Errc::Unauthorized, "Git refuses the directory's owner"},
    Meaning{"No such file or directory", Errc::NotFound, "no such repository"},
};

}  // namespace

Result<std::vector<std::string>> ssh_arguments(
    const RemoteUrl& url, const SshOptions& options, Service service
) {
    if (options.known_hosts.empty()) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "{}: known_hosts is not set; name a file with the host's public key "
                "(ssh-keyscan prints it; compare it with what the host's operator published)",
                url.display()
            )};
    }
    if (options.known_hosts.find('"') != std::string::npos) {
        return Error{Errc::InvalidInput, "known_hosts: a path with a quotation mark"};
    }
    const auto seconds = std::clamp<std::int64_t>(options.timeout.count() / 1000, 1, 60);
    std::vector<std::string> argv{"ssh", "-T", "-x", "-a"};
    const auto set = [&](std::string option) {
        argv.emplace_back("-o");
        argv.push_back(std::move(option));
    };
    set("StrictHostKeyChecking=yes");
    set("UserKnownHostsFile=" + option_path(options.known_hosts));
    set("GlobalKnownHostsFile=/dev/null");
    set("UpdateHostKeys=no");
    set("CheckHostIP=no");
    set("ClearAllForwardings=yes");
    set("PermitLocalCommand=no");
    // A shared master connection would outlive the deadline.
    set("ControlMaster=no");
    set("ControlPath=none");
    set(fmt::format("ConnectTimeout={}", seconds));
    // A connection that dies silently ends even where the deadline is long.
    set("ServerAliveInterval=15");
    // BatchMode would also keep the passphrase from being asked for.
    set(options.asks ? "BatchMode=no" : "BatchMode=yes");
    set("NumberOfPasswordPrompts=1");
    set(options.password ? "PreferredAuthentications=password,keyboard-interactive"
                         : "PreferredAuthentications=publickey");
    if (!options.key_file.empty()) {
        set("IdentitiesOnly=yes");
        argv.emplace_back("-i");
        argv.push_back(options.key_file);
    }
    if (url.port != 0) {
        argv.emplace_back("-p");
        argv.push_back(std::to_string(url.port));
    }
    if (!options.user.empty()) {
        argv.emplace_back("-l");
        argv.push_back(options.user);
    }
    argv.emplace_back("--");
    argv.push_back(url.host);
    argv.push_back(fmt::format("{} {}", program_of(service), quote(url.path)));
    return argv;
}

Error remote_program_failure(const RemoteUrl& url, int exit_code, std::string_view messages) {
    const auto said = readable_line(messages);
    const auto* meaning = std::find_if(kMeanings.begin(), kMeanings.end(), [&](const Meaning& m) {
        return messages.find(m.text) != std::string_view::npos;
    });
    if (meaning != kMeanings.end()) {
        return {meaning->kind, fmt::format("{}: {} ({})", url.display(), meaning->advice, said)};
    }
    if (means_missing_repository(messages)) {
        return {
            Errc::NotFound,
            fmt::format("{}: no such repository, or no access to it ({})", url.display(), said)};
    }
    return {
        Errc::Unavailable,
        fmt::format(
            "{}: {} ended with code {}{}{}",
            url.display(),
            url.scheme == RemoteUrl::Scheme::Ssh ? "ssh" : "git",
            exit_code,
            said.empty() ? "" : ": ",
            said
        )};
}

}  // namespace linkspan::git
