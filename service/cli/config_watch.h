// ConfigWatch: notices that a file was changed: written in place, replaced by another (editors), or
// swapped through a symbolic link of its folder (Kubernetes' ConfigMaps and Secrets).
//
// On one executor. https://man7.org/linux/man-pages/man7/inotify.7.html
#pragma once

#include "core/result.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <string>

namespace linkspan::cli {

class ConfigWatch {
public:
    // Errors: Unavailable when the system has no more watches to give.
    static Result<ConfigWatch> open(boost::asio::any_io_executor executor, const std::string& file);

    // Returns when the file's content is another than when this was last called (or opened), and
    // has been the same for a moment. False: cancelled.
    boost::asio::awaitable<bool> changed();
    void cancel();

private:
    ConfigWatch(boost::asio::any_io_executor executor, std::string file, int descriptor);

    std::string file_;
    std::string content_;
    boost::asio::posix::stream_descriptor descriptor_;
};

}  // namespace linkspan::cli
