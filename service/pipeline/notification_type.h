// The configuration's types of notifications as service/notify knows them.
#pragma once

#include "config/config.h"
#include "service/notify/request.h"

namespace linkspan::pipeline {

constexpr notify::Type notification_type(config::Notification::Type type) {
    using From = config::Notification::Type;
    switch (type) {
        case From::FluxReceiver:
            return notify::Type::FluxReceiver;
        case From::ArgoCd:
            return notify::Type::ArgoCd;
        case From::Slack:
            return notify::Type::Slack;
        case From::CloudEvents:
            return notify::Type::CloudEvents;
        case From::Webhook:
        case From::CommitStatus:  // one message for each image, too
            break;
    }
    return notify::Type::Webhook;
}

}  // namespace linkspan::pipeline
