#include "service/registry/client.h"

#include "service/registry/manifest.h"
#include "service/registry/session.h"
#include "service/registry/tag_page.h"

#include <fmt/format.h>

#include <unordered_set>
#include <utility>

namespace linkspan::registry {
namespace {

using transport::Url;

// What we ask for; registries answer with less as they like (Quay: 100).
constexpr int kPageSize = 1000;
constexpr std::size_t kMaxPages = 10000;
// Pages in a row that bring nothing new: the list does not end.
constexpr int kMaxBarrenPages = 10;
constexpr std::size_t kMaxPageBytes = 16 << 20;

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

    Result<Manifest> resolve(const image::ImageName& image, const std::string& reference);
    Result<TagList> list_tags(const image::ImageName& image);
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

Result<Manifest> Client::resolve(const image::ImageName& image, const std::string& tag_or_digest) {
    auto out = impl_->resolve(image, tag_or_digest);
    if (out.has_value()) return out;
    const bool digest = tag_or_digest.find(':') != std::string::npos;
    return out.error().within(
        fmt::format("resolving {}{}{}", image.str(), digest ? '@' : ':', tag_or_digest)
    );
}

Result<TagList> Client::list_tags(const image::ImageName& image) {
    auto out = impl_->list_tags(image);
    if (out.has_value()) return out;
    return out.error().within("listing tags of " + image.str());
}

Result<Manifest> Client::Impl::resolve(
    const image::ImageName& image, const std::string& reference
) {
    if (broken) return *broken;
    std::optional<image::Digest> expected;
    if (reference.find(':') != std::string::npos) {
        LINKSPAN_TRY(digest, image::Digest::parse(reference));
        expected = digest;
    } else {
        LINKSPAN_TRY(tag, image::Tag::parse(reference));
        (void)tag;
    }
    Ask ask;
    ask.method = "HEAD";
    ask.url = session->endpoint().url(image.repository(), "manifests/" + reference);
    ask.accept = accepted_manifests();
    ask.repository = image.repository();
    ask.purpose = "manifests";
    ask.max_response = options.max_manifest;
    ask.deadline = deadline();
    LINKSPAN_TRY(head, session->send(ask));
    LINKSPAN_TRY(told, read_head(head, expected, options.host));
    if (told) return std::move(*told);
    ask.method = "GET";
    LINKSPAN_TRY(whole, session->send(ask));
    return read_manifest(whole, expected, options.host);
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

Result<TagList> Client::Impl::list_tags(const image::ImageName& image) {
    if (broken) return *broken;
    TagList list;
    std::unordered_set<std::string> seen_tags;
    std::unordered_set<std::string> seen_pages;
    Ask ask;
    ask.url = session->endpoint().url(image.repository(), fmt::format("tags/list?n={}", kPageSize));
    ask.accept = "application/json";
    ask.repository = image.repository();
    ask.purpose = "tags";
    ask.max_response = kMaxPageBytes;
    ask.deadline = deadline();
    int barren = 0;
    for (;;) {
        seen_pages.insert(ask.url);
        LINKSPAN_TRY(response, session->send(ask));
        LINKSPAN_TRY(page, read_tag_page(response, options.host));
        list.unreadable += page.unreadable;
        const std::size_t before = list.tags.size();
        for (auto& tag : page.tags) {
            if (!seen_tags.insert(tag).second) continue;
            if (list.tags.size() == options.max_tags) {
                list.truncated = true;
                return list;
            }
            list.tags.push_back(std::move(tag));
        }
        if (!page.next) return list;
        barren = list.tags.size() == before ? barren + 1 : 0;
        LINKSPAN_TRY(next, next_page(ask.url, *page.next));
        if (seen_pages.count(next.str()) != 0) {
            return Error{
                Errc::InvalidInput,
                options.host + " links from page to page in a circle; the list can't be complete"};
        }
        if (barren == kMaxBarrenPages || seen_pages.size() == kMaxPages) {
            return Error{
                Errc::InvalidInput,
                fmt::format(
                    "{} lists pages without end: {} pages, {} tags",
                    options.host,
                    seen_pages.size(),
                    list.tags.size()
                )};
        }
        ask.url = next.str();
    }
}

}  // namespace linkspan::registry
