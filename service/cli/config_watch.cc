#include "service/cli/config_watch.h"

#include "service/cli/files.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

namespace linkspan::cli {
namespace asio = boost::asio;
namespace {

// Who writes a file in several steps has done so after this.
constexpr std::chrono::milliseconds kSettle{300};

std::string content_of(const std::string& file) {
    auto read = read_file(file);
    return read.has_value() ? std::move(*read) : std::string{};
}

}  // namespace

ConfigWatch::ConfigWatch(asio::any_io_executor executor, std::string file, int descriptor)
    : file_{std::move(file)}, content_{content_of(file_)}, descriptor_{executor, descriptor} {}

Result<ConfigWatch> ConfigWatch::open(asio::any_io_executor executor, const std::string& file) {
    const int descriptor = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (descriptor < 0) {
        return Error{Errc::Unavailable, fmt::format("inotify: {}", std::strerror(errno))};
    }
    // The folder, not the file: what replaces the file has another inode.
    const auto parent = std::filesystem::path{file}.parent_path();
    const std::string folder = parent.empty() ? std::string{"."} : parent.string();
    if (::inotify_add_watch(
            descriptor, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE
        ) < 0) {
        const int error = errno;
        ::close(descriptor);
        return Error{
            Errc::Unavailable, fmt::format("watching {}: {}", folder, std::strerror(error))};
    }
    return ConfigWatch{std::move(executor), file, descriptor};
}

asio::awaitable<bool> ConfigWatch::changed() {
    asio::steady_timer timer{descriptor_.get_executor()};
    std::array<char, 4096> events{};
    for (;;) {
        const auto [error, size] = co_await descriptor_.async_read_some(
            asio::buffer(events), asio::as_tuple(asio::use_awaitable)
        );
        if (error) co_return false;
        timer.expires_after(kSettle);
        const auto [cut] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (cut || !descriptor_.is_open()) co_return false;
        // Of the folder's events most are about other files; and a file that is gone for a moment,
        // between two, is no change yet.
        auto now = content_of(file_);
        if (now.empty() || now == content_) continue;
        content_ = std::move(now);
        co_return true;
    }
}

void ConfigWatch::cancel() {
    boost::system::error_code ignored;
    descriptor_.close(ignored);
}

}  // namespace linkspan::cli
