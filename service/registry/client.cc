#include "service/registry/client.h"

#include "service/registry/answer.h"
#include "service/registry/digest.h"
#include "service/registry/manifest.h"
#include "service/registry/referrers.h"
#include "service/registry/session.h"
#include "service/registry/tag_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace linkspan::registry {
namespace {

using transport::Url;

// What we ask for; registries answer with less as they like (Quay: 100).
constexpr int kPageSize = 1000;
// Of one page's timeout, for all pages of a list.
constexpr int kListTimeouts = 20;
constexpr std::size_t kMaxPageBytes = 16 << 20;
constexpr std::size_t kMaxReferrers = 1000;
constexpr int kMaxReferrersPages = 50;

}  // namespace

struct Client::Impl {
    explicit Impl(RegistryOptions given) : options{std::move(given)} {
        auto endpoint = Endpoint::make(options);
        if (endpoint.has_error()) {
            broken = endpoint.error();
        } else {
            session = std::make_unique<Session>(options, std::move(*endpoint));
        }
    }

    [[nodiscard]] Deadline deadline() const {
        return std::chrono::steady_clock::now() + options.timeout;
    }

    [[nodiscard]] Ask ask_for(
        const image::ImageName& image,
        const std::string& purpose,
        const std::string& rest,
        std::size_t max_response
    ) const;
    Result<Manifest> resolve(const image::ImageName& image, const std::string& reference);
    Status fetch_page(TagListing& listing);
    Result<ManifestBytes> fetch_manifest(
        const image::ImageName& image, const std::string& reference
    );
    Result<std::string> fetch_blob(const image::ImageName& image, const image::Digest& digest);
    Result<std::vector<Descriptor>> list_referrers(
        const image::ImageName& image, const image::Digest& digest, const std::string& artifact_type
    );
    // nullopt: the registry has no such API.
    Result<std::optional<std::vector<Descriptor>>> ask_referrers(
        const image::ImageName& image, const image::Digest& digest, const std::string& artifact_type
    );
    // Where the next page is: on the same origin, or an error.
    [[nodiscard]] Result<Url> next_page(const std::string& current, const std::string& link) const;

    RegistryOptions options;
    std::optional<Error> broken;  // an endpoint that can't be
    std::unique_ptr<Session> session;
};

