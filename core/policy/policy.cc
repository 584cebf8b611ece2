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
    if (const auto filter = Filters::compile(policy); filter.has_error()) {
        return filter.error();
    }
    if (const auto strategy = make_strategy(policy.select, policy.also); strategy.has_error()) {
        return strategy.error();
    }
    if (std::holds_alternative<Follow>(policy.select) && policy.digest == DigestMode::Never) {
        return Error{
            Errc::InvalidInput,
            "digest: never can't go with select.digest, which writes nothing but digests"};
    }
    for (const LabelRule& rule : policy.labels) {
        const Status label = check_label_rule(rule);
        if (label.has_error()) return label.error().within("labels." + rule.key);
    }
    return {};
}

}  // namespace linkspan::policy
