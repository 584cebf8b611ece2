// operators: who may read the API and act through it.
#include "config/rule.h"
#include "config/sections.h"

namespace linkspan::config {

namespace {

const Choices<Operator::Role> kRoles{
    {"reader", Operator::Role::Reader}, {"operator", Operator::Role::Operator}};

// A glob over names of targets.
Result<std::string> target_glob(std::string_view text) {
    if (text.size() > 128) return Error{Errc::InvalidInput, "longer than any target's name"};
    return rule::line(text);
}

}  // namespace

const Mapping<Operator>& operator_mapping() {
    static const Mapping<Operator> mapping{
        "operator", "A person or program that may use the API.", [](Mapping<Operator>& m) {
            m.text("name", &Operator::name, "Audit records and holds say it.", rule::name)
                .pattern(rule::kNamePattern)
                .required();
            m.secret("token", &Operator::token, "Bearer token, of its own for each.").required();
            m.choice(
                "role",
                &Operator::role,
                "reader: reads lists. operator: acts too (hold, resume, rollback, replay).",
                kRoles
            );
            m.texts(
                 "targets",
                 &Operator::targets,
                 "Globs over names of targets: where an operator may act. None: everywhere.",
                 target_glob
            )
                .not_empty();
        }};
    return mapping;
}

}  // namespace linkspan::config
