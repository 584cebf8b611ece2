// What a registry may answer with: challenges, links, documents, lists, tokens; any bytes.
//
// The first line says which reader, the rest is its input.
#include "service/registry/challenge.h"
#include "service/registry/document.h"
#include "service/registry/link.h"
#include "service/registry/referrers.h"
#include "service/registry/signature.h"
#include "service/registry/tag_page.h"
#include "service/registry/token.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace linkspan;
using namespace linkspan::registry;

void require(bool holds) {
    if (!holds) std::abort();
}

template <class T>
void require_reason(const Result<T>& read) {
    require(read.has_value() || !read.error().message.empty());
}

transport::HttpResponse answer(std::string_view body) {
    transport::HttpResponse response;
    response.status = 200;
    response.headers = {{"Content-Type", "application/json"}};
    response.body = body;
    return response;
}

void fuzz_challenge(std::string_view text) {
    for (const auto& challenge : parse_challenges(text)) {
        require(!challenge.scheme.empty());
        const auto question = read_question(challenge, "repository:acme/app:pull");
        require_reason(question);
        if (question.has_value()) {
            require(
                make_token_request(*question, std::nullopt).url.find('\n') == std::string::npos
            );
        }
    }
}

void fuzz_link(std::string_view text) {
    for (const auto& link : parse_links(text)) static_cast<void>(link.is("next"));
    static_cast<void>(find_next({{"Link", std::string{text}}, {"link", std::string{text}}}));
}

void fuzz_document(std::string_view text) {
    require_reason(read_index(text));
    require_reason(read_image_manifest(text));
    require_reason(read_image_config(text));
    const auto page = read_tag_page(answer(text), "r.example");
    require_reason(page);
    if (page.has_value()) {
        for (const auto& tag : page->tags) require(image::Tag::is_valid(tag));
    }
    require_reason(read_referrers(answer(text), "", "r.example"));
    // No text signs for a key that nobody has.
    const auto digest = *image::Digest::parse("sha256:" + std::string(64, 'a'));
    SignatureCandidate bundle;
    bundle.form = SignatureCandidate::Form::Bundle;
    bundle.payload = text;
    SignatureCandidate simple;
    simple.payload = text;
    simple.signature = "AAAA";
    static const auto key = PublicKey::parse(
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
        "-----END PUBLIC KEY-----\n"
    );
    require(key.has_value());
    const auto verdict = verify(std::vector{bundle, simple}, digest, std::vector{*key});
    require(std::holds_alternative<NotSigned>(verdict));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const auto line = input.find('\n');
    if (line == std::string_view::npos) return 0;
    const auto reader = input.substr(0, line);
    const auto text = input.substr(line + 1);
    if (reader == "challenge") {
        fuzz_challenge(text);
    } else if (reader == "link") {
        fuzz_link(text);
    } else {
        fuzz_document(text);
    }
    return 0;
}
