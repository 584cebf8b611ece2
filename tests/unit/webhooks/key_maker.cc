#include "tests/unit/webhooks/key_maker.h"

#include "core/base64.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <map>
#include <stdexcept>
#include <vector>

namespace linkspan::webhooks::testing {
namespace {

EVP_PKEY* key_of(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

std::shared_ptr<void> owned(EVP_PKEY* key) {
    if (key == nullptr) throw std::runtime_error{"OpenSSL made no key"};
    return std::shared_ptr<EVP_PKEY>{key, EVP_PKEY_free};
}

std::string number(EVP_PKEY* key, const char* name, int size = 0) {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key, name, &value);
    std::string bytes(static_cast<std::size_t>(size > 0 ? size : BN_num_bytes(value)), '\0');
    BN_bn2binpad(
        value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())
    );
    BN_free(value);
    return bytes;
}

std::string raw_of_der(const std::string& der, int size) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string raw(static_cast<std::size_t>(2 * size), '\0');
    auto* const out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, size);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + size, size);
    ECDSA_SIG_free(pair);
    return raw;
}

}  // namespace

std::string base64url(std::string_view bytes) {
    std::string text = to_base64(bytes);
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    text.erase(text.find_last_not_of('=') + 1);
    return text;
}

SigningKey SigningKey::rsa(unsigned bits) { return SigningKey{owned(EVP_RSA_gen(bits))}; }

SigningKey SigningKey::elliptic(const char* curve) { return SigningKey{owned(EVP_EC_gen(curve))}; }

SigningKey SigningKey::ed25519() {
    return SigningKey{owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))};
}

std::string SigningKey::sign(std::string_view algorithm, std::string_view bytes) const {
    const EVP_MD* digest = nullptr;
    if (algorithm.ends_with("256")) digest = EVP_sha256();
    if (algorithm.ends_with("384")) digest = EVP_sha384();
    if (algorithm.ends_with("512")) digest = EVP_sha512();
    if (algorithm == "SHA1") digest = EVP_sha1();
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data());
    std::size_t size = 0;
    EVP_DigestSignInit(context, nullptr, digest, nullptr, key_of(key_));
    EVP_DigestSign(context, nullptr, &size, data, bytes.size());
    std::string signature(size, '\0');
    EVP_DigestSign(
        context, reinterpret_cast<unsigned char*>(signature.data()), &size, data, bytes.size()
    );
    EVP_MD_CTX_free(context);
    signature.resize(size);
    if (EVP_PKEY_get_base_id(key_of(key_)) != EVP_PKEY_EC) return signature;
    return raw_of_der(signature, EVP_PKEY_get_bits(key_of(key_)) == 384 ? 48 : 32);
}

std::string SigningKey::jwk_member(const std::string& name) const {
    EVP_PKEY* const key = key_of(key_);
    const int bits = EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
            return base64url(
                number(key, name == "n" ? OSSL_PKEY_PARAM_RSA_N : OSSL_PKEY_PARAM_RSA_E)
            );
        case EVP_PKEY_EC:
            return base64url(number(
                key, name == "x" ? OSSL_PKEY_PARAM_EC_PUB_X : OSSL_PKEY_PARAM_EC_PUB_Y, bits / 8
            ));
        default: {
            std::string bytes(32, '\0');
            std::size_t size = bytes.size();
            EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(bytes.data()), &size);
            return base64url(bytes);
        }
    }
}

std::string SigningKey::jwk(const std::string& kid, const std::string& more) const {
    EVP_PKEY* const key = key_of(key_);
    std::string members;
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
            members =
                fmt::format(R"("kty":"RSA","n":"{}","e":"{}")", jwk_member("n"), jwk_member("e"));
            break;
        case EVP_PKEY_EC:
            members = fmt::format(
                R"("kty":"EC","crv":"P-{}","x":"{}","y":"{}")",
                EVP_PKEY_get_bits(key),
                jwk_member("x"),
                jwk_member("y")
            );
            break;
        default:
            members = fmt::format(R"("kty":"OKP","crv":"Ed25519","x":"{}")", jwk_member("x"));
    }
    const std::string name = kid.empty() ? "" : fmt::format(R"("kid":"{}",)", kid);
    return "{" + name + members + more + "}";
}

std::string SigningKey::certificate() const {
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key_of(key_));
    X509_sign(certificate, key_of(key_), EVP_sha256());
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, certificate);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    std::string pem{data, static_cast<std::size_t>(size)};
    BIO_free(out);
    X509_free(certificate);
    return pem;
}

std::string make_token(
    const SigningKey& key,
    const std::string& algorithm,
    const std::string& kid,
    const std::string& claims
) {
    const std::string name = kid.empty() ? "" : fmt::format(R"(,"kid":"{}")", kid);
    const std::string text =
        base64url(fmt::format(R"({{"typ":"JWT","alg":"{}"{}}})", algorithm, name)) + "." +
        base64url(claims);
    return text + "." + base64url(key.sign(algorithm, text));
}

}  // namespace linkspan::webhooks::testing
