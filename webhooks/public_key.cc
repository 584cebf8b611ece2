#include "webhooks/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <utility>

namespace linkspan::webhooks {
namespace {

constexpr int kWeakestRsaBits = 2048;
// A longer modulus only costs time, which is what a hostile key set would want.
constexpr int kLongestRsaBits = 16384;

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using BigNumber = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

BigNumber number_of(std::string_view bytes) {
    return BigNumber{BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)};
}

Error bad_key(const char* why) {
    ERR_clear_error();
    return {Errc::InvalidInput, why};
}

std::shared_ptr<const void> shared(Key key) {
    return std::shared_ptr<EVP_PKEY>{key.release(), EVP_PKEY_free};
}

Key key_from(const char* type, OSSL_PARAM_BLD* builder) {
    const Params params{OSSL_PARAM_BLD_to_param(builder)};
    const KeyContext context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
        return nullptr;
    }
    return Key{key};
}

std::size_t coordinate_size(KeyKind kind) { return kind == KeyKind::P384 ? 48 : 32; }

// OpenSSL wants the DER form of what JOSE writes as r and s in a row.
std::string der_of(std::string_view signature) {
    const std::size_t half = signature.size() / 2;
    const EcSignature pair{ECDSA_SIG_new()};
    if (!pair) return {};
    BigNumber r = number_of(signature.substr(0, half));
    BigNumber s = number_of(signature.substr(half));
    if (!r || !s || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
    static_cast<void>(r.release());
    static_cast<void>(s.release());
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &der);
    if (size <= 0) return {};
    std::string out{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
    OPENSSL_free(der);
    return out;
}

const EVP_MD* digest_of(HashAlgorithm hash) {
    switch (hash) {
        case HashAlgorithm::Sha1:
            return EVP_sha1();
        case HashAlgorithm::Sha256:
            return EVP_sha256();
        case HashAlgorithm::Sha384:
            return EVP_sha384();
        case HashAlgorithm::Sha512:
            return EVP_sha512();
    }
    return nullptr;
}

}  // namespace

Result<PublicKey> PublicKey::rsa(std::string_view modulus, std::string_view exponent) {
    if (modulus.size() > kLongestRsaBits / 8 || exponent.size() > 8) {
        return bad_key("the RSA key is too long");
    }
    const BigNumber n = number_of(modulus);
    const BigNumber e = number_of(exponent);
    if (!n || !e || BN_num_bits(n.get()) < kWeakestRsaBits) {
        return bad_key("the RSA key has less than 2048 bits");
    }
    if (BN_is_odd(e.get()) != 1 || BN_is_one(e.get()) == 1 || BN_is_odd(n.get()) != 1) {
        return bad_key("the RSA key is malformed");
    }
    const ParamBuilder builder{OSSL_PARAM_BLD_new()};
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return bad_key("the RSA key is malformed");
    }
    Key key = key_from("RSA", builder.get());
    if (!key) return bad_key("the RSA key is malformed");
    return PublicKey{KeyKind::Rsa, shared(std::move(key))};
}

Result<PublicKey> PublicKey::elliptic(KeyKind kind, std::string_view x, std::string_view y) {
    const std::size_t size = coordinate_size(kind);
    if (x.size() != size || y.size() != size) {
        return bad_key("the elliptic-curve key has coordinates of another length");
    }
    const std::string point = "\x04" + std::string{x} + std::string{y};
    const char* const group = kind == KeyKind::P384 ? "P-384" : "P-256";
    const ParamBuilder builder{OSSL_PARAM_BLD_new()};
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(
            builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()
        ) != 1) {
        return bad_key("the elliptic-curve key is malformed");
    }
    // Fails for a point that is not on the curve.
    Key key = key_from("EC", builder.get());
    if (!key) return bad_key("the elliptic-curve key is not a point of its curve");
    return PublicKey{kind, shared(std::move(key))};
}

Result<PublicKey> PublicKey::ed25519(std::string_view bytes) {
    Key key{EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(bytes), bytes.size())};
    if (!key) return bad_key("the Ed25519 key is malformed");
    return PublicKey{KeyKind::Ed25519, shared(std::move(key))};
}

Result<PublicKey> PublicKey::of_certificate(std::string_view pem) {
    const std::unique_ptr<BIO, Deleter<BIO_free_all>> input{
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    if (!input) return bad_key("out of memory");
    const std::unique_ptr<X509, Deleter<X509_free>> certificate{
        PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr)};
    if (!certificate) return bad_key("the certificate is malformed");
    Key key{X509_get_pubkey(certificate.get())};
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA ||
        EVP_PKEY_get_bits(key.get()) < kWeakestRsaBits) {
        return bad_key("the certificate has no RSA key of at least 2048 bits");
    }
    return PublicKey{KeyKind::Rsa, shared(std::move(key))};
}

bool PublicKey::verifies(HashAlgorithm hash, std::string_view bytes, std::string_view signature)
    const {
    // EVP_DigestVerifyInit takes no const key, and does not change it.
    auto* const key = static_cast<EVP_PKEY*>(const_cast<void*>(key_.get()));
    std::string der;
    if (kind_ == KeyKind::P256 || kind_ == KeyKind::P384) {
        if (signature.size() != 2 * coordinate_size(kind_)) return false;
        der = der_of(signature);
        signature = der;
    }
    const EVP_MD* const digest = kind_ == KeyKind::Ed25519 ? nullptr : digest_of(hash);
    const DigestContext context{EVP_MD_CTX_new()};
    const bool verified =
        context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
        EVP_DigestVerify(
            context.get(), bytes_of(signature), signature.size(), bytes_of(bytes), bytes.size()
        ) == 1;
    // A refused signature leaves its reason in a queue of this thread, which nobody reads.
    ERR_clear_error();
    return verified;
}

bool verify_ed25519(std::string_view key, std::string_view bytes, std::string_view signature) {
    const auto public_key = PublicKey::ed25519(key);
    return public_key && public_key->verifies(HashAlgorithm::Sha512, bytes, signature);
}

}  // namespace linkspan::webhooks
