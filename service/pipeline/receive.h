// POST /hooks/{receiver}: verify → parse → match → record → answer. Nothing outside is called
// before the answer.
#pragma once

#include "service/http/server.h"
#include "service/pipeline/pipeline.h"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace linkspan::pipeline {

// Answers: 202 accepted · 200 ignored with the reason · 200 with the first answer for a duplicate ·
// 400 · 401 · 403 · 404 · 405 · 503. docs/api.md has each of them word for word.
boost::asio::awaitable<http::Response> receive(
    Pipeline& pipeline,
    store::Writer& writer,
    Metrics& metrics,
    std::string receiver,
    http::Request request
);

}  // namespace linkspan::pipeline
