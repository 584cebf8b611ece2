// What a label must be. Private to core/policy.
#pragma once

#include "core/policy/policy.h"
#include "core/result.h"

#include <string_view>

namespace linkspan::policy {

// Errors: InvalidInput for an RE2 that does not compile.
Status check_label_rule(const LabelRule& rule);
// False for a rule that check_label_rule() refuses.
bool holds(const LabelRule& rule, std::string_view value);

}  // namespace linkspan::policy
