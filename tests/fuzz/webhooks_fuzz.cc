// Every sender's parser and every verifier, with any bytes.
//
// An input is written like a request, so that seeds can be read and the dictionary helps:
//
//   github             a row of senders(), or jwt, jwks, template, texts
//   X-GitHub-Event: package
//                      an empty line
//   {"action":…}       the body
#include "core/base64.h"
#include "webhooks/authenticate.h"
#include "webhooks/fields.h"
#include "webhooks/form.h"
#include "webhooks/json_output.h"
#include "webhooks/json_view.h"
#include "webhooks/jwt.h"
#include "webhooks/key_set.h"
#include "webhooks/networks.h"
#include "webhooks/package_url.h"
#include "webhooks/reading.h"
#include "webhooks/senders.h"
#include "webhooks/sns.h"
#include "webhooks/template.h"
#include "webhooks/time_text.h"
#include "webhooks/written_image.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace linkspan;
using namespace linkspan::webhooks;

void require(bool holds) {
    if (!holds) std::abort();
}

// The public keys of the examples in RFC 8037 and RFC 7517: no mutation signs for them.
constexpr std::string_view kKeySet =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},)"
    R"({"kty":"EC","crv":"P-256","kid":"ec","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
    R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]})";

struct FixedKeys final : KeySource {
    std::shared_ptr<const KeySet> set = std::make_shared<KeySet>(*KeySet::parse(kKeySet));
    [[nodiscard]] std::shared_ptr<const KeySet> current() const override { return set; }
};

Receiver receiver_of(std::string_view type) {
    Receiver receiver;
    receiver.name = "fuzz";
    receiver.type = type;
    receiver.registry = "registry.example.com";
    receiver.rewrites = {{"registry.example.com/cache", "docker.io"}};
    receiver.auth.secrets =
        std::make_shared<FixedSecrets>(std::vector{Secret{"whsec_dGVzdC1zZWNyZXQtbm90LXJlYWw="}});
    receiver.auth.sns.topics = {"*"};
    receiver.auth.oidc.issuer = "https://issuer.example.com";
    receiver.auth.oidc.audiences = {"linkspan"};
    receiver.auth.oidc.keys = std::make_shared<FixedKeys>();
    return receiver;
}

// What holds for every delivery that was read.
void check_parsed(const ParsedDelivery& parsed) {
    require(parsed.events.empty() == parsed.ignored_reason.has_value());
    require(parsed.events.size() + parsed.set_aside.size() <= Reading::kMaxEvents);
    require(!parsed.confirm_url);  // nothing here is signed
    for (const auto& event : parsed.events) {
        const auto again = image::ImageName::parse(event.image.str());
        require(again.has_value() && *again == event.image);
        require(image::Tag::parse(event.tag.str()).has_value());
    }
    require(JsonDocument::parse(to_json(parsed)).has_value());
}

void fuzz_sender(std::string_view type, RawDelivery delivery) {
    Receiver receiver = receiver_of(type);
    for (const AuthSchemeName& row : auth_scheme_names()) {
        if (row.scheme == AuthScheme::None) continue;
        const Auth filled = auth_of(type, row.scheme);
        receiver.auth.scheme = filled.scheme;
        receiver.auth.header = filled.header;
        receiver.auth.prefix = filled.prefix;
        const auto way = authenticate(delivery, receiver);
        require(way || !way.error().message.empty());
    }
    receiver.auth.scheme = AuthScheme::None;
    receiver.fields.image = type == "generic" ? "{/image|lower}" : "";
    receiver.fields.tag = "/tags";
    static_cast<void>(answer_options(delivery, receiver));
    static_cast<void>(sns::certificate_url(delivery));
    const auto verified = verify(std::move(delivery), receiver);
    require(verified.has_value() && !verified->key().value.empty());
    const auto parsed = parse(*verified, receiver);
    if (parsed) {
        check_parsed(*parsed);
    } else {
        require(parsed.error().kind == Errc::InvalidInput && !parsed.error().message.empty());
    }
}

void fuzz_texts(std::string_view text) {
    if (const auto bytes = from_base64(text)) require(from_base64(to_base64(*bytes)) == *bytes);
    static_cast<void>(from_base64url(text));
    static_cast<void>(form_field(text, "payload"));
    static_cast<void>(parse_rfc3339(text));
    static_cast<void>(PackageUrl::parse(text));
    static_cast<void>(split_image(text));
    static_cast<void>(sns::is_trusted_url(text));
    static_cast<void>(read_discovery(text, "https://issuer.example.com"));
    if (const auto network = Network::parse(text)) {
        static_cast<void>(network->contains(*Address::parse("10.0.0.1")));
    }
}

void fuzz_template(std::string_view written, std::string_view body) {
    const auto parsed = Template::parse(written);
    const auto document = JsonDocument::parse(body);
    if (parsed.has_error() || document.has_error()) return;
    const Headers headers{{"X-Event", "push"}};
    const JsonView root = document->root();
    require(parsed->values({root, root, headers}, 50).size() <= 50);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input{reinterpret_cast<const char*>(data), size};
    const auto line = [&] {
        const auto end = input.find('\n');
        const std::string_view one = input.substr(0, end);
        input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
        return one;
    };
    const std::string_view target = line();
    if (target == "jwt") {
        static const auto keys = KeySet::parse(kKeySet);
        const Receiver receiver = receiver_of("ci");
        require(!verify_jwt(input, *keys, receiver.auth.oidc, {}));
        return 0;
    }
    if (target == "jwks") {
        const auto set = KeySet::parse(input);
        if (set) static_cast<void>(set->verify("ES256", std::nullopt, "bytes", "signature"));
        return 0;
    }
    if (target == "template") {
        const std::string_view written = line();
        fuzz_template(written, input);
        return 0;
    }
    if (target == "texts") {
        fuzz_texts(input);
        return 0;
    }
    if (find_sender(target) == nullptr) return 0;
    RawDelivery delivery;
    while (!input.empty()) {
        const std::string_view header = line();
        if (header.empty()) break;
        const auto colon = header.find(": ");
        if (colon == std::string_view::npos) continue;
        delivery.headers.add(
            std::string{header.substr(0, colon)}, std::string{header.substr(colon + 2)}
        );
    }
    delivery.body = input;
    fuzz_sender(target, std::move(delivery));
    return 0;
}
