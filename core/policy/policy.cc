#include "core/policy/policy.h"

#include "core/policy/filter.h"
#include "core/policy/strategy.h"

#include <variant>

namespace linkspan::policy {

DigestMode digest_mode(const Policy& policy) {
    const bool follows = std::holds_alternative<Follow>(policy.select);
    return follows && policy.digest == DigestMode::Keep ? DigestMode::Pin : policy.digest;
}

Status validate(const Policy& policy) {
    if (const auto filter = Filter::compile(policy.tags); filter.has_error()) {
        return filter.error();
    }
    if (const auto strategy = make_strategy(policy.select); strategy.has_error()) {
        return strategy.error();
    }
    if (std::holds_alternative<Follow>(policy.select) && policy.digest == DigestMode::Never) {
        return Error{
            Errc::InvalidInput,
            "digest: never can't go with select.digest, which writes nothing but digests"};
    }
    return {};
}

}  // namespace linkspan::policy
