#include "tests/support/signing_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

namespace linkspan::support {
namespace {

EVP_PKEY* generate(SigningKey::Kind kind) {
    switch (kind) {
        case SigningKey::Kind::EcdsaP256:
            return EVP_EC_gen("P-256");
        case SigningKey::Kind::EcdsaP384:
            return EVP_EC_gen("P-384");
        case SigningKey::Kind::Rsa2048:
            return EVP_RSA_gen(2048);
        case SigningKey::Kind::Rsa1024:
            return EVP_RSA_gen(1024);
        case SigningKey::Kind::Ed25519:
            return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    }
    return nullptr;
}

}  // namespace

struct SigningKey::Impl {
    EVP_PKEY* key = nullptr;
    ~Impl() { EVP_PKEY_free(key); }
};

SigningKey::SigningKey(Kind kind) : impl_{std::make_unique<Impl>()} {
    impl_->key = generate(kind);
    if (impl_->key == nullptr) throw std::runtime_error{"can't make a test key"};
}
SigningKey::~SigningKey() = default;
SigningKey::SigningKey(SigningKey&&) noexcept = default;

std::string SigningKey::public_pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, impl_->key);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string out{data, static_cast<std::size_t>(size)};
    BIO_free(bio);
    return out;
}

std::string SigningKey::sign(std::string_view message) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const EVP_MD* hash =
        EVP_PKEY_get_base_id(impl_->key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    std::size_t size = 0;
    std::string raw;
    bool good = EVP_DigestSignInit(context, nullptr, hash, nullptr, impl_->key) == 1 &&
                EVP_DigestSign(context, nullptr, &size, bytes, message.size()) == 1;
    if (good) {
        raw.resize(size);
        auto* const out = reinterpret_cast<unsigned char*>(raw.data());
        good = EVP_DigestSign(context, out, &size, bytes, message.size()) == 1;
        raw.resize(size);
    }
    EVP_MD_CTX_free(context);
    if (!good) throw std::runtime_error{"can't sign with a test key"};
    std::string text((raw.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()),
        reinterpret_cast<const unsigned char*>(raw.data()),
        static_cast<int>(raw.size())
    );
    text.resize(static_cast<std::size_t>(length));
    return text;
}

}  // namespace linkspan::support
