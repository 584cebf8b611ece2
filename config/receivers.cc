// receivers: who may call POST /hooks/{name}, and how that is proven.
#include "config/nearest.h"
#include "config/quote.h"
#include "config/rule.h"
#include "config/secret_source.h"
#include "config/sections.h"
#include "webhooks/senders.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::config {

namespace {

using webhooks::AuthScheme;
using webhooks::Receiver;

const Choices<AuthScheme> kSchemes{
    {"none", AuthScheme::None},
    {"bearer", AuthScheme::Bearer},
    {"hmac", AuthScheme::Hmac},
};

bool is_scheme(const Node& auth) {
    return std::any_of(kSchemes.begin(), kSchemes.end(), [&](const auto& scheme) {
        return scheme.first == auth.text;
    });
}

std::string_view scheme_name(AuthScheme scheme) {
    for (const auto& [name, meaning] : kSchemes) {
        if (meaning == scheme) return name;
    }
    return "none";
}

std::vector<std::string> sender_types() {
    std::vector<std::string> types;
    for (const webhooks::Sender& sender : webhooks::senders()) types.emplace_back(sender.type);
    std::sort(types.begin(), types.end());
    return types;
}

void read_type(Reader& reader, const Node& node, Receiver& receiver) {
    const auto written = reader.text(node);
    if (!written) return;
    receiver.type = *written;
    if (webhooks::find_sender(*written) != nullptr) return;
    const std::vector<std::string> types = sender_types();
    const auto near = nearest(*written, types);
    reader.problem(
        node.mark,
        fmt::format(
            "unknown type {}{}; types are {}",
            quote(*written),
            near ? ", did you mean " + quote(*near) + "?" : "",
            enumerate(types)
        )
    );
}

// `secret: {…}` and `secrets: [{…}, {…}]` end in one SecretSource.
void read_secrets(Reader& reader, const Node& node, Receiver& receiver) {
    std::vector<SecretRef> references;
    if (const Node* one = node.find("secret")) {
        const auto place = reader.inside("secret");
        if (auto reference = reader.secret(*one)) references.push_back(std::move(*reference));
    }
    const Node* const several = node.find("secrets");
    if (several != nullptr && node.find("secret") != nullptr) {
        reader.problem(several->mark, "give \"secret\" or \"secrets\", not both");
    } else if (several != nullptr) {
        const auto place = reader.inside("secrets");
        Shape shape;
        shape.not_empty = true;
        if (const auto* items = reader.list(*several, shape)) {
            for (std::size_t i = 0; i < items->size(); ++i) {
                const auto item = reader.inside(i);
                if (auto reference = reader.secret(*(*items)[i])) {
                    references.push_back(std::move(*reference));
                }
            }
        }
    }
    if (!references.empty()) {
        receiver.auth.secrets = std::make_shared<FollowedSecrets>(std::move(references));
    }
}

void check_auth(Reader& reader, const Node& node, const Receiver& receiver) {
    const AuthScheme scheme = receiver.auth.scheme;
    const Node* secret = node.find("secret");
    if (secret == nullptr) secret = node.find("secrets");
    if (scheme != AuthScheme::None && secret == nullptr) {
        reader.problem(
            node.mark,
            fmt::format(
                "missing \"secret\": auth is {}{}; add secret: {{file: …}}, or auth: none when the "
                "sender can't prove who it is",
                scheme_name(scheme),
                node.find("auth") == nullptr ? ", the default of this type" : ""
            )
        );
    }
    if (scheme == AuthScheme::None && secret != nullptr) {
        reader.problem(
            secret->mark,
            "a secret without a use: auth is none; add auth: bearer or auth: hmac, or remove it"
        );
    }
    for (const std::string_view key : {"header", "prefix"}) {
        const Node* const given = node.find(key);
        if (given != nullptr && scheme != AuthScheme::Hmac) {
            reader.problem(
                given->mark, fmt::format("{} is only for auth: hmac; remove it", quote(key))
            );
        }
    }
}

void check_receiver(Reader& reader, const Node& node, Receiver& receiver) {
    read_secrets(reader, node, receiver);
    const Node* const auth = node.find("auth");
    const webhooks::Sender* const sender = webhooks::find_sender(receiver.type);
    if (auth == nullptr && sender != nullptr) receiver.auth.scheme = sender->default_auth;
    // What is wrong already is not judged a second time.
    if (auth == nullptr ? sender != nullptr : is_scheme(*auth)) {
        check_auth(reader, node, receiver);
    }
    const Node* const override_host = node.find("override_host");
    if (receiver.override_host && override_host != nullptr && receiver.registry.empty() &&
        node.find("registry") == nullptr) {
        reader.problem(override_host->mark, "needs \"registry\": the host to put in");
    }
}

}  // namespace

const Mapping<Receiver>& receiver_mapping() {
    static const Mapping<Receiver> mapping{
        "receiver", "One endpoint for webhooks: POST /hooks/{name}.", [](Mapping<Receiver>& m) {
            m.text("name", &Receiver::name, "The last part of its URL.", rule::name)
                .pattern(rule::kNamePattern)
                .required();
            m.key(
                 "type",
                 Shape::choice(sender_types()),
                 "Who calls: the form of the body.",
                 read_type
            )
                .required();
            m.choice(
                 "auth",
                 [](Receiver& r) -> AuthScheme& { return r.auth.scheme; },
                 "How a caller proves who it is: bearer (Authorization: Bearer and the secret), "
                 "hmac (HMAC-SHA256 of the body, in hex, in a header) or none, which makes events "
                 "hints that the registry confirms.",
                 kSchemes
            )
                .defaults_to("");
            // Read by check_receiver, where the two meet.
            m.key(
                "secret",
                Shape::of(secret_mapping().shape()),
                "The secret that the sender was given.",
                [](Reader&, const Node&, Receiver&) {}
            );
            m.key(
                 "secrets",
                 Shape::list(Shape::of(secret_mapping().shape())),
                 "Several, of which any counts: the old and the new one while a secret is "
                 "replaced.",
                 [](Reader&, const Node&, Receiver&) {}
            ).not_empty();
            m.text(
                "header",
                [](Receiver& r) -> std::string& { return r.auth.header; },
                "Header that holds the signature.",
                rule::header_name
            );
            m.text(
                 "prefix",
                 [](Receiver& r) -> std::string& { return r.auth.prefix; },
                 "What stands before the hex digits in that header; \"\" when nothing does.",
                 rule::line
            )
                .may_be_empty();
            m.text(
                "registry",
                &Receiver::registry,
                "Registry host, for payloads that name none.",
                rule::registry_host
            );
            m.boolean(
                "override_host",
                &Receiver::override_host,
                "Put \"registry\" in place of the host that the payload names."
            );
            m.texts(
                "images",
                &Receiver::images,
                "Patterns over host/repository that this receiver may speak for. None: every "
                "image.",
                rule::image_glob
            );
            m.check(check_receiver);
        }};
    return mapping;
}

}  // namespace linkspan::config
