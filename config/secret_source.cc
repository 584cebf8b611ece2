#include "config/secret_source.h"

#include "config/quote.h"

#include <chrono>
#include <cstdlib>
#include <utility>

namespace linkspan::config {

namespace {

constexpr std::size_t kMaxSecret = 64 << 10;
// A file that changes again within the resolution of its time stamp looks unchanged, so a young
// stamp is not believed. Two seconds is the coarsest resolution in use (FAT, some NFS servers).
constexpr std::chrono::seconds kYoung{2};

Result<Secret> make_secret(std::string value, const std::string& where) {
    if (value.ends_with('\n')) value.pop_back();
    if (value.ends_with('\r')) value.pop_back();
    if (value.empty()) return Error{Errc::InvalidInput, where + " is empty; put the secret in it"};
    return Secret{std::move(value)};
}

Result<std::pair<Secret, FileStamp>> read_secret_file(const std::string& path) {
    LINKSPAN_TRY(content, read_file(path, kMaxSecret));
    LINKSPAN_TRY(secret, make_secret(std::move(content.bytes), "secret file " + quote(path)));
    return std::pair{std::move(secret), content.stamp};
}

bool is_young(const FileStamp& stamp) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::nanoseconds{stamp.modified} + kYoung > now;
}

}  // namespace

Result<Secret> SecretRef::read() const {
    if (kind == Kind::File) {
        auto result = read_secret_file(name);
        if (result.has_error()) {
            Error error = result.error();
            if (!error.message.starts_with("secret ")) error.message = "secret " + error.message;
            return error;
        }
        return std::move(result->first);
    }
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) {
        return Error{Errc::NotFound, "environment variable " + quote(name) + " is not set"};
    }
    return make_secret(value, "environment variable " + quote(name));
}

FollowedSecrets::FollowedSecrets(std::vector<SecretRef> references) {
    for (SecretRef& reference : references) {
        Entry entry{.reference = std::move(reference), .value = {}, .stamp = {}};
        if (entry.reference.kind == SecretRef::Kind::Env) {
            auto value = entry.reference.read();
            if (value.has_value()) entry.value = std::move(*value);
        } else {
            refresh(entry);
        }
        entries_.push_back(std::move(entry));
    }
}

void FollowedSecrets::refresh(Entry& entry) {
    if (entry.stamp) {
        const auto now = stamp_file(entry.reference.name);
        if (now.has_value() && *now == *entry.stamp) return;
    }
    auto read = read_secret_file(entry.reference.name);
    if (read.has_error()) {
        entry.stamp.reset();
        return;
    }
    entry.value = std::move(read->first);
    entry.stamp.reset();
    if (!is_young(read->second)) entry.stamp = read->second;
}

std::vector<Secret> FollowedSecrets::current() const {
    const std::lock_guard lock{mutex_};
    std::vector<Secret> secrets;
    for (Entry& entry : entries_) {
        if (entry.reference.kind == SecretRef::Kind::File) refresh(entry);
        if (entry.value) secrets.push_back(*entry.value);
    }
    return secrets;
}

}  // namespace linkspan::config
