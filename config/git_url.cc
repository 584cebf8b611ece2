#include "config/git_url.h"

#include "config/quote.h"
#include "config/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace linkspan::config {

namespace {

constexpr std::string_view kForms =
    "write https://host/path, ssh://git@host/path, git@host:path, file:///path or a path";

Error bad(std::string message) { return {Errc::InvalidInput, std::move(message)}; }

bool has_space_or_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
    });
}

Result<GitUrl> parse_ssh(std::string_view text) {
    const std::string_view rest = text.substr(6);
    const std::string_view authority = rest.substr(0, rest.find('/'));
    const std::string_view user = authority.substr(0, authority.find('@'));
    if (authority.size() != user.size() && user.find(':') != std::string_view::npos) {
        return bad("a password does not belong in a URL; give \"credentials\"");
    }
    // A host that begins with '-' would be an option of an ssh program.
    const std::string_view host =
        authority.size() == user.size() ? authority : authority.substr(user.size() + 1);
    if (host.empty() || host.starts_with('-') || user.starts_with('-') ||
        rest.size() <= authority.size() + 1) {
        return bad(quote(text) + " is no SSH URL; write ssh://git@host/path");
    }
    return GitUrl{GitTransport::Ssh, std::string{text}};
}

}  // namespace

Result<GitUrl> parse_git_url(std::string_view text, const std::string& directory) {
    if (has_space_or_control(text)) return bad(fmt::format("has white space; {}", kForms));
    if (text.starts_with("https://") || text.starts_with("http://")) {
        auto url = rule::http_url(text);
        if (url.has_error()) {
            const std::string_view rest = text.substr(text.find("//") + 2);
            const bool user = rest.substr(0, rest.find('/')).find('@') != std::string_view::npos;
            if (!user) return url.error();
            return bad("credentials do not belong in a URL; give \"credentials\" instead");
        }
        return GitUrl{
            text.starts_with("https") ? GitTransport::Https : GitTransport::Http, std::move(*url)};
    }
    if (text.starts_with("ssh://")) return parse_ssh(text);
    if (text.starts_with("file://")) {
        if (text.substr(7).starts_with('/')) return GitUrl{GitTransport::File, std::string{text}};
        return bad(quote(text) + " has no absolute path; write file:///path");
    }
    const std::size_t scheme = text.find("://");
    const std::size_t colon = text.find(':');
    if (scheme != std::string_view::npos) {
        // Only the scheme is shown: the rest may hold a password.
        return bad(fmt::format(
            "{} is not a way to reach a repository; {}", quote(text.substr(0, scheme + 3)), kForms
        ));
    }
    if (colon != std::string_view::npos && colon < text.find('/')) {
        const std::size_t at = text.find('@');
        const bool scp = at != std::string_view::npos && at > 0 && at + 1 < colon &&
                         colon + 1 < text.size() && text[0] != '-' && text[at + 1] != '-' &&
                         text[colon + 1] != ':';
        if (scp) return GitUrl{GitTransport::Ssh, std::string{text}};
        return bad(fmt::format("neither a URL nor a path; {}", kForms));
    }
    const auto path = (std::filesystem::path{directory} / text).lexically_normal();
    return GitUrl{GitTransport::File, path.string()};
}

}  // namespace linkspan::config
