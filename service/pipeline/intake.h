// Intake: POST /hooks/{receiver}: verify → parse → match → record → answer. Nothing outside is
// called before the answer, the keys of an OIDC issuer or of Amazon SNS excepted, where they are
// missing.
#pragma once

#include "core/result.h"
#include "service/http/server.h"
#include "service/pipeline/pipeline.h"
#include "service/pipeline/receivers.h"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace linkspan::pipeline {

struct PullRequestNews;

class Intake {
public:
    // Everything referred to must outlive it. Used on the io_context thread.
    Intake(Pipeline& pipeline, Receivers& receivers, store::Writer& writer, Metrics& metrics);

    // Answers: 202 accepted · 200 ignored with the reason · 200 with the first answer for a
    // duplicate · what a handshake wants · 400 · 401 · 403 · 404 · 405 · 415 · 503. docs/api.md has
    // each of them word for word.
    boost::asio::awaitable<http::Response> receive(http::Request request);

private:
    boost::asio::awaitable<http::Response> record(
        ReceiverPtr receiver,
        store::NewDelivery delivery,
        std::vector<store::DeploymentReport> reports,
        std::vector<PullRequestNews> news
    );
    // Leaves the events that the receiver may speak for; the others are counted and set aside. The
    // refusal when none is left: an envelope with one stranger in it must not block a sender that
    // never gives up.
    std::optional<Error> keep_allowed(
        const webhooks::Receiver& receiver, webhooks::ParsedDelivery& parsed
    );
    http::Response refuse(
        const webhooks::Receiver& receiver,
        unsigned status,
        std::string_view result,
        const Error& error
    );

    Pipeline& pipeline_;
    Receivers& receivers_;
    store::Writer& writer_;
    Metrics& metrics_;
    std::size_t recording_ = 0;  // deliveries that wait for the disk
};

}  // namespace linkspan::pipeline
