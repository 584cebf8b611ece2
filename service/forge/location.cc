#include "service/forge/location.h"

#include "service/transport/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace linkspan::forge {
namespace {

// "ssh.dev.azure.com", "v3/acme/platform/fleet"
struct Parts {
    std::string scheme;
    std::string host;  // with port where it is of the web
    std::string path;  // without '/' at either end and without ".git"
};

std::string trimmed(std::string_view path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    if (path.ends_with(".git")) path.remove_suffix(4);
    return std::string{path};
}

std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

std::optional<Parts> take_apart(std::string_view url) {
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) {
        const auto colon = url.find(':');
        if (colon == std::string_view::npos ||
            url.substr(0, colon).find('/') != std::string::npos) {
            return std::nullopt;
        }
        const auto authority = url.substr(0, colon);
        const auto at = authority.rfind('@');
        return Parts{
            "ssh",
            lower(at == std::string_view::npos ? authority : authority.substr(at + 1)),
            trimmed(url.substr(colon + 1))};
    }
    const std::string scheme = lower(url.substr(0, scheme_end));
    if (scheme != "http" && scheme != "https" && scheme != "ssh") return std::nullopt;
    const auto rest = url.substr(scheme_end + 3);
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    auto authority = rest.substr(0, slash);
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        authority.remove_prefix(at + 1);
    }
    std::string host = lower(authority);
    // The port of ssh says nothing about the web.
    if (scheme == "ssh" && !host.starts_with('[')) host = host.substr(0, host.find(':'));
    return Parts{scheme, std::move(host), trimmed(rest.substr(slash))};
}