Client::Client(RegistryOptions options) : impl_{std::make_unique<Impl>(std::move(options))} {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

void Client::stop() {
    if (impl_->session) impl_->session->stop();
}

namespace {

// "registry.example.com/acme/app:1.0" or "…@sha256:…".
std::string name_of(const image::ImageName& image, const std::string& tag_or_digest) {
    const bool digest = tag_or_digest.find(':') != std::string::npos;
    return fmt::format("{}{}{}", image.str(), digest ? '@' : ':', tag_or_digest);
}

template <class T>
Result<T> in_context(Result<T> result, const std::string& context) {
    if (result.has_error()) return result.error().within(context);
    return result;
}

// The digest, when the reference is one; an error when it is neither that nor a tag.
Result<std::optional<image::Digest>> read_reference(const std::string& reference) {
    if (reference.find(':') != std::string::npos) {
        LINKSPAN_TRY(digest, image::Digest::parse(reference));
        return std::optional<image::Digest>{std::move(digest)};
    }
    auto tag = image::Tag::parse(reference);
    if (tag.has_error()) return tag.error();
    return std::optional<image::Digest>{};
}

}  // namespace

Result<Manifest> Client::resolve(const image::ImageName& image, const std::string& tag_or_digest) {
    return in_context(
        impl_->resolve(image, tag_or_digest), "resolving " + name_of(image, tag_or_digest)
    );
}

Result<TagList> Client::list_tags(const image::ImageName& image) {
    TagListing listing{image};
    while (!listing.done()) {
        if (const Status page = fetch_page(listing); page.has_error()) return page.error();
    }
    return listing.take();
}

Status Client::fetch_page(TagListing& listing) {
    const Status page = impl_->fetch_page(listing);
    if (page.has_error()) return page.error().within("listing tags of " + listing.image().str());
    return page;
}

Result<ManifestBytes> Client::fetch_manifest(
    const image::ImageName& image, const std::string& tag_or_digest
) {
    return in_context(
        impl_->fetch_manifest(image, tag_or_digest),
        "fetching manifest " + name_of(image, tag_or_digest)
    );
}

Result<std::string> Client::fetch_blob(const image::ImageName& image, const image::Digest& digest) {
    return in_context(
        impl_->fetch_blob(image, digest), "fetching blob " + name_of(image, digest.str())
    );
}

Result<std::vector<Descriptor>> Client::list_referrers(
    const image::ImageName& image, const image::Digest& digest, const std::string& artifact_type
) {
    return in_context(
        impl_->list_referrers(image, digest, artifact_type),
        "listing referrers of " + name_of(image, digest.str())
    );
}

Ask Client::Impl::ask_for(
    const image::ImageName& image,
    const std::string& purpose,
    const std::string& rest,
    std::size_t max_response
) const {
    Ask ask;
    ask.url = session->endpoint().url(image.repository(), purpose + "/" + rest);
    ask.repository = image.repository();
    ask.purpose = purpose;
    ask.max_response = max_response;
    ask.deadline = deadline();
    return ask;
}

Result<Manifest> Client::Impl::resolve(
    const image::ImageName& image, const std::string& reference
) {
    if (broken) return *broken;
    LINKSPAN_TRY(expected, read_reference(reference));
    Ask ask = ask_for(image, "manifests", reference, options.max_manifest);
    ask.method = "HEAD";
    ask.accept = accepted_manifests();
    LINKSPAN_TRY(head, session->send(ask));
    LINKSPAN_TRY(told, read_head(head, expected, options.host));
    if (told) return std::move(*told);
    ask.method = "GET";
    LINKSPAN_TRY(whole, session->send(ask));
    return read_manifest(whole, expected, options.host);
}

Result<ManifestBytes> Client::Impl::fetch_manifest(
    const image::ImageName& image, const std::string& reference
) {
    if (broken) return *broken;
    LINKSPAN_TRY(expected, read_reference(reference));
    Ask ask = ask_for(image, "manifests", reference, options.max_manifest);
    ask.accept = accepted_manifests();
    LINKSPAN_TRY(response, session->send(ask));
    LINKSPAN_TRY(manifest, read_manifest(response, expected, options.host));
    return ManifestBytes{
        std::move(manifest.digest), std::move(manifest.media_type), std::move(response.body)};
}

Result<std::string> Client::Impl::fetch_blob(
    const image::ImageName& image, const image::Digest& digest
) {
    if (broken) return *broken;
    LINKSPAN_TRY(response, session->send(ask_for(image, "blobs", digest.str(), options.max_blob)));
    if (response.status != 200) return explain(response, options.host);
    const auto computed = compute_digest(response.body, digest.algorithm());
    if (computed != digest) {
        return Error{
            Errc::InvalidInput,
            fmt::format("{} answered with bytes whose digest is {}", options.host, computed.str())};
    }
    return std::move(response.body);
}

Result<std::optional<std::vector<Descriptor>>> Client::Impl::ask_referrers(
    const image::ImageName& image, const image::Digest& digest, const std::string& artifact_type
) {
    Ask ask = ask_for(image, "referrers", digest.str(), options.max_manifest);
    ask.accept = "application/vnd.oci.image.index.v1+json";
    if (!artifact_type.empty()) {
        ask.url += "?artifactType=" + transport::percent_encode(artifact_type);
    }
    std::vector<Descriptor> all;
    for (int pages = 1;; ++pages) {
        LINKSPAN_TRY(response, session->send(ask));
        LINKSPAN_TRY(page, read_referrers(response, artifact_type, options.host));
        if (!page) return std::optional<std::vector<Descriptor>>{};
        for (auto& entry : page->referrers) all.push_back(std::move(entry));
        if (!page->next) return std::optional{std::move(all)};
        if (all.size() > kMaxReferrers || pages == kMaxReferrersPages) {
            return Error{
                Errc::InvalidInput,
                fmt::format(
                    "{} lists more than {} pages or {} referrers",
                    options.host,
                    kMaxReferrersPages,
                    kMaxReferrers
                )};
        }
        LINKSPAN_TRY(next, next_page(ask.url, *page->next));
        ask.url = next.str();
    }
}

Result<std::vector<Descriptor>> Client::Impl::list_referrers(
    const image::ImageName& image, const image::Digest& digest, const std::string& artifact_type
) {
    if (broken) return *broken;
    auto listed = ask_referrers(image, digest, artifact_type);
    if (listed.has_value() && *listed) return std::move(**listed);
    // Old registries refuse the unknown path in many ways (Harbor 2.7: 401). If the reason is a
    // real one, the fallback meets it again.
    if (listed.has_error() && is_transient(listed.error().kind)) return listed.error();
    auto fallback = fetch_manifest(image, fallback_tag(digest));
    if (fallback.has_error()) {
        if (fallback.error().kind == Errc::NotFound) return std::vector<Descriptor>{};
        return fallback.error();
    }
    // GitLab answers that tag with the subject itself; other manifests there are somebody's image.
    if (fallback->digest == digest || !is_index(fallback->media_type)) {
        return std::vector<Descriptor>{};
    }
    LINKSPAN_TRY(index, read_index(fallback->bytes));
    return filter(std::move(index.manifests), artifact_type);
}

Result<Url> Client::Impl::next_page(const std::string& current, const std::string& link) const {
    LINKSPAN_TRY(from, Url::parse(current));
    auto next = from.resolve(link);
    if (next.has_error()) return next.error().within("the Link to the next page");
    if (!next->same_origin(session->endpoint().base())) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "{} links to a next page at {}: not followed, since only {} may answer (behind a "
                "proxy, a registry must be told its outside address)",
                options.host,
                next->origin(),
                session->endpoint().base().origin()
            )};
    }
    return next;
}

