// Location: which repository of which forge a Git URL means. Pure.
#pragma once

#include "core/result.h"
#include "service/forge/forge_type.h"

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::forge {

struct Location {
    std::string origin{};  // of the web interface: "https://git.example.com"; scheme https for ssh
    std::string prefix{};  // what is before the repository's path there: "/gitea", or empty
    // GitHub, Gitea: the owner. GitLab: the group with its subgroups. Bitbucket Cloud: the
    // workspace. Data Center: the project's key ("~user" for a personal one). Azure: the
    // organization ("acme", or "collection" below a server).
    std::string owner{};
    std::string project{};     // Azure only
    std::string repository{};  // without ".git"
    // "acme/fleet", "acme/project/fleet".
    [[nodiscard]] std::string path() const;
};

// github.com, *.ghe.com, gitlab.com, bitbucket.org, dev.azure.com, *.visualstudio.com, codeberg.org
// and gitea.com say what they are; other hosts don't.
std::optional<ForgeType> guess_type(std::string_view git_url);

// https://, http://, ssh:// and user@host:path, in every form that the platform prints. `web` is
// the web interface's or the API's address when configured: it gives the origin and the prefix.
// Errors: InvalidInput, which says what form is expected.
Result<Location> locate(ForgeType type, std::string_view git_url, std::string_view web = {});

// The API's base without '/' at the end: `web` (an address of the web interface or of the API) or
// what the location implies.
//   GitHub https://api.github.com, https://HOST/api/v3; GitLab …/api/v4; Gitea …/api/v1;
//   Bitbucket Cloud https://api.bitbucket.org/2.0; Data Center https://HOST/context;
//   Azure https://dev.azure.com/acme
std::string api_base(ForgeType type, const Location& location, std::string_view web = {});
// Of GitHub's GraphQL, by the other base: https://api.github.com/graphql, HOST/api/graphql.
std::string graphql_base(std::string_view api_base);

}  // namespace linkspan::forge
