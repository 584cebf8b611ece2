#include "service/git/process_wire.h"

#include "service/git/askpass.h"
#include "service/git/child_process.h"
#include "service/git/ssh_command.h"

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <optional>
#include <utility>

namespace linkspan::git {
namespace {

class ProcessWire : public Wire {
public:
    ProcessWire(const RemoteUrl& url, Deadline& deadline) : url_{url}, deadline_{deadline} {}

    [[nodiscard]] bool stateless() const override { return false; }
    Status request() override { return {}; }

    Status advertise(Service service) override {
        LINKSPAN_TRY(command, make_command(service));
        LINKSPAN_TRY(child, ChildProcess::start(command, url_.display()));
        child_.emplace(std::move(child));
        return {};
    }

    Status send(std::string_view bytes) override {
        auto status = child_->write(bytes, deadline_);
        if (status.has_value() || status.error().kind == Errc::Timeout) return status;
        return end();
    }

    Result<std::size_t> receive(char* buffer, std::size_t size) override {
        LINKSPAN_TRY(count, child_->read(buffer, size, deadline_));
        if (count > 0) return count;
        LINKSPAN_TRY(code, child_->wait(deadline_));
        if (code != 0) return remote_program_failure(url_, code, child_->errors());
        return std::size_t{0};
    }

    void finish() override {
        if (!child_) return;
        child_->close_input();
        std::array<char, 4096> rest;
        for (;;) {
            const auto count = child_->read(rest.data(), rest.size(), deadline_);
            if (count.has_error() || *count == 0) break;
        }
        (void)child_->wait(deadline_);
    }

protected:
    virtual Result<Command> make_command(Service service) = 0;

    const RemoteUrl& url_;
    Deadline& deadline_;

private:
    // Why the other side stopped listening.
    Error end() {
        const auto code = child_->wait(deadline_);
        if (code.has_error()) return code.error();
        return remote_program_failure(url_, *code, child_->errors());
    }

    std::optional<ChildProcess> child_;
};

class LocalWire final : public ProcessWire {
public:
    using ProcessWire::ProcessWire;

private:
    Result<Command> make_command(Service service) override {
        return Command{{"git", std::string{program_of(service).substr(4)}, url_.path}, {}};
    }
};

class SshWire final : public ProcessWire {
public:
    SshWire(
        const RemoteUrl& url, Deadline& deadline, SshOptions options, std::optional<Askpass> askpass
    )
        : ProcessWire{url, deadline}, options_{std::move(options)}, askpass_{std::move(askpass)} {}

private:
    Result<Command> make_command(Service service) override {
        LINKSPAN_TRY(argv, ssh_arguments(url_, options_, service));
        return Command{
            std::move(argv), askpass_ ? askpass_->environment() : std::vector<std::string>{}};
    }

    SshOptions options_;
    std::optional<Askpass> askpass_;
};

}  // namespace

Result<std::unique_ptr<Wire>> make_ssh_wire(
    const RemoteUrl& url,
    const RemoteOptions& options,
    const std::string& directory,
    Deadline& deadline
) {
    Credentials credentials;
    if (options.credentials) {
        LINKSPAN_TRY(given, options.credentials());
        credentials = std::move(given);
    }
    SshOptions ssh;
    ssh.known_hosts = options.known_hosts;
    ssh.user = url.user.empty() ? credentials.username : url.user;
    ssh.key_file = credentials.ssh_key;
    ssh.timeout = options.timeout;
    if (!ssh.key_file.empty() && ::access(ssh.key_file.c_str(), R_OK) != 0) {
        return Error{
            Errc::Unauthorized,
            fmt::format("{}: the ssh key {} can't be read", url.display(), ssh.key_file)};
    }
    Secret answer = credentials.ssh_passphrase;
    if (ssh.key_file.empty()) {
        answer = credentials.password.empty() ? url.password : credentials.password;
        ssh.password = !answer.empty();
    }
    std::optional<Askpass> askpass;
    if (!answer.empty()) {
        LINKSPAN_TRY(made, Askpass::make(directory, answer));
        askpass.emplace(std::move(made));
        ssh.asks = true;
    }
    // Checked now, so that the failure is not one of a running conversation.
    if (auto argv = ssh_arguments(url, ssh, Service::UploadPack); argv.has_error()) {
        return argv.error();
    }
    return std::unique_ptr<Wire>{
        std::make_unique<SshWire>(url, deadline, std::move(ssh), std::move(askpass))};
}

std::unique_ptr<Wire> make_local_wire(const RemoteUrl& url, Deadline& deadline) {
    return std::make_unique<LocalWire>(url, deadline);
}

}  // namespace linkspan::git
