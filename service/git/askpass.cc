#include "service/git/askpass.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace linkspan::git {
namespace {

constexpr std::string_view kScript = "#!/bin/sh\nexec cat \"$LINKSPAN_ASKPASS\"\n";

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

Error failure(std::string_view doing) {
    return {
        Errc::Unavailable,
        fmt::format("handing over a passphrase: {}: {}", doing, strerror(errno))};
}

}  // namespace

Result<Askpass> Askpass::make(const std::string& directory, const Secret& secret) {
    const int memory = ::memfd_create("askpass", MFD_CLOEXEC);
    if (memory < 0) return failure("memfd");
    Askpass askpass{{}, memory};
    if (!write_all(memory, secret.reveal()) || !write_all(memory, "\n")) return failure("memfd");

    std::string folder = directory + "/askpass-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) return failure("making a folder in " + directory);
    askpass.folder_ = folder;
    const int file =
        ::open(askpass.script().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRWXU);
    if (file < 0) return failure("writing " + askpass.script());
    const bool written = write_all(file, kScript);
    ::close(file);
    if (!written) return failure("writing " + askpass.script());
    return askpass;
}

Askpass::Askpass(std::string folder, int memory) : folder_{std::move(folder)}, memory_{memory} {}

Askpass::Askpass(Askpass&& other) noexcept
    : folder_{std::exchange(other.folder_, {})}, memory_{std::exchange(other.memory_, -1)} {}

Askpass::~Askpass() {
    if (memory_ >= 0) ::close(memory_);
    if (folder_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove(script(), ignored);
    std::filesystem::remove(folder_, ignored);
}

std::string Askpass::secret_file() const {
    return fmt::format("/proc/{}/fd/{}", ::getpid(), memory_);
}

std::vector<std::string> Askpass::environment() const {
    return {
        "SSH_ASKPASS=" + script(),
        "SSH_ASKPASS_REQUIRE=force",
        "LINKSPAN_ASKPASS=" + secret_file()};
}

}  // namespace linkspan::git