std::vector<std::string> split(const std::string& path) {
    std::vector<std::string> out;
    std::size_t from = 0;
    while (from <= path.size()) {
        const auto slash = std::min(path.find('/', from), path.size());
        if (slash > from) out.push_back(path.substr(from, slash - from));
        from = slash + 1;
    }
    return out;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Azure's names have spaces: "My%20Project".
std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                            hex_value(text[i + 2]) >= 0;
        if (escape) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string joined(const std::vector<std::string>& parts, std::size_t from, std::size_t to) {
    std::string out;
    for (std::size_t i = from; i < to; ++i) out += (i == from ? "" : "/") + parts[i];
    return out;
}

Error unknown(ForgeType type, std::string_view expected) {
    return {
        Errc::InvalidInput,
        fmt::format("the repository's URL is none of {}: expected {}", to_string(type), expected)};
}

// The web interface's prefix, of an address that may be the API's.
std::string web_prefix(std::string_view path) {
    std::string out = "/" + trimmed(path);
    for (const std::string_view api :
         {"/api/v3", "/api/v4", "/api/v1", "/rest/api/1.0", "/rest", "/2.0"}) {
        if (out.ends_with(api)) {
            out.resize(out.size() - api.size());
            break;
        }
    }
    return out == "/" ? "" : out;
}

bool equal_names(const std::string& a, const std::string& b) {
    return lower(decoded(a)) == lower(decoded(b));
}

// How many names of `before`, the path up to "_git", are a server's virtual directory and not the
// collection: ".../tfs/Main/platform/_git/fleet", ".../tfs/Main/_git/fleet". `web` are the names of
// the configured address, with the collection or without.
std::size_t azure_prefix(
    const std::vector<std::string>& before, const std::vector<std::string>& web
) {
    const bool below =
        !web.empty() && web.size() <= before.size() &&
        std::equal(web.begin(), web.end(), before.begin(), [](const auto& a, const auto& b) {
            return equal_names(a, b);
        });
    // The name that servers gave it until 2018, and keep when they are upgraded.
    const auto usual = [](const std::string& name) { return lower(name) == "tfs"; };
    if (below && (before.size() == web.size() + 2 || usual(web.back()))) return web.size();
    if (below) return web.size() - 1;
    if (before.size() == 2 && usual(before.front())) return 1;
    return before.size() > 2 ? before.size() - 2 : 0;
}

Result<Location> locate_azure(
    const Parts& parts, Location location, const std::vector<std::string>& web
) {
    auto names = split(parts.path);
    const auto fill = [&](std::string owner, std::string project, std::string repository) {
        location.owner = decoded(owner);
        location.project = decoded(project);
        location.repository = decoded(repository);
        return location;
    };
    const auto expected = "https://dev.azure.com/organization/project/_git/repository";
    if (parts.host == "ssh.dev.azure.com" || parts.host == "vs-ssh.visualstudio.com") {
        // git@ssh.dev.azure.com:v3/acme/platform/fleet
        if (names.size() != 4 || names[0] != "v3") return unknown(ForgeType::AzureDevops, expected);
        if (location.origin.empty() || location.origin == "https://" + parts.host) {
            location.origin = "https://dev.azure.com";
        }
        return fill(names[1], names[2], names[3]);
    }
    const auto git = std::find(names.begin(), names.end(), "_git");
    // Clones without blobs: .../_git/_optimized/fleet, .../_git/_full/fleet.
    const bool partly = git != names.end() && git + 3 == names.end() &&
                        (*(git + 1) == "_optimized" || *(git + 1) == "_full");
    if (git == names.end() || (git + 2 != names.end() && !partly)) {
        return unknown(ForgeType::AzureDevops, expected);
    }
    const std::string repository = names.back();
    std::vector<std::string> before{names.begin(), git};
    if (parts.host.ends_with(".visualstudio.com")) {
        // https://acme.visualstudio.com/DefaultCollection/platform/_git/fleet
        if (!before.empty() && lower(before.front()) == "defaultcollection") {
            before.erase(before.begin());
        }
        if (location.origin.ends_with(".visualstudio.com")) {
            location.origin = "https://dev.azure.com";
        }
        return fill(
            parts.host.substr(0, parts.host.find('.')),
            before.empty() ? repository : before.back(),
            repository
        );
    }
    const std::size_t prefix = azure_prefix(before, web);
    const std::size_t rest = before.size() - std::min(prefix, before.size());
    if (rest < 1 || rest > 2) return unknown(ForgeType::AzureDevops, expected);
    location.prefix = prefix > 0 ? "/" + joined(before, 0, prefix) : "";
    // https://dev.azure.com/acme/_git/fleet: the project's own repository.
    return fill(before[prefix], rest == 1 ? repository : before.back(), repository);
}

Result<Location> locate_data_center(const Parts& parts, Location location) {
    // https://HOST/context/scm/KEY/repo.git; ssh://git@HOST:7999/KEY/repo.git
    const auto names = split(parts.path);
    const bool web = parts.scheme != "ssh";
    const auto scm = std::find(names.begin(), names.end(), "scm");
    const std::size_t from = web && scm != names.end()
                                 ? static_cast<std::size_t>(scm - names.begin()) + 1
                                 : (names.size() >= 2 ? names.size() - 2 : 0);
    if (names.size() < 2 || names.size() - from != 2) {
        return unknown(ForgeType::BitbucketDataCenter, "https://host/scm/KEY/repository.git");
    }
    if (location.prefix.empty() && web && from > 1) {
        location.prefix = "/" + joined(names, 0, from - (scm != names.end() ? 1 : 0));
    }
    location.owner = names[from];
    location.repository = names[from + 1];
    return location;
}

}  // namespace

std::string Location::path() const {
    return project.empty() ? owner + "/" + repository : owner + "/" + project + "/" + repository;
}

