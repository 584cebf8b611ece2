// notifications: who is told what became of images, and how.
#include "config/quote.h"
#include "config/rule.h"
#include "config/sections.h"

#include <algorithm>

namespace linkspan::config {

namespace {

using On = Notification::On;
using Type = Notification::Type;

const Choices<Type>& types() {
    static const Choices<Type> choices{
        {"flux_receiver", Type::FluxReceiver},
        {"argocd", Type::ArgoCd},
        {"slack", Type::Slack},
        {"cloudevents", Type::CloudEvents},
        {"webhook", Type::Webhook},
        {"commit_status", Type::CommitStatus},
    };
    return choices;
}

const Choices<On>& occasions() {
    static const Choices<On> choices{
        {"committed", On::Committed},
        {"pull_request", On::PullRequest},
        {"merged", On::Merged},
        {"already_current", On::AlreadyCurrent},
        {"refused", On::Refused},
        {"failed", On::Failed},
        {"held", On::Held},
        {"applied", On::Applied},
        {"apply_failed", On::ApplyFailed},
    };
    return choices;
}

// A whole URL: paths and queries of such addresses mean something, slashes at the end too. No
// message repeats it, because it may be a secret.
Result<std::string> address(std::string_view text) {
    const bool https = text.starts_with("https://");
    if (!https && !text.starts_with("http://")) {
        return Error{Errc::InvalidInput, "no URL; write https://host/path or http://host/path"};
    }
    const std::string_view rest = text.substr(https ? 8 : 7);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    if (authority.find('@') != std::string_view::npos) {
        return Error{
            Errc::InvalidInput,
            "credentials do not belong in a URL; remove what stands before the @"};
    }
    const bool odd = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '"' || c == '<' ||
               c == '>' || c == '\\' || c == '#';
    });
    if (authority.empty() || authority[0] == ':' || odd) {
        return Error{Errc::InvalidInput, "no URL of a service; write https://host[:port]/path"};
    }
    return std::string{text};
}

void read_url(Reader& reader, const Node& node, Notification& notification) {
    if (node.kind == Node::Kind::Mapping) {
        if (auto reference = reader.secret(node)) notification.url_secret = std::move(reference);
        return;
    }
    const auto written = reader.text(node);
    if (!written) return;
    auto url = address(*written);
    if (url.has_error()) {
        reader.problem(node.mark, url.error().message);
    } else {
        notification.url = std::move(*url);
    }
}

void read_type(Reader& reader, const Node& node, Notification& notification) {
    std::vector<std::string> names;
    for (const auto& [name, type] : types()) names.emplace_back(name);
    if (const auto i = reader.choice(node, names)) notification.type = types()[*i].second;
}

void read_headers(Reader& reader, const Node& node, Notification& notification) {
    if (node.kind != Node::Kind::Mapping) {
        reader.problem(node.mark, "expected a mapping from header names to values");
        return;
    }
    for (const Node::Member& member : node.members) {
        const auto place = reader.inside(member.key);
        Notification::Header header;
        auto name = rule::header_name(member.key);
        if (name.has_error()) {
            reader.problem(member.value->mark, name.error().message);
            continue;
        }
        header.name = std::move(*name);
        if (member.value->kind == Node::Kind::Mapping) {
            header.secret = reader.secret(*member.value);
            if (!header.secret) continue;
        } else {
            const auto written = reader.text(*member.value);
            if (!written) continue;
            auto line = rule::line(*written);
            if (line.has_error()) {
                reader.problem(member.value->mark, line.error().message);
                continue;
            }
            header.value = std::move(*line);
        }
        notification.headers.push_back(std::move(header));
    }
}

void check_notification(Reader& reader, const Node& node, Notification& notification) {
    const Node* const secret = node.find("secret");
    if (secret != nullptr && notification.type == Type::Slack) {
        const auto place = reader.inside("secret");
        reader.problem(
            secret->mark, "Slack's webhooks are not signed: their URL is the secret; remove it"
        );
    }
    const bool status = notification.type == Type::CommitStatus;
    if (status && node.find("token") == nullptr) {
        reader.problem(node.mark, "commit statuses need \"token\": of the platform at \"url\"");
    }
    for (const char* const key : {"secret", "headers"}) {
        const Node* const other = node.find(key);
        if (!status || other == nullptr) continue;
        const auto place = reader.inside(key);
        reader.problem(other->mark, "is not for commit statuses; remove it");
    }
    if (const Node* const forge = node.find("forge"); forge != nullptr && !status) {
        const auto place = reader.inside("forge");
        reader.problem(forge->mark, "is only for commit statuses; remove it");
    }
}

}  // namespace

std::vector<On> Notification::tells() const {
    if (!on.empty()) return on;
    if (type == Type::FluxReceiver || type == Type::ArgoCd) return {On::Committed, On::Merged};
    if (type == Type::CommitStatus) {
        return {
            On::Committed,
            On::PullRequest,
            On::Merged,
            On::AlreadyCurrent,
            On::Refused,
            On::Failed,
            On::Held,
            On::Applied,
            On::ApplyFailed};
    }
    return {
        On::Committed,
        On::PullRequest,
        On::Merged,
        On::Refused,
        On::Failed,
        On::Held,
        On::ApplyFailed};
}

const Mapping<Notification>& notification_mapping() {
    static const Mapping<Notification> mapping{
        "notification", "Somebody who is told.", [](Mapping<Notification>& m) {
            std::vector<std::string> names;
            for (const auto& [name, type] : types()) names.emplace_back(name);
            m.text("name", &Notification::name, "Targets name it so.", rule::name)
                .pattern(rule::kNamePattern)
                .required();
            m.key("type", Shape::choice(names), "What is sent, and to whom.", read_type).required();
            m.key(
                 "url",
                 Shape::any_of({Shape::text(), Shape::of(secret_mapping().shape())}),
                 "Where it is sent, or a reference to it where the URL is a secret.",
                 read_url
            )
                .required();
            m.secret("secret", &Notification::secret, "Signs what is sent.");
            m.secret("token", &Notification::token, "Sent as bearer token.");
            m.choice(
                "forge",
                &Notification::forge,
                "Of commit statuses: the platform at url. None: by the host, where that says it.",
                forge_types()
            );
            m.key(
                "headers",
                Shape::table(Shape::any_of({Shape::text(), Shape::of(secret_mapping().shape())})),
                "More headers: values, or references to secrets.",
                read_headers
            );
            m.choice_list("on", &Notification::on, "What is told.", occasions()).not_empty();
            m.file("ca_file", &Notification::ca_file, "PEM file with the authorities to trust.");
            m.text("proxy", &Notification::proxy, "Proxy to send through.", rule::http_url);
            m.duration(
                "timeout",
                &Notification::timeout,
                "How long one try may take.",
                {.least = 100, .most = 120'000}
            );
            m.duration(
                "give_up_after",
                &Notification::give_up_after,
                "After this long a message is a dead letter.",
                {.least = 1000, .most = 30ULL * 86'400'000}
            );
            m.check(check_notification);
        }};
    return mapping;
}

}  // namespace linkspan::config
