#include "core/image/reference.h"

#include "core/image/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace linkspan::image {

namespace {

constexpr std::string_view kDockerHub = "docker.io";
// distribution/reference limits the repository to 255 characters; a DNS name has at most 253.
constexpr std::size_t kLongestRepository = 255;
constexpr std::size_t kLongestHost = 255;
constexpr std::size_t kLongestTag = 128;

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower_alnum(char c) { return is_lower(c) || is_digit(c); }
constexpr bool is_alnum(char c) { return is_lower_alnum(c) || is_upper(c); }
constexpr bool is_lower_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

template <class Test>
bool all_of(std::string_view text, const Test& test) {
    return std::all_of(text.begin(), text.end(), test);
}

std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), to_lower);
    return out;
}

Error bad(std::string_view what, std::string_view text, std::string_view why) {
    return Error{Errc::InvalidInput, fmt::format("{} {}: {}", what, quote(text), why)};
}

// [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
bool is_path_component(std::string_view text) {
    std::size_t i = 0;
    while (true) {
        const std::size_t word = i;
        while (i < text.size() && is_lower_alnum(text[i])) ++i;
        if (i == word) return false;
        if (i == text.size()) return true;
        const std::size_t separator = i;
        while (i < text.size() && text[i] == text[separator]) ++i;
        const std::size_t width = i - separator;
        switch (text[separator]) {
            case '.':
                if (width != 1) return false;
                break;
            case '_':
                if (width > 2) return false;
                break;
            case '-':
                break;
            default:
                return false;
        }
    }
}

bool is_path(std::string_view text) {
    while (true) {
        const std::size_t slash = text.find('/');
        if (!is_path_component(text.substr(0, slash))) return false;
        if (slash == std::string_view::npos) return true;
        text.remove_prefix(slash + 1);
    }
}

// Labels of letters, digits and inner hyphens, joined by dots; or an IPv6 address in brackets.
bool is_host_name(std::string_view text) {
    if (!text.empty() && text.front() == '[') {
        return text.size() > 2 && text.back() == ']' &&
               all_of(text.substr(1, text.size() - 2), [](char c) {
                   return is_lower_hex(to_lower(c)) || c == ':';
               });
    }
    while (true) {
        const std::size_t dot = text.find('.');
        const std::string_view label = text.substr(0, dot);
        if (label.empty() || label.front() == '-' || label.back() == '-' ||
            !all_of(label, [](char c) { return is_alnum(c) || c == '-'; })) {
            return false;
        }
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool is_host(std::string_view text) {
    if (text.size() > kLongestHost) return false;
    const std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
        const std::string_view port = text.substr(colon + 1);
        if (port.empty() || port.size() > 5 || !all_of(port, is_digit)) return false;
        text = text.substr(0, colon);
    }
    return is_host_name(text);
}

// Docker's rule for telling a host from the first part of a Docker Hub path.
bool looks_like_host(std::string_view text) {
    return text == "localhost" || text.find_first_of(".:") != std::string_view::npos ||
           std::any_of(text.begin(), text.end(), is_upper);
}

}  // namespace

Result<ImageName> ImageName::parse(std::string_view text) {
    if (text.find("://") != std::string_view::npos) {
        return bad("image name", text, "leave out the scheme (write host/path)");
    }
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || !looks_like_host(text.substr(0, slash))) {
        return from_parts(kDockerHub, text);
    }
    return from_parts(text.substr(0, slash), text.substr(slash + 1));
}

Result<ImageName> ImageName::from_parts(std::string_view host, std::string_view repository) {
    ImageName name;
    name.host_ = host.empty() ? std::string{kDockerHub} : lower(host);
    if (!is_host(name.host_)) {
        return bad("registry host", host, "expected a host name with an optional port");
    }
    // Written back without a '.' or ':', the host would read as a path on Docker Hub: another
    // image.
    if (!looks_like_host(name.host_)) {
        return bad(
            "registry host",
            host,
            "in an image name a host needs a '.' or a port, or is \"localhost\" (path parts are "
            "lower-case)"
        );
    }
    if (name.host_ == "index.docker.io" || name.host_ == "registry-1.docker.io") {
        name.host_ = kDockerHub;
    }
    if (repository.empty()) return bad("image name", repository, "the repository is missing");
    if (repository.size() > kLongestRepository) {
        return bad("repository", repository, "longer than 255 characters");
    }
    if (!is_path(repository)) {
        return bad(
            "repository",
            repository,
            "expected lower-case letters and digits, joined by single '.', '_', '__' or '-', in "
            "parts separated by '/'"
        );
    }
    const bool official =
        name.host_ == kDockerHub && repository.find('/') == std::string_view::npos;
    name.repository_ = official ? "library/" + std::string{repository} : std::string{repository};
    return name;
}

