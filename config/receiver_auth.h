// The keys of a receiver that say who may call it, and the rules between them.
#pragma once

#include "config/mapping.h"
#include "webhooks/receiver.h"

namespace linkspan::config {

void add_auth_keys(Mapping<webhooks::Receiver>& m);

// After the keys of the whole receiver were read: completes `auth` with what its sender does by
// itself, makes the secrets, and notes what is missing and what has no use.
void check_auth(Reader& reader, const Node& node, webhooks::Receiver& receiver);

}  // namespace linkspan::config
