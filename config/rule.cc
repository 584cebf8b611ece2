#include "config/rule.h"

#include "config/quote.h"
#include "core/image/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace linkspan::config::rule {

namespace {

Error bad(std::string message) { return {Errc::InvalidInput, std::move(message)}; }

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_space_or_control(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }

bool is_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return !text.empty() && error == std::errc{} && end == text.data() + text.size() &&
           port <= 65535;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

}  // namespace

Result<std::string> name(std::string_view text) {
    const bool good = !text.empty() && text.size() <= 63 && is_letter_or_digit(text[0]) &&
                      std::all_of(text.begin(), text.end(), [](char c) {
                          return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
                      });
    if (good) return std::string{text};
    return bad(fmt::format(
        "{} is no name; use letters, digits, '.', '_' and '-', at most 63, a letter or digit first",
        quote(text)
    ));
}

Result<std::string> listen(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    const Error wrong =
        bad(quote(text) + " is no address; write host:port, such as 0.0.0.0:8080 or [::1]:8080");
    if (colon == std::string_view::npos || !is_port(text.substr(colon + 1))) return wrong;
    const std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (!bracketed && host.find_first_of(":[]") != std::string_view::npos) return wrong;
    if (std::any_of(host.begin(), host.end(), [](char c) { return is_space_or_control(c); })) {
        return wrong;
    }
    return std::string{text};
}

Result<std::string> http_url(std::string_view text) {
    std::string_view rest = text;
    if (rest.starts_with("https://")) {
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        // Not quoted: a text that is no URL may be a secret in the wrong place.
        return bad("no URL; write https://host or http://host");
    }
    if (rest.substr(0, rest.find('/')).find('@') != std::string_view::npos) {
        return bad("credentials do not belong in a URL; remove what stands before the @");
    }
    if (rest.empty() || rest[0] == '/' || rest[0] == ':' ||
        std::any_of(rest.begin(), rest.end(), [](char c) { return is_space_or_control(c); }) ||
        rest.find_first_of("?#\"<>\\^`{|}") != std::string_view::npos) {
        return bad(quote(text) + " is no URL of a service; write https://host[:port][/path]");
    }
    const std::string_view authority = rest.substr(0, rest.find('/'));
    const std::size_t colon = authority.rfind(':');
    if (colon != std::string_view::npos && authority.back() != ']' &&
        !is_port(authority.substr(colon + 1))) {
        return bad(quote(text) + " has no port number after its host");
    }
    std::string url{text};
    while (url.ends_with('/')) url.pop_back();
    return url;
}

Result<std::string> registry_host(std::string_view text) {
    if (text.find("://") != std::string_view::npos) {
        return bad(
            quote(text) +
            " is a URL; give the host alone, as image names have it, and the URL in \"endpoint\" "
            "where it differs"
        );
    }
    // A repository is needed for a name; which one does not matter.
    const auto parsed = image::ImageName::from_parts(text, "linkspan/linkspan");
    if (text.find('/') != std::string_view::npos || parsed.has_error()) {
        return bad(quote(text) + " is no registry host; write host or host:port");
    }
    return parsed->host();
}

Result<std::string> inside_repository(std::string_view text) {
    if (text.starts_with('/')) {
        return bad(quote(text) + " is absolute; paths start at the root of the repository");
    }
    if (text.find('\\') != std::string_view::npos) {
        return bad(quote(text) + " has a backslash; parts of a path are separated by '/'");
    }
    std::string normal;
    for (const std::string_view part : split(text, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..")
            return bad(quote(text) + " leads out of the repository; remove the \"..\"");
        if (!normal.empty()) normal += '/';
        normal += part;
    }
    return normal;
}

Result<std::string> branch(std::string_view text) {
    std::string_view name = text;
    if (name.starts_with("refs/heads/")) name.remove_prefix(11);
    const bool bad_character = std::any_of(name.begin(), name.end(), [](char c) {
        return is_space_or_control(c) ||
               std::string_view{"~^:?*[\\"}.find(c) != std::string_view::npos;
    });
    bool bad_part = name.empty() || name == "@" || name.starts_with('-') || name.ends_with('.');
    for (const std::string_view part : split(name, '/')) {
        bad_part = bad_part || part.empty() || part.starts_with('.') || part.ends_with(".lock");
    }
    if (bad_character || bad_part || name.find("..") != std::string_view::npos ||
        name.find("@{") != std::string_view::npos) {
        return bad(quote(text) + " is no branch name; write it like main or env/prod");
    }
    return std::string{name};
}

Result<std::string> image_glob(std::string_view text) {
    if (std::any_of(text.begin(), text.end(), [](char c) { return is_space_or_control(c); }) ||
        text.find("://") != std::string_view::npos) {
        return bad(
            quote(text) + " is no pattern of images; write it like registry.example.com/acme/*"
        );
    }
    return std::string{text};
}

Result<std::string> header_name(std::string_view text) {
    constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
    const bool good = text.size() <= 128 && std::all_of(text.begin(), text.end(), [&](char c) {
                          return is_letter_or_digit(c) || kOther.find(c) != std::string_view::npos;
                      });
    if (good) return std::string{text};
    return bad(quote(text) + " is no header name; write it like X-Hub-Signature-256");
}

Result<std::string> line(std::string_view text) {
    const bool good = std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (good) return std::string{text};
    return bad(quote(text) + " has a line break or control character; write it on one line");
}

Result<std::string> person(std::string_view text) {
    if (text.find_first_of("<>") != std::string_view::npos) {
        return bad(quote(text) + " has '<' or '>'; name and address stand in keys of their own");
    }
    return line(text);
}

}  // namespace linkspan::config::rule
