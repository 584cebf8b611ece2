// What an HTTP status or a libcurl error means for a Git operation. Pure.
#pragma once

#include "core/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::git {

struct HttpAnswer {
    long status = 0;
    std::string content_type;
    std::string retry_after;  // header value
    std::string body;         // its beginning
};

// The error that a status other than 200 stands for. `remote` is a URL without userinfo.
Error status_failure(std::string_view remote, const HttpAnswer& answer, bool with_credentials);

// `code` is a CURLcode; `detail` is libcurl's own text.
Error curl_failure(std::string_view remote, int code, std::string_view detail);

}  // namespace linkspan::git