Status Client::Impl::fetch_page(TagListing& listing) {
    if (broken) return *broken;
    const auto whole =
        options.list_timeout.count() > 0 ? options.list_timeout : kListTimeouts * options.timeout;
    const auto late = [&] {
        return Error{
            Errc::Timeout,
            fmt::format(
                "{} did not list all tags within {} ms: {} pages and {} tags so far",
                options.host,
                whole.count(),
                listing.pages(),
                listing.tags()
            )};
    };
    const auto began = std::chrono::steady_clock::now();
    const auto left = whole - listing.spent;
    if (left <= left.zero()) return late();
    const image::ImageName& image = listing.image();
    Ask ask = ask_for(image, "tags", fmt::format("list?n={}", kPageSize), kMaxPageBytes);
    ask.accept = "application/json";
    if (!listing.url().empty()) ask.url = listing.url();
    // The transfer's clock is coarser than ours: not how long it took says whose deadline it was.
    const bool ends_list = began + left <= ask.deadline;
    ask.deadline = std::min(ask.deadline, began + left);
    const auto response = session->send(ask);
    const auto now = std::chrono::steady_clock::now();
    listing.spent += now - began;
    if (response.has_error()) {
        const bool over = response.error().kind == Errc::Timeout && ends_list;
        return over ? late() : response.error();
    }
    LINKSPAN_TRY(page, read_tag_page(*response, options.host));
    const auto link = page.next;
    LINKSPAN_TRY(more, listing.add(ask.url, std::move(page), options.max_tags, options.host));
    if (!more) return {};
    LINKSPAN_TRY(next, next_page(ask.url, *link));
    return listing.go_to(next.str(), options.host);
}

}  // namespace linkspan::registry
