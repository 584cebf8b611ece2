#include "service/registry/docker_config.h"

#include "service/registry/base64.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace linkspan::registry {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxConfigBytes = 1 << 20;

// "registry.example.com" of "https://registry.example.com/v1/"; the key itself when it has another
// path, which names something narrower than a host.
std::string_view host_of_key(std::string_view key) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (key.substr(0, scheme.size()) == scheme) key.remove_prefix(scheme.size());
    }
    const auto slash = key.find('/');
    const auto path = slash == std::string_view::npos ? std::string_view{} : key.substr(slash);
    for (const std::string_view known : {"", "/", "/v1", "/v1/", "/v2", "/v2/"}) {
        if (path == known) return key.substr(0, slash);
    }
    return key;
}

bool is_docker_hub(std::string_view host) {
    return host == "docker.io" || host == "index.docker.io" || host == "registry-1.docker.io";
}

std::string text_of(const json& entry, const char* key) {
    const auto it = entry.find(key);
    return it != entry.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

Result<std::optional<Credentials>> read_entry(const json& entry, const std::string& where) {
    if (!entry.is_object()) return Error{Errc::InvalidInput, where + ": must be an object"};
    if (auto token = text_of(entry, "identitytoken"); !token.empty()) {
        return std::optional{
            Credentials{std::string{kIdentityTokenUser}, Secret{std::move(token)}}};
    }
    if (const auto auth = text_of(entry, "auth"); !auth.empty()) {
        const auto decoded = decode_base64(auth);
        const auto colon = decoded ? decoded->find(':') : std::string::npos;
        if (colon == std::string::npos) {
            return Error{
                Errc::InvalidInput, where + ".auth: must be the base64 of \"user:password\""};
        }
        std::string password = decoded->substr(colon + 1);
        // Old Docker versions pad with NULs.
        password.erase(password.find_last_not_of('\0') + 1);
        return std::optional{Credentials{decoded->substr(0, colon), Secret{std::move(password)}}};
    }
    auto user = text_of(entry, "username");
    auto password = text_of(entry, "password");
    if (user.empty() && password.empty()) return std::optional<Credentials>{};
    return std::optional{Credentials{std::move(user), Secret{std::move(password)}}};
}

}  // namespace

Result<std::optional<Credentials>> read_docker_auth(
    std::string_view config, const std::string& host, const std::string& file
) {
    const json document = json::parse(config, nullptr, false);
    if (!document.is_object()) return Error{Errc::InvalidInput, file + ": not a JSON object"};
    const auto auths = document.find("auths");
    if (auths == document.end() || auths->is_null()) return std::optional<Credentials>{};
    if (!auths->is_object()) return Error{Errc::InvalidInput, file + ": auths: must be an object"};
    const json* found = nullptr;
    std::string where;
    for (const auto& [key, entry] : auths->items()) {
        const auto named = host_of_key(key);
        const bool same = named == host || (is_docker_hub(named) && is_docker_hub(host));
        // The exact key wins over one with a scheme or a path.
        if (same && (found == nullptr || key == host)) {
            found = &entry;
            where = fmt::format("{}: auths[\"{}\"]", file, key);
        }
    }
    if (found == nullptr) return std::optional<Credentials>{};
    return read_entry(*found, where);
}

Result<std::optional<Credentials>> docker_config_credentials(
    const std::string& path, const std::string& host
) {
    std::ifstream in{path, std::ios::binary};
    if (!in) {
        return Error{Errc::NotFound, fmt::format("{}: {}", path, std::strerror(errno))};
    }
    std::string content(kMaxConfigBytes + 1, '\0');
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad()) return Error{Errc::NotFound, path + ": can't be read"};
    if (content.size() > kMaxConfigBytes) {
        return Error{Errc::InvalidInput, path + ": longer than 1 MiB; not a Docker config"};
    }
    return read_docker_auth(content, host, path);
}

}  // namespace linkspan::registry
