// ForgeType: whose API a repository's pull requests are asked for with.
#pragma once

#include <string_view>

namespace linkspan::forge {

enum class ForgeType {
    Github,  // and GitHub Enterprise Server
    Gitlab,
    Gitea,  // and Forgejo
    BitbucketCloud,
    BitbucketDataCenter,
    AzureDevops,
};

// "GitHub", for messages.
std::string_view to_string(ForgeType type);

}  // namespace linkspan::forge
