#include "service/git/remote_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>
#include <system_error>

namespace linkspan::git {
namespace {

using Scheme = RemoteUrl::Scheme;

struct Prefix {
    std::string_view text;
    Scheme scheme;
};
constexpr std::array kPrefixes{
    Prefix{"https://", Scheme::Https},
    Prefix{"http://", Scheme::Http},
    Prefix{"ssh://", Scheme::Ssh},
    Prefix{"git+ssh://", Scheme::Ssh},
    Prefix{"ssh+git://", Scheme::Ssh},
    Prefix{"git://", Scheme::Git},
    Prefix{"file://", Scheme::Local},
};

// No message quotes the URL: it may hold a password.
Error refuse(std::string_view why) {
    return {Errc::InvalidInput, fmt::format("repository URL: {}", why)};
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string decode_percent(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            decoded.push_back(
                static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]))
            );
            i += 2;
        } else {
            decoded.push_back(text[i]);
        }
    }
    return decoded;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

std::optional<Error> take_authority(std::string_view authority, RemoteUrl& url) {
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        const auto userinfo = authority.substr(0, at);
        authority.remove_prefix(at + 1);
        const auto colon = userinfo.find(':');
        url.user = decode_percent(userinfo.substr(0, colon));
        if (colon != std::string_view::npos) {
            url.password = Secret{decode_percent(userinfo.substr(colon + 1))};
        }
    }
    std::string_view port;
    if (!authority.empty() && authority.front() == '[') {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return refuse("'[' without ']' in the host");
        url.host = authority.substr(1, close - 1);
        authority.remove_prefix(close + 1);
        if (!authority.empty() && authority.front() != ':') return refuse("text after ']'");
        if (!authority.empty()) port = authority.substr(1);
    } else {
        const auto colon = authority.find(':');
        url.host = authority.substr(0, colon);
        if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    }
    if (!port.empty()) {
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
        if (error != std::errc{} || end != port.data() + port.size() || url.port == 0) {
            return refuse("the port is no number from 1 to 65535");
        }
    }
    return std::nullopt;
}

Status check(const RemoteUrl& url) {
    if (has_control(url.host) || has_control(url.path) || has_control(url.user)) {
        return refuse("control characters");
    }
    if (url.path.empty() || url.path == "/") return refuse("the path of the repository is missing");
    if (url.path.front() == '-') return refuse("a path that begins with '-'");
    if (url.scheme == Scheme::Local) return {};
    if (url.host.empty()) return refuse("the host is missing");
    if (url.host.front() == '-' || (!url.user.empty() && url.user.front() == '-')) {
        return refuse("a host or user that begins with '-'");
    }
    if (url.host.find_first_of(" /\\?#%'\"") != std::string::npos) {
        return refuse("a character in the host that no host has");
    }
    if (url.user.find_first_of("@ ") != std::string::npos && url.scheme == Scheme::Ssh) {
        return refuse("a character in the user that no ssh user has");
    }
    if (url.scheme == Scheme::Http || url.scheme == Scheme::Https) {
        if (url.path.find_first_of("?#") != std::string::npos) {
            return refuse("a query or fragment, which a repository URL can't have");
        }
    }
    return {};
}

Result<RemoteUrl> finish(RemoteUrl url) {
    if (auto status = check(url); status.has_error()) return status.error();
    return url;
}

Result<RemoteUrl> parse_local(std::string_view path) {
    std::error_code error;
    const auto absolute = std::filesystem::absolute(std::filesystem::path{path}, error);
    if (error || path.empty()) return refuse("the path of the repository is missing");
    RemoteUrl url;
    url.path = absolute.string();
    return finish(std::move(url));
}

// user@host:path, which has no "://" and a colon before the first slash.
Result<RemoteUrl> parse_scp(std::string_view text, std::size_t colon) {
    RemoteUrl url;
    url.scheme = Scheme::Ssh;
    const auto authority = text.substr(0, colon);
    const auto at = authority.rfind('@');
    if (at != std::string_view::npos) url.user = authority.substr(0, at);
    url.host = at == std::string_view::npos ? authority : authority.substr(at + 1);
    if (url.host.size() > 1 && url.host.front() == '[' && url.host.back() == ']') {
        url.host = url.host.substr(1, url.host.size() - 2);
    }
    url.path = text.substr(colon + 1);
    return finish(std::move(url));
}

// The colon of user@host:path; an IPv6 host is in brackets there.
std::optional<std::size_t> scp_colon(std::string_view text) {
    std::size_t from = 0;
    if (const auto bracket = text.find('['); bracket < text.find('/')) {
        const auto close = text.find("]:", bracket);
        if (close == std::string_view::npos) return std::nullopt;
        from = close;
    }
    const auto colon = text.find(':', from);
    if (colon == std::string_view::npos || colon == 0 || text.find('/') < colon)
        return std::nullopt;
    return colon;
}

}  // namespace

Result<RemoteUrl> RemoteUrl::parse(std::string_view text) {
    const auto* prefix = std::find_if(kPrefixes.begin(), kPrefixes.end(), [&](const Prefix& p) {
        return text.substr(0, p.text.size()) == p.text;
    });
    if (prefix == kPrefixes.end()) {
        // "name::address" would be a helper program to Git.
        if (text.find("://") != std::string_view::npos ||
            (text.find("::") < text.find_first_of("/[@"))) {
            return refuse("the scheme is none of https, http, ssh, git, file");
        }
        if (const auto colon = scp_colon(text)) return parse_scp(text, *colon);
        return parse_local(text);
    }
    auto rest = text.substr(prefix->text.size());
    if (prefix->scheme == Scheme::Local) {
        if (rest.empty() || rest.front() != '/') return refuse("file:// needs an absolute path");
        return parse_local(decode_percent(rest));
    }
    RemoteUrl url;
    url.scheme = prefix->scheme;
    const auto slash = rest.find('/');
    if (auto error = take_authority(rest.substr(0, slash), url)) return *error;
    if (slash != std::string_view::npos) url.path = rest.substr(slash);
    if (url.scheme == Scheme::Ssh || url.scheme == Scheme::Git) {
        url.path = decode_percent(url.path);
        // ssh://host/~user/x is relative to that user's home.
        if (url.path.size() > 1 && url.path[1] == '~') url.path.erase(0, 1);
    } else {
        while (url.path.size() > 1 && url.path.back() == '/') url.path.pop_back();
    }
    return finish(std::move(url));
}

std::string RemoteUrl::display() const {
    if (scheme == Scheme::Local) return path;
    const auto name = scheme == Scheme::Https  ? "https"
                      : scheme == Scheme::Http ? "http"
                      : scheme == Scheme::Git  ? "git"
                                               : "ssh";
    const bool v6 = host.find(':') != std::string::npos;
    return fmt::format(
        "{}://{}{}{}{}{}{}",
        name,
        v6 ? "[" : "",
        host,
        v6 ? "]" : "",
        port == 0 ? "" : fmt::format(":{}", port),
        path.empty() || path.front() == '/' ? "" : "/",
        path
    );
}

}  // namespace linkspan::git
