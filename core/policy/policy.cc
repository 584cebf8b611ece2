#include "core/policy/policy.h"

#include "core/policy/filter.h"
#include "core/policy/strategy.h"

namespace linkspan::policy {

Status validate(const Policy& policy) {
    if (const auto filter = Filter::compile(policy.tags); filter.has_error()) {
        return filter.error();
    }
    if (const auto strategy = make_strategy(policy.select); strategy.has_error()) {
        return strategy.error();
    }
    return {};
}

}  // namespace linkspan::policy
