#include "service/git/child_process.h"

#include "service/git/deadline.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>

namespace linkspan::git {
namespace {

// A child that outlives us would keep our port, and connections that we have closed.
TEST(ChildProcessTest, InheritsNothingButItsOwnStreams) {
    const int ours = ::socket(AF_INET, SOCK_STREAM, 0);  // without SOCK_CLOEXEC, as Asio makes them
    ASSERT_GE(ours, 3);
    ASSERT_EQ(::fcntl(ours, F_GETFD) & FD_CLOEXEC, 0);
    const std::string question =
        "test -e /proc/self/fd/" + std::to_string(ours) + " && echo there || echo gone";
    auto child = ChildProcess::start({.argv = {"sh", "-c", question}, .env = {}}, "sh");
    ASSERT_TRUE(child.has_value()) << child.error().message;
    Deadline deadline{std::chrono::seconds{30}, nullptr};
    std::string said;
    char buffer[64];
    for (;;) {
        const auto n = child->read(buffer, sizeof buffer, deadline);
        ASSERT_TRUE(n.has_value()) << n.error().message;
        if (*n == 0) break;
        said.append(buffer, *n);
    }
    ::close(ours);
    EXPECT_EQ(said, "gone\n");
}

}  // namespace
}  // namespace linkspan::git
