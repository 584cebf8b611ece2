#include "core/plan/source_links.h"

#include "core/plan/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace linkspan::plan {
namespace {

// A commit id, or a tag such as v1.2.3.
bool is_revision(std::string_view text) {
    return !text.empty() && text.size() <= 100 && text.front() != '-' && text.front() != '.' &&
           text.find("..") == std::string_view::npos &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' ||
                      c == '-';
           });
}

// "git@host:acme/app.git", "https://host/acme/app.git/" → "https://host/acme/app"; empty when it
// is no address of a repository.
std::string page_of(std::string_view source) {
    std::string url{source};
    if (url.starts_with("git@")) {
        const auto colon = url.find(':');
        if (colon == std::string::npos) return {};
        url = "https://" + url.substr(4, colon - 4) + "/" + url.substr(colon + 1);
    } else if (url.starts_with("git+https://")) {
        url.erase(0, 4);
    } else if (url.starts_with("ssh://git@")) {
        url = "https://" + url.substr(10);
    }
    url = url.substr(0, url.find_first_of("?#"));
    while (url.ends_with('/')) url.pop_back();
    if (url.ends_with(".git")) url.resize(url.size() - 4);
    if (!markdown::is_plain_url(url)) return {};
    const auto host = url.find("//") + 2;
    const auto path = url.find('/', host);
    if (path == std::string::npos || url.find('/', path + 1) == std::string::npos) return {};
    return url;
}

std::string host_of(std::string_view url) {
    const auto begin = url.find("//") + 2;
    std::string host{url.substr(begin, url.find('/', begin) - begin)};
    std::transform(host.begin(), host.end(), host.begin(), [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    return host;
}

}  // namespace

std::optional<std::string> compare_link(const ImageOrigin& from, const ImageOrigin& to) {
    if (!is_revision(from.revision) || !is_revision(to.revision)) return std::nullopt;
    if (from.revision == to.revision) return std::nullopt;
    const std::string page = page_of(to.source);
    // An image that moved to another repository has no commits in common with the old one.
    if (page.empty() || page != page_of(from.source)) return std::nullopt;
    const std::string host = host_of(page);
    if (host.find("gitlab") != std::string::npos) {
        return fmt::format("{}/-/compare/{}...{}", page, from.revision, to.revision);
    }
    if (host.find("bitbucket.org") != std::string::npos) {
        return fmt::format("{}/branches/compare/{}..{}#diff", page, to.revision, from.revision);
    }
    if (host.find("bitbucket") != std::string::npos) {
        return fmt::format(
            "{}/compare/commits?sourceBranch={}&targetBranch={}", page, to.revision, from.revision
        );
    }
    if (host == "dev.azure.com" || host.ends_with(".visualstudio.com")) {
        return fmt::format(
            "{}/branchCompare?baseVersion=GC{}&targetVersion=GC{}", page, from.revision, to.revision
        );
    }
    return fmt::format("{}/compare/{}...{}", page, from.revision, to.revision);
}

std::optional<std::string> commit_link(const ImageOrigin& origin) {
    if (!is_revision(origin.revision)) return std::nullopt;
    const std::string page = page_of(origin.source);
    if (page.empty()) return std::nullopt;
    const std::string host = host_of(page);
    if (host.find("gitlab") != std::string::npos) {
        return fmt::format("{}/-/commit/{}", page, origin.revision);
    }
    if (host.find("bitbucket") != std::string::npos) {
        return fmt::format("{}/commits/{}", page, origin.revision);
    }
    return fmt::format("{}/commit/{}", page, origin.revision);
}

}  // namespace linkspan::plan
