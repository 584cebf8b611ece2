// Image names, tags, digests and references, normalised once and never re-checked afterwards.
//
// Grammar: https://github.com/distribution/reference and the OCI distribution specification.
// Docker's familiar forms are understood: "nginx" is docker.io/library/nginx, "acme/app" is
// docker.io/acme/app, index.docker.io and registry-1.docker.io are docker.io. Hosts are
// lower-cased; a first component is a host when it holds a '.' or ':' or is "localhost". (Docker
// also takes an upper-case first component for a host; here "Acme/app" is an error, since
// lower-cased it would read as a path on Docker Hub.)
//
// Plain values: copyable, comparable, usable from any thread. Errors: Errc::InvalidInput.
#pragma once

#include "core/result.h"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::image {

// "registry.example.com:5000/acme/app": where an image lives, without tag or digest.
class ImageName {
public:
    // Reads "host[:port]/path", or a familiar form. No scheme, no tag, no digest.
    static Result<ImageName> parse(std::string_view text);
    // For payloads that give host and repository apart; an empty host means docker.io.
    static Result<ImageName> from_parts(std::string_view host, std::string_view repository);

    [[nodiscard]] const std::string& host() const { return host_; }              // "docker.io"
    [[nodiscard]] const std::string& repository() const { return repository_; }  // "library/nginx"
    [[nodiscard]] std::string str() const { return host_ + "/" + repository_; }

    friend auto operator<=>(const ImageName&, const ImageName&) = default;

private:
    std::string host_;
    std::string repository_;
};

// [A-Za-z0-9_][A-Za-z0-9._-]{0,127}
class Tag {
public:
    static Result<Tag> parse(std::string_view text);
    // Whether parse() would take it: for lists too long to build a value or a message for each.
    static bool is_valid(std::string_view text);
    [[nodiscard]] const std::string& str() const { return text_; }
    friend auto operator<=>(const Tag&, const Tag&) = default;

private:
    std::string text_;
};

// "sha256:" and 64 lower-case hex digits, or "sha512:" and 128.
class Digest {
public:
    static Result<Digest> parse(std::string_view text);
    // Digest of bytes that were fetched, to compare with the one that was promised, is in
    // service/registry: core knows no OpenSSL.
    [[nodiscard]] const std::string& str() const { return text_; }
    [[nodiscard]] std::string_view algorithm() const;
    [[nodiscard]] std::string_view hex() const;
    friend auto operator<=>(const Digest&, const Digest&) = default;

private:
    std::string text_;
};

// name[:tag][@digest]
struct ImageReference {
    ImageName name;
    std::optional<Tag> tag;
    std::optional<Digest> digest;

    static Result<ImageReference> parse(std::string_view text);
    [[nodiscard]] std::string str() const;  // always the full, normalised form

    friend auto operator<=>(const ImageReference&, const ImageReference&) = default;
};

// The byte ranges of the parts of a reference *as it is written* ("nginx:1.25@sha256:…"), so that
// an edit can change one part and keep the form of the others. Offsets into the text that was
// given.
struct WrittenReference {
    std::string_view name;    // as written: "nginx", "registry.example.com/acme/app"
    std::string_view tag;     // without ':'; empty when absent
    std::string_view digest;  // without '@'; empty when absent
    ImageReference meaning;
};
Result<WrittenReference> parse_written(std::string_view text);

// True for tags that tools attach to an image rather than name one: cosign's sha256-<hex>.sig,
// .att, .sbom and the referrers tag schema's sha256-<hex>.
bool is_attachment_tag(std::string_view tag);

}  // namespace linkspan::image
