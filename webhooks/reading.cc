#include "webhooks/reading.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::webhooks {
namespace {

constexpr std::size_t kMaxReasons = 8;
constexpr std::size_t kLongestUrl = 2048;

// "https://harbor.example.com:8443/" → "harbor.example.com:8443"
std::string_view bare_host(std::string_view host) {
    if (const auto scheme = host.find("://"); scheme != std::string_view::npos) {
        host.remove_prefix(scheme + 3);
    }
    return host.substr(0, host.find('/'));
}

Error at(std::string_view where, const Error& error) {
    return {Errc::InvalidInput, fmt::format("{}: {}", where, error.message)};
}

}  // namespace

bool is_untagged(std::string_view tag) {
    return tag.empty() || tag.starts_with("sha256:") || tag.starts_with("sha512:") ||
           image::Digest::parse(tag).has_value();
}

std::optional<std::string> artifact_of(std::string_view media_type) {
    struct Kind {
        std::string_view part;
        std::string_view name;
    };
    static constexpr Kind kKinds[] = {
        {"cncf.helm", "a Helm chart"},
        {"acr.helm", "a Helm chart"},
        {"cosign", "a signature"},
        {"cncf.notary", "a signature"},
        {"sigstore", "a signature"},
        {"in-toto", "an attestation"},
        {"spdx", "an SBOM"},
        {"cyclonedx", "an SBOM"},
        {"syft", "an SBOM"},
    };
    for (const Kind& kind : kKinds) {
        if (media_type.find(kind.part) != std::string_view::npos) return std::string{kind.name};
    }
    // Whatever else registries hold (WebAssembly, policies, plugins, Flux's sources…) has a
    // vendor's type of its own; what runs has one of these.
    static constexpr std::string_view kImages[] = {
        "application/vnd.docker.distribution.manifest.",
        "application/vnd.docker.container.image.",
        "application/vnd.docker.image.",
        "application/vnd.oci.image.",
    };
    if (!media_type.starts_with("application/vnd.")) return std::nullopt;
    for (const std::string_view image : kImages) {
        if (media_type.starts_with(image)) return std::nullopt;
    }
    return fmt::format("an artifact of the type {}", media_type.substr(0, 100));
}

std::optional<std::string> fact(std::optional<std::string> text, std::size_t longest) {
    if (!text || text->empty() || text->size() > longest) return std::nullopt;
    const bool shown_safely = std::all_of(text->begin(), text->end(), [](char c) {
        return static_cast<unsigned char>(c) >= ' ' && c != '\x7f';
    });
    if (!shown_safely) return std::nullopt;
    return text;
}

void Reading::ignore(std::string reason) {
    if (reasons_.size() >= kMaxReasons) return;
    if (std::find(reasons_.begin(), reasons_.end(), reason) != reasons_.end()) return;
    reasons_.push_back(std::move(reason));
}

bool Reading::empty() const {
    return parsed_.events.empty() && parsed_.set_aside.empty() && reasons_.empty();
}

Result<image::ImageName> Reading::rewritten(image::ImageName name) const {
    const std::string text = name.str();
    for (const Rewrite& rule : receiver_.rewrites) {
        if (!text.starts_with(rule.from)) continue;
        const std::string_view rest = std::string_view{text}.substr(rule.from.size());
        if (!rest.empty() && rest.front() != '/') continue;
        return image::ImageName::parse(rule.to + std::string{rest});
    }
    return name;
}

Result<image::ImageName> Reading::name_of(const Claim& claim) const {
    const std::string_view said = bare_host(claim.host);
    const std::string_view configured = receiver_.registry;
    const bool replace = !configured.empty() && (said.empty() || receiver_.override_host);
    std::string_view host = replace ? configured : said;
    if (host.empty()) host = bare_host(claim.usual_host);
    if (host.empty()) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "{}: no registry host is given with it; set `registry` on the receiver",
                claim.repository.where
            )};
    }
    auto name = image::ImageName::from_parts(host, claim.repository.text);
    // A host that can't stand in an image name ("registry", inside one network) is as good as none.
    if (name.has_error() && !replace && !configured.empty()) {
        auto with_ours = image::ImageName::from_parts(configured, claim.repository.text);
        if (with_ours.has_value()) name = std::move(with_ours);
    }
    if (name.has_error()) return at(claim.repository.where, name.error());
    auto final_name = rewritten(std::move(*name));
    if (final_name.has_error()) return at(claim.repository.where, final_name.error());
    return final_name;
}

Status Reading::push(Claim claim, std::optional<std::string> artifact) {
    if (is_untagged(claim.tag.text)) {
        ignore("push without a tag");
        return {};
    }
    if (parsed_.events.size() + parsed_.set_aside.size() >= kMaxEvents) {
        return Error{
            Errc::InvalidInput,
            fmt::format("{}: more than {} pushes in one delivery", claim.tag.where, kMaxEvents)};
    }
    LINKSPAN_TRY(name, name_of(claim));
    auto tag = image::Tag::parse(claim.tag.text);
    if (tag.has_error()) return at(claim.tag.where, tag.error());

    if (!artifact && image::is_attachment_tag(claim.tag.text)) {
        artifact = "a signature, attestation or SBOM";
    }
    if (!artifact && claim.media_type) artifact = artifact_of(*claim.media_type);

    image::ImageEvent event{
        .image = std::move(name),
        .tag = std::move(*tag),
        .digest = fact(std::move(claim.digest)),
        .media_type = fact(std::move(claim.media_type)),
        .pushed_at = fact(std::move(claim.pushed_at)),
        .revision = fact(std::move(claim.revision)),
        .source = fact(std::move(claim.source), kLongestUrl),
        .build_url = fact(std::move(claim.build_url), kLongestUrl),
        .actor = fact(std::move(claim.actor)),
    };
    if (artifact) {
        std::string reason = "push of " + *artifact;
        ignore(reason);
        parsed_.set_aside.push_back({std::move(event), std::move(reason)});
    } else {
        parsed_.events.push_back(std::move(event));
    }
    return {};
}

ParsedDelivery Reading::finish() && {
    if (parsed_.events.empty()) {
        parsed_.ignored_reason =
            reasons_.empty() ? "nothing in it" : fmt::format("{}", fmt::join(reasons_, "; "));
    }
    return std::move(parsed_);
}

}  // namespace linkspan::webhooks