bool Tag::is_valid(std::string_view text) {
    static constexpr auto kInner = [] {
        std::array<bool, 256> table{};
        for (std::size_t i = 0; i < table.size(); ++i) {
            const char c = static_cast<char>(i);
            table[i] = is_alnum(c) || c == '_' || c == '.' || c == '-';
        }
        return table;
    }();
    if (text.empty() || text.size() > kLongestTag) return false;
    if (text.front() == '.' || text.front() == '-') return false;
    return all_of(text, [](char c) { return kInner[static_cast<unsigned char>(c)]; });
}

Result<Tag> Tag::parse(std::string_view text) {
    if (text.empty()) return bad("tag", text, "a tag can't be empty");
    if (text.size() > kLongestTag) return bad("tag", text, "longer than 128 characters");
    if (!is_valid(text)) {
        return bad(
            "tag", text, "expected letters, digits, '_', '.' and '-', not beginning with '.' or '-'"
        );
    }
    Tag tag;
    tag.text_ = text;
    return tag;
}

Result<Digest> Digest::parse(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view algorithm = text.substr(0, colon);
    const std::size_t digits = algorithm == "sha256" ? 64 : algorithm == "sha512" ? 128 : 0;
    if (digits == 0 || colon == std::string_view::npos) {
        return bad("digest", text, "expected sha256:… or sha512:…");
    }
    const std::string_view hex = text.substr(colon + 1);
    if (hex.size() != digits || !all_of(hex, is_lower_hex)) {
        return bad(
            "digest", text, fmt::format("expected {} lower-case hexadecimal digits", digits)
        );
    }
    Digest digest;
    digest.text_ = text;
    return digest;
}

std::string_view Digest::algorithm() const {
    return std::string_view{text_}.substr(0, text_.find(':'));
}

std::string_view Digest::hex() const {
    return std::string_view{text_}.substr(std::min(text_.size(), algorithm().size() + 1));
}

Result<ImageReference> ImageReference::parse(std::string_view text) {
    LINKSPAN_TRY(written, parse_written(text));
    return std::move(written.meaning);
}

std::string ImageReference::str() const {
    std::string out = name.str();
    if (tag) out += ":" + tag->str();
    if (digest) out += "@" + digest->str();
    return out;
}

Result<WrittenReference> parse_written(std::string_view text) {
    WrittenReference out;
    const std::size_t at = text.find('@');
    std::string_view rest = text.substr(0, at);
    if (at != std::string_view::npos) {
        out.digest = text.substr(at + 1);
        LINKSPAN_TRY(digest, Digest::parse(out.digest));
        out.meaning.digest = std::move(digest);
    }
    // A ':' before the last '/' is the host's port.
    const std::size_t slash = rest.rfind('/');
    const std::size_t colon = rest.rfind(':');
    const bool tagged = colon != std::string_view::npos &&
                        (slash == std::string_view::npos || colon > slash) &&
                        rest.find("://") == std::string_view::npos;
    if (tagged) {
        out.tag = rest.substr(colon + 1);
        rest = rest.substr(0, colon);
        LINKSPAN_TRY(tag, Tag::parse(out.tag));
        out.meaning.tag = std::move(tag);
    }
    out.name = rest;
    LINKSPAN_TRY(name, ImageName::parse(rest));
    out.meaning.name = std::move(name);
    return out;
}

bool is_attachment_tag(std::string_view tag) {
    std::size_t digits = 0;
    if (tag.starts_with("sha256-")) {
        digits = 64;
    } else if (tag.starts_with("sha512-")) {
        // The referrers tag schema cuts the encoded part at 64 characters; cosign doesn't.
        digits = 128;
    } else {
        return false;
    }
    tag.remove_prefix(7);
    const std::size_t end = std::min(tag.size(), tag.find_first_not_of("0123456789abcdef"));
    if (end != digits && end != 64) return false;
    const std::string_view suffix = tag.substr(end);
    return suffix.empty() || suffix == ".sig" || suffix == ".att" || suffix == ".sbom";
}

}  // namespace linkspan::image
