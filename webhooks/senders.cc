#include "webhooks/senders.h"

#include "webhooks/ci.h"
#include "webhooks/distribution.h"

#include <algorithm>

namespace linkspan::webhooks {
namespace {

constexpr Sender kSenders[] = {
    {
        .type = "ci",
        .title = "CI job",
        .default_auth = AuthScheme::Hmac,
        .delivery_id = ci::delivery_id,
        .parse = ci::parse,
    },
    {
        .type = "distribution",
        .title = "CNCF Distribution",
        .default_auth = AuthScheme::Bearer,
        .delivery_id = distribution::delivery_id,
        .parse = distribution::parse,
    },
};

}  // namespace

std::span<const Sender> senders() { return kSenders; }

const Sender* find_sender(std::string_view type) {
    const auto* row = std::find_if(std::begin(kSenders), std::end(kSenders), [&](const Sender& s) {
        return s.type == type;
    });
    return row == std::end(kSenders) ? nullptr : row;
}

}  // namespace linkspan::webhooks
