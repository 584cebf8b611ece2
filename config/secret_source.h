// Secrets by reference, followed: the SecretSource of a receiver.
#pragma once

#include "config/config.h"
#include "config/file.h"
#include "core/secret.h"
#include "webhooks/receiver.h"

#include <mutex>
#include <optional>
#include <vector>

namespace linkspan::config {

// current() looks at each file (one stat) and reads it again when it changed. A file that can't be
// read, or is empty, while somebody replaces it leaves the last good value in force. Variables are
// read once: a process's environment does not change. Usable from any thread.
class FollowedSecrets final : public webhooks::SecretSource {
public:
    explicit FollowedSecrets(std::vector<SecretRef> references);
    [[nodiscard]] std::vector<Secret> current() const override;

private:
    struct Entry {
        SecretRef reference;
        std::optional<Secret> value;
        // nullopt: read again at the next look, whatever the file looks like.
        std::optional<FileStamp> stamp;
    };
    static void refresh(Entry& entry);

    mutable std::mutex mutex_;
    mutable std::vector<Entry> entries_;
};

}  // namespace linkspan::config