std::optional<ForgeType> guess_type(std::string_view git_url) {
    const auto parts = take_apart(git_url);
    if (!parts) return std::nullopt;
    const std::string& host = parts->host;
    if (host == "github.com" || host == "ssh.github.com" || host.ends_with(".ghe.com")) {
        return ForgeType::Github;
    }
    if (host == "gitlab.com" || host == "altssh.gitlab.com") return ForgeType::Gitlab;
    if (host == "bitbucket.org" || host == "altssh.bitbucket.org") return ForgeType::BitbucketCloud;
    if (host == "codeberg.org" || host == "gitea.com") return ForgeType::Gitea;
    if (host == "dev.azure.com" || host == "ssh.dev.azure.com" ||
        host.ends_with(".visualstudio.com")) {
        return ForgeType::AzureDevops;
    }
    return std::nullopt;
}

Result<Location> locate(ForgeType type, std::string_view git_url, std::string_view web) {
    const auto parts = take_apart(git_url);
    if (!parts || parts->host.empty() || parts->path.empty()) {
        return unknown(type, "a URL with a host, or \"forge.project\" with its path there");
    }
    Location location;
    std::vector<std::string> web_names;
    location.origin = (parts->scheme == "http" ? "http://" : "https://") + parts->host;
    if (!web.empty()) {
        LINKSPAN_TRY(url, transport::Url::parse(web));
        location.origin = url.origin();
        location.prefix = web_prefix(url.path());
        web_names = split(trimmed(url.path()));
    }
    if (type == ForgeType::AzureDevops) {
        location.prefix.clear();  // the URL says it
        return locate_azure(*parts, std::move(location), web_names);
    }
    if (type == ForgeType::BitbucketDataCenter) {
        return locate_data_center(*parts, std::move(location));
    }

    std::string path = parts->path;
    // Git below the same prefix as the web interface.
    const std::string prefix = location.prefix.empty() ? "" : location.prefix.substr(1) + "/";
    if (parts->scheme != "ssh" && !prefix.empty() && path.starts_with(prefix)) {
        path.erase(0, prefix.size());
    }
    const auto names = split(path);
    if (names.size() < 2) return unknown(type, "https://host/owner/repository.git");
    location.repository = names.back();
    if (type == ForgeType::Gitlab) {
        location.owner = joined(names, 0, names.size() - 1);
        return location;
    }
    location.owner = names[names.size() - 2];
    if (names.size() > 2) {
        if (!web.empty() || parts->scheme == "ssh" || type != ForgeType::Gitea) {
            return unknown(type, "https://host/owner/repository.git");
        }
        // A Gitea below a path: nothing else has three names.
        location.prefix = "/" + joined(names, 0, names.size() - 2);
    }
    return location;
}

std::string api_base(ForgeType type, const Location& location, std::string_view web) {
    const std::string root = location.origin + location.prefix;
    const auto host = std::string_view{location.origin}.substr(location.origin.find("://") + 3);
    const auto below = [&](std::string_view suffix) { return root + std::string{suffix}; };
    switch (type) {
        case ForgeType::Github:
            if (host == "github.com" || host == "www.github.com" || host == "ssh.github.com" ||
                host == "api.github.com") {
                return "https://api.github.com";
            }
            if (host.ends_with(".ghe.com")) {
                return host.starts_with("api.") ? "https://" + std::string{host}
                                                : "https://api." + std::string{host};
            }
            return below("/api/v3");
        case ForgeType::Gitlab:
            if (host == "altssh.gitlab.com") return "https://gitlab.com/api/v4";
            return below("/api/v4");
        case ForgeType::Gitea:
            return below("/api/v1");
        case ForgeType::BitbucketCloud:
            if (web.empty() || host == "bitbucket.org" || host == "api.bitbucket.org") {
                return "https://api.bitbucket.org/2.0";
            }
            return below("/2.0");
        case ForgeType::BitbucketDataCenter:
            return root;
        case ForgeType::AzureDevops: {
            const std::string name = transport::percent_encode(location.owner);
            return below("/" + name);
        }
    }
    return root;
}

std::string graphql_base(std::string_view api_base) {
    if (api_base.ends_with("/api/v3")) api_base.remove_suffix(3);
    return std::string{api_base} + "/graphql";
}

}  // namespace linkspan::forge
