// The handlers of the API, one for each route, in three files: reading_routes.cc, list_routes.cc,
// operator_routes.cc. Private to service/pipeline.
#pragma once

#include "service/http/server.h"
#include "service/pipeline/intake.h"
#include "service/pipeline/pipeline.h"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace linkspan::pipeline {

struct Services {
    Intake& intake;
    Pipeline& pipeline;
    store::Writer& writer;
    Metrics& metrics;
};

// The segments of the path that stand in braces in the route, in their order, decoded.
using Parts = std::vector<std::string>;
using Answer = boost::asio::awaitable<http::Response>;

Answer get_delivery(Services services, http::Request request, Parts parts);
Answer healthz(Services services, http::Request request, Parts parts);
Answer readyz(Services services, http::Request request, Parts parts);
Answer metrics_text(Services services, http::Request request, Parts parts);
Answer openapi(Services services, http::Request request, Parts parts);

Answer list_deliveries(Services services, http::Request request, Parts parts);
Answer list_targets(Services services, http::Request request, Parts parts);
Answer list_holds(Services services, http::Request request, Parts parts);
Answer list_audit(Services services, http::Request request, Parts parts);
Answer list_images(Services services, http::Request request, Parts parts);
Answer list_notifications(Services services, http::Request request, Parts parts);

Answer hold(Services services, http::Request request, Parts parts);
Answer resume(Services services, http::Request request, Parts parts);
Answer rollback(Services services, http::Request request, Parts parts);
Answer resend(Services services, http::Request request, Parts parts);
Answer replay(Services services, http::Request request, Parts parts);

http::Response json(std::string body, unsigned status = 200);
// An error of the store or of an operation as a problem: 404, 409, 403, 400, or 503.
http::Response problem_of(const Error& error);

// `limit` of a list, or the 400.
std::variant<std::size_t, http::Response> page_limit(const http::Request& request);

}  // namespace linkspan::pipeline
