// Who may read lists, and who may act: the tokens of `operators` and server.read_token.
//
// Pure but for the files of secrets. Tokens are compared in constant time, with every operator,
// whoever matched before.
#pragma once

#include "config/config.h"
#include "service/http/server.h"

#include <optional>
#include <string>
#include <variant>

namespace linkspan::pipeline {

// nullopt: the caller may read. Reading is open while neither operators nor server.read_token are
// configured.
std::optional<http::Response> refuse_reader(
    const config::Config& config, const http::Request& request
);

// The operator that the token belongs to, or why not: 401, or 403 for those who may not act.
std::variant<const config::Operator*, http::Response> acting_operator(
    const config::Config& config, const http::Request& request
);

bool may_act_on(const config::Operator& who, const std::string& target);

}  // namespace linkspan::pipeline
