// An incoming webhook of Slack, or of what understands its form (Mattermost, Rocket.Chat, Discord's
// /slack): a text, and blocks where they are understood.
//
// Everything from outside is escaped, so that no reason can mention a channel or forge a link.
// https://docs.slack.dev/messaging/formatting-message-text
#pragma once

#include "service/notify/request.h"

namespace linkspan::notify::slack {

Result<transport::HttpRequest> make_request(const Sink& sink, const Message& message);

}  // namespace linkspan::notify::slack
