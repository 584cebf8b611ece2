// Request and Response: the parts of server.h that know nothing of sockets.
#include "service/http/server.h"
#include "service/http/target.h"

#include <boost/beast/core/string.hpp>
#include <nlohmann/json.hpp>

namespace linkspan::http {

std::optional<std::string_view> Request::header(std::string_view name) const {
    for (const auto& h : headers) {
        if (boost::beast::iequals(h.name, name)) return h.value;
    }
    return std::nullopt;
}

std::optional<std::string> Request::parameter(std::string_view name) const {
    return query_parameter(query, name);
}

std::vector<std::string> Request::segments() const { return path_segments(target); }

Response problem(unsigned status, std::string_view title, std::string_view detail) {
    nlohmann::ordered_json body{
        {"type", "about:blank"},
        {"title", title},
        {"status", status},
    };
    if (!detail.empty()) body["detail"] = detail;
    Response response;
    response.status = status;
    response.content_type = "application/problem+json";
    // replace: a detail may quote bytes of the caller that are not UTF-8.
    response.body =
        body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    return response;
}

}  // namespace linkspan::http
