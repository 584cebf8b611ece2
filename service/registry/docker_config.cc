#include "service/registry/docker_config.h"

#include "service/registry/base64.h"
#include "service/registry/credential_helper.h"

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
constexpr std::chrono::seconds kHelperTime{10};

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

std::string helper_server(const std::string& host) {
    return is_docker_hub(host) ? "https://index.docker.io/v1/" : host;
}

Result<HelperNames> read_docker_helpers(
    std::string_view config, const std::string& host, const std::string& file
) {
    const json document = json::parse(config, nullptr, false);
    if (!document.is_object()) return Error{Errc::InvalidInput, file + ": not a JSON object"};
    HelperNames out;
    out.store = text_of(document, "credsStore");
    const auto helpers = document.find("credHelpers");
    if (helpers == document.end() || helpers->is_null()) return out;
    if (!helpers->is_object()) {
        return Error{Errc::InvalidInput, file + ": credHelpers: must be an object"};
    }
    for (const auto& [key, name] : helpers->items()) {
        const auto named = host_of_key(key);
        const bool same = named == host || (is_docker_hub(named) && is_docker_hub(host));
        if (same && name.is_string()) out.for_host = name.get<std::string>();
    }
    return out;
}

namespace {

Result<std::optional<Credentials>> ask_helper(
    const std::string& name, const std::string& host, const std::string& file
) {
    auto answer = run_credential_helper(name, helper_server(host), kHelperTime);
    if (answer.has_error()) return answer.error().within(file);
    auto login = read_helper_answer(*answer, name);
    if (login.has_error()) return login.error().within(file);
    return login;
}

// A helper for this very host is the most exact word, then a login that is written out; the store
// for everything comes last, since it is often left over from a desktop.
Result<std::optional<Credentials>> choose_login(
    std::string_view content, const std::string& host, const std::string& file
) {
    LINKSPAN_TRY(helpers, read_docker_helpers(content, host, file));
    if (!helpers.for_host.empty()) {
        LINKSPAN_TRY(login, ask_helper(helpers.for_host, host, file));
        if (login) return std::move(login);
    }
    LINKSPAN_TRY(written, read_docker_auth(content, host, file));
    if (written || helpers.store.empty()) return std::move(written);
    return ask_helper(helpers.store, host, file);
}

}  // namespace

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
    return choose_login(content, host, path);
}

}  // namespace linkspan::registry
