#include "core/signing/public_key.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstddef>

namespace linkspan::signing {
namespace {

template <auto fn>
struct Deleter {
    template <class T>
    void operator()(T* pointer) const {
        fn(pointer);
    }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

constexpr int kLeastRsaBits = 2048;
// Of the digest, in a key's name.
constexpr std::size_t kNameBytes = 8;

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// "ECDSA P-256", or the reason against it.
Result<std::string> describe(EVP_PKEY* key) {
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_EC: {
            std::array<char, 64> group{};
            std::size_t size = 0;
            EVP_PKEY_get_group_name(key, group.data(), group.size(), &size);
            if (std::string_view{group.data(), size} == "prime256v1") {
                return std::string{"ECDSA P-256"};
            }
            return Error{
                Errc::InvalidInput,
                fmt::format("a public key on the curve {}; only P-256 can be used", group.data())};
        }
        case EVP_PKEY_RSA:
            if (EVP_PKEY_get_bits(key) >= kLeastRsaBits) {
                return fmt::format("RSA {}", EVP_PKEY_get_bits(key));
            }
            return Error{
                Errc::InvalidInput,
                fmt::format(
                    "an RSA key of {} bits; it needs at least {}",
                    EVP_PKEY_get_bits(key),
                    kLeastRsaBits
                )};
        case EVP_PKEY_ED25519:
            return std::string{"Ed25519"};
        default:
            return Error{
                Errc::InvalidInput,
                "a public key of another kind than ECDSA P-256, RSA and Ed25519"};
    }
}

}  // namespace

struct PublicKey::Impl {
    Key key;
    std::string name;
};

Result<PublicKey> PublicKey::parse(std::string_view pem) {
    const Bio bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    Key key{PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr)};
    ERR_clear_error();
    if (!key) {
        return Error{
            Errc::InvalidInput, "not a public key: PEM with \"BEGIN PUBLIC KEY\" is expected"};
    }
    LINKSPAN_TRY(kind, describe(key.get()));
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key.get(), &der);
    if (size <= 0) return Error{Errc::InvalidInput, "a public key that can't be encoded"};
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    EVP_Digest(der, static_cast<std::size_t>(size), hash.data(), nullptr, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    std::string name = kind + " sha256:";
    for (std::size_t i = 0; i < kNameBytes; ++i) name += fmt::format("{:02x}", hash[i]);
    return PublicKey{std::make_shared<const Impl>(Impl{std::move(key), std::move(name)})};
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
    const Context context{EVP_MD_CTX_new()};
    EVP_PKEY* const key = impl_->key.get();
    const EVP_MD* const hash =
        EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
    const bool good =
        EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key) == 1 &&
        EVP_DigestVerify(
            context.get(), bytes(signature), signature.size(), bytes(message), message.size()
        ) == 1;
    // A bad signature leaves its reason in this thread's queue, where others would find it.
    ERR_clear_error();
    return good;
}

const std::string& PublicKey::name() const { return impl_->name; }

}  // namespace linkspan::signing
