#include "config/receiver_auth.h"

#include "config/quote.h"
#include "config/rule.h"
#include "config/secret_source.h"
#include "config/sections.h"
#include "webhooks/auth_scheme.h"
#include "webhooks/jwt.h"
#include "webhooks/networks.h"
#include "webhooks/senders.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

namespace linkspan::config {

namespace {

using webhooks::Auth;
using webhooks::AuthScheme;
using webhooks::HashAlgorithm;
using webhooks::OidcRules;
using webhooks::Receiver;
using webhooks::SignatureEncoding;
using webhooks::SnsRules;

using Key = Mapping<Receiver>;

constexpr Range kTolerance{.least = 0, .most = 24 * 3'600'000};

std::vector<std::string> scheme_names() {
    std::vector<std::string> names;
    for (const auto& row : webhooks::auth_scheme_names()) names.emplace_back(row.name);
    return names;
}

bool needs_secret(AuthScheme scheme) {
    for (const auto& row : webhooks::auth_scheme_names()) {
        if (row.scheme == scheme) return row.needs_secret;
    }
    return true;
}

Result<std::string> network(std::string_view text) {
    const auto parsed = webhooks::Network::parse(text);
    if (parsed.has_error()) return parsed.error();
    return std::string{text};
}

void read_scheme(Reader& reader, const Node& node, Receiver& receiver) {
    const std::vector<std::string> names = scheme_names();
    if (const auto i = reader.choice(node, names)) {
        receiver.auth.scheme = *webhooks::parse_auth_scheme(names[*i]);
    }
}

void read_claims(Reader& reader, const Node& node, Receiver& receiver) {
    if (node.kind != Node::Kind::Mapping) {
        reader.problem(node.mark, "expected a mapping from claims to patterns");
        return;
    }
    for (const Node::Member& member : node.members) {
        const auto place = reader.inside(member.key);
        auto patterns = Key::text_or_texts(reader, *member.value, rule::line);
        receiver.auth.oidc.claims.emplace_back(member.key, std::move(patterns));
    }
}

// Which schemes have a use for a key.
struct Use {
    std::string_view key;
    std::initializer_list<AuthScheme> schemes;
    // Own uses it too, when one of the sender's ways is among `schemes`; the others are fixed then.
    bool with_own = true;
};

const std::array<Use, 14> kUses{{
    {"header", {AuthScheme::Hmac, AuthScheme::Header}, false},
    {"prefix", {AuthScheme::Hmac}, false},
    {"hash", {AuthScheme::Hmac}, false},
    {"encoding", {AuthScheme::Hmac}, false},
    {"username", {AuthScheme::Basic}},
    {"tolerance", {AuthScheme::StandardWebhooks, AuthScheme::Buildkite}},
    {"certificate_names", {AuthScheme::ClientCertificate}},
    {"issuer", {AuthScheme::Oidc}},
    {"audience", {AuthScheme::Oidc}},
    {"subjects", {AuthScheme::Oidc}},
    {"claims", {AuthScheme::Oidc}},
    {"skew", {AuthScheme::Oidc}},
    {"topics", {AuthScheme::Sns}},
    {"max_age", {AuthScheme::Sns}},
}};

bool is_one_of(AuthScheme scheme, std::initializer_list<AuthScheme> schemes) {
    return std::find(schemes.begin(), schemes.end(), scheme) != schemes.end();
}

bool sender_does(const webhooks::Sender* sender, std::initializer_list<AuthScheme> schemes) {
    return sender != nullptr &&
           std::any_of(sender->recipes.begin(), sender->recipes.end(), [&](const auto& recipe) {
               return is_one_of(recipe.scheme, schemes);
           });
}

void refuse_useless_keys(Reader& reader, const Node& node, const Receiver& receiver) {
    const AuthScheme scheme = receiver.auth.scheme;
    const webhooks::Sender* const sender = webhooks::find_sender(receiver.type);
    for (const Use& use : kUses) {
        const Node* const given = node.find(use.key);
        if (given == nullptr || is_one_of(scheme, use.schemes)) continue;
        if (scheme == AuthScheme::Own && use.with_own && sender_does(sender, use.schemes)) continue;
        std::vector<std::string> names;
        for (const AuthScheme one : use.schemes) names.emplace_back(to_string(one));
        reader.problem(
            given->mark,
            fmt::format(
                "{} is for auth: {}, not {}; remove it",
                quote(use.key),
                enumerate(names, "or"),
                to_string(scheme)
            )
        );
    }
}

// `secret: {…}` and `secrets: [{…}, {…}]` end in one SecretSource.
void read_secrets(Reader& reader, const Node& node, Receiver& receiver) {
    std::vector<SecretRef> references;
    const Node* const one = node.find("secret");
    const Node* const several = node.find("secrets");
    if (one != nullptr) {
        const auto place = reader.inside("secret");
        if (auto reference = reader.secret(*one)) references.push_back(std::move(*reference));
    }
    if (one != nullptr && several != nullptr) {
        reader.problem(several->mark, "give \"secret\" or \"secrets\", not both");
    } else if (several != nullptr) {
        static const Shape shape{.kind = Shape::Kind::List, .default_value = {}, .not_empty = true};
        const auto place = reader.inside("secrets");
        const auto* items = reader.list(*several, shape);
        for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
            const auto item = reader.inside(i);
            if (auto reference = reader.secret(*(*items)[i])) {
                references.push_back(std::move(*reference));
            }
        }
    }
    if (!references.empty()) {
        receiver.auth.secrets = std::make_shared<FollowedSecrets>(std::move(references));
    }
}

void check_secret(Reader& reader, const Node& node, const Receiver& receiver) {
    const AuthScheme scheme = receiver.auth.scheme;
    const Node* secret = node.find("secret");
    if (secret == nullptr) secret = node.find("secrets");
    if (scheme == AuthScheme::None && secret != nullptr) {
        reader.problem(secret->mark, "a secret without a use: auth is none; remove one of the two");
    }
    // A sender that signs by a key of its own needs no secret of ours.
    const bool by_key = scheme == AuthScheme::Own && node.find("topics") != nullptr;
    if (secret == nullptr && needs_secret(scheme) && !by_key) {
        reader.problem(
            node.mark,
            fmt::format(
                "missing \"secret\": auth is {}{}; add secret: {{file: …}}, or auth: none when the "
                "sender can't prove who it is",
                to_string(scheme),
                node.find("auth") == nullptr ? ", the default of this type" : ""
            )
        );
    }
}

void check_rules(Reader& reader, const Node& node, const Receiver& receiver) {
    const Auth& auth = receiver.auth;
    if (auth.scheme == AuthScheme::Oidc) {
        const Status rules = webhooks::check_oidc_rules(auth.oidc);
        if (rules.has_error()) {
            const Node* at = node.find("issuer");
            if (at == nullptr) at = node.find("auth");
            reader.problem(at == nullptr ? node.mark : at->mark, rules.error().message);
        }
    }
    const webhooks::Sender* const sender = webhooks::find_sender(receiver.type);
    if (auth.scheme == AuthScheme::Header && node.find("header") == nullptr &&
        !sender_does(sender, {AuthScheme::Header})) {
        const Node* const at = node.find("auth");
        reader.problem(
            at == nullptr ? node.mark : at->mark,
            "missing \"header\": the name of the header that holds the secret"
        );
    }
    if (auth.scheme == AuthScheme::ClientCertificate && node.find("certificate_names") == nullptr) {
        reader.problem(
            node.mark,
            "missing \"certificate_names\": the common names of the certificates that may call"
        );
    }
    if (auth.scheme == AuthScheme::Sns && auth.sns.topics.empty() &&
        node.find("topics") == nullptr) {
        reader.problem(
            node.mark,
            "missing \"topics\": anybody can sign for a topic of their own; name yours, such as "
            "arn:aws:sns:eu-west-1:123456789012:images"
        );
    }
}

// What the file does not say is as the sender does it.
void complete(const Node& node, Receiver& receiver) {
    const Auth usual = webhooks::auth_of(receiver.type, receiver.auth.scheme);
    Auth& auth = receiver.auth;
    if (node.find("header") == nullptr) auth.header = usual.header;
    if (node.find("prefix") == nullptr) auth.prefix = usual.prefix;
    if (node.find("hash") == nullptr) {
        auth.hash = usual.hash;
    } else if (node.find("prefix") == nullptr && usual.prefix == "sha256=") {
        // The prefix names the hash: sha512=… beside sha512.
        auth.prefix = node.find("hash")->text + "=";
    }
    if (node.find("encoding") == nullptr) auth.encoding = usual.encoding;
    if (node.find("issuer") == nullptr) auth.oidc.issuer = usual.oidc.issuer;
}

void add_signature_keys(Mapping<Receiver>& m) {
    m.text(
         "header",
         [](Receiver& r) -> std::string& { return r.auth.header; },
         "Header that holds the signature (hmac) or the secret (header).",
         rule::header_name
    )
        .defaults_to("");
    m.text(
         "prefix",
         [](Receiver& r) -> std::string& { return r.auth.prefix; },
         "hmac: what stands before the signature in that header; \"\" when nothing does.",
         rule::line
    )
        .may_be_empty()
        .defaults_to("");
    m.choice(
         "hash",
         [](Receiver& r) -> HashAlgorithm& { return r.auth.hash; },
         "hmac: the hash function.",
         Choices<HashAlgorithm>{
             {"sha1", HashAlgorithm::Sha1},
             {"sha256", HashAlgorithm::Sha256},
             {"sha384", HashAlgorithm::Sha384},
             {"sha512", HashAlgorithm::Sha512}}
    ).defaults_to("");
    m.choice(
         "encoding",
         [](Receiver& r) -> SignatureEncoding& { return r.auth.encoding; },
         "hmac: how the signature is written.",
         Choices<SignatureEncoding>{
             {"hex", SignatureEncoding::Hex}, {"base64", SignatureEncoding::Base64}}
    ).defaults_to("");
    m.text(
        "username",
        [](Receiver& r) -> std::string& { return r.auth.username; },
        "basic: the user. None: any.",
        rule::line
    );
    m.duration(
        "tolerance",
        [](Receiver& r) -> std::chrono::seconds& { return r.auth.tolerance; },
        "Signatures with a time: how far it may be from now; 0: any.",
        kTolerance
    );
    m.texts(
        "certificate_names",
        [](Receiver& r) -> std::vector<std::string>& { return r.auth.certificate_names; },
        "client-certificate: patterns over the names in the caller's certificate.",
        rule::line
    );
}

void add_token_keys(Mapping<Receiver>& m) {
    m.text(
        "issuer",
        [](Receiver& r) -> std::string& { return r.auth.oidc.issuer; },
        "oidc: who signs the tokens, exactly as in their \"iss\".",
        rule::line
    );
    m.text_or_texts(
        "audience",
        [](Receiver& r) -> std::vector<std::string>& { return r.auth.oidc.audiences; },
        "oidc: one of these has to be in \"aud\".",
        rule::line
    );
    m.texts(
        "subjects",
        [](Receiver& r) -> std::vector<std::string>& { return r.auth.oidc.subjects; },
        "oidc: patterns over \"sub\", of which one has to match.",
        rule::line
    );
    m.key(
        "claims",
        Shape::table(Shape::any_of({Shape::text(), Shape::list(Shape::text())})),
        "oidc: claims that have to be there, each with a pattern or several.",
        read_claims
    );
    m.duration(
        "skew",
        [](Receiver& r) -> std::chrono::seconds& { return r.auth.oidc.skew; },
        "oidc: how far clocks may differ.",
        {.least = 0, .most = 3'600'000}
    );
    m.texts(
         "topics",
         [](Receiver& r) -> std::vector<std::string>& { return r.auth.sns.topics; },
         "sns: patterns over the ARN of the topic, of which one has to match.",
         rule::line
    )
        .not_empty();
    m.duration(
        "max_age",
        [](Receiver& r) -> std::chrono::seconds& { return r.auth.sns.max_age; },
        "sns: an older message is refused; 0: none is.",
        {.least = 0, .most = 8760ULL * 3'600'000}
    );
}

}  // namespace

