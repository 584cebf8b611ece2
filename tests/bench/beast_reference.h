// What the benchmarks of the HTTP side stand beside: the least that Beast can do, and a thread to
// run a server on.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <thread>

namespace linkspan::bench {

// An io_context on a thread of its own, whose processor time is known afterwards. Processor time
// per request is the steadier figure on a machine that others use too.
class Loop {
public:
    void start();
    double stop();  // seconds of processor time
    boost::asio::io_context io{1};

private:
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{
        io.get_executor()};
    std::thread thread_;
    double cpu_ = 0;
};

// Answers 202 "{}" to everything, on loopback, on a port of its own. Lives on `loop`.
class BeastReference {
public:
    explicit BeastReference(Loop& loop);
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace linkspan::bench
