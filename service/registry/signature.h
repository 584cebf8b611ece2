// Image signatures as cosign makes them, checked against configured public keys.
//
// Two forms are read:
//   simple signing   payload {critical: {image: {docker-manifest-digest}, type}}, signature beside
//   it
//                    https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
//   Sigstore bundle  DSSE envelope around an in-toto statement, what cosign 3 writes by default
//                    https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md
// In both the signed bytes must name the digest that is to be promoted, and must say that they are
// an image signature: attestations are signed with the same keys, and a scan report that says "do
// not ship this" is no permission to ship it.
//
// Not looked at: certificates, transparency log entries, timestamps. Trust is in the key alone.
//
// verify() is pure. Whether an image is signed is an answer, not an error.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "core/signing/public_key.h"
#include "service/registry/client.h"

#include <span>
#include <string>
#include <variant>
#include <vector>

namespace linkspan::registry {

using signing::PublicKey;

struct SignatureCandidate {
    enum class Form { SimpleSigning, Bundle };
    Form form = Form::SimpleSigning;
    std::string payload;    // of simple signing, or the whole bundle
    std::string signature;  // base64; of simple signing
    std::string found_in;   // "tag sha256-….sig" or "referrer sha256:…", for messages
};

struct Signed {
    std::string key;  // PublicKey::name()
    std::string found_in;
};
struct NotSigned {
    std::string reason;  // one line that says what was found and what is wrong with it
};
using SignatureVerdict = std::variant<Signed, NotSigned>;

// One good signature by one of the keys is enough.
SignatureVerdict verify(
    std::span<const SignatureCandidate> candidates,
    const image::Digest& digest,
    std::span<const PublicKey> keys
);

// Candidates from the tag sha256-<hex>.sig and from the referrers, at most 50: who can push may
// push any number. Nothing found is an empty list. Errors are the registry's: whether the image is
// signed is then not known.
Result<std::vector<SignatureCandidate>> fetch_signatures(
    Client& client, const image::ImageName& image, const image::Digest& digest
);

}  // namespace linkspan::registry