void add_auth_keys(Mapping<Receiver>& m) {
    m.key("auth", Shape::choice(scheme_names()), "How a caller proves who it is.", read_scheme);
    // Read by check_auth, where the two meet.
    m.key(
        "secret",
        Shape::of(secret_mapping().shape()),
        "The secret that the sender was given.",
        [](Reader&, const Node&, Receiver&) {}
    );
    m.key(
         "secrets",
         Shape::list(Shape::of(secret_mapping().shape())),
         "Several, of which any counts: the old and the new one while a secret is replaced.",
         [](Reader&, const Node&, Receiver&) {}
    ).not_empty();
    add_signature_keys(m);
    add_token_keys(m);
    m.texts(
        "networks", &Receiver::networks, "Networks (10.0.0.0/8) that may call. None: all.", network
    );
    m.texts(
        "trusted_proxies",
        &Receiver::trusted_proxies,
        "Networks of proxies whose X-Forwarded-For counts.",
        network
    );
}

void check_auth(Reader& reader, const Node& node, Receiver& receiver) {
    read_secrets(reader, node, receiver);
    const Node* const auth = node.find("auth");
    const webhooks::Sender* const sender = webhooks::find_sender(receiver.type);
    if (auth == nullptr && sender != nullptr) receiver.auth.scheme = sender->default_auth;
    // What is wrong already is not judged a second time.
    const bool known =
        auth == nullptr ? sender != nullptr : webhooks::parse_auth_scheme(auth->text).has_value();
    if (!known) return;
    complete(node, receiver);
    check_secret(reader, node, receiver);
    refuse_useless_keys(reader, node, receiver);
    check_rules(reader, node, receiver);
}

}  // namespace linkspan::config
