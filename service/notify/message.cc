#include "service/notify/message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>

namespace linkspan::notify {
namespace {

using Json = nlohmann::json;

std::string text(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::size_t number(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::size_t>() : 0;
}

Json json_of(const Item& item) {
    Json changes = Json::array();
    for (const Change& change : item.changes) {
        changes.push_back({
            {"path", change.path},
            {"line", change.line},
            {"image", change.image},
            {"old_tag", change.old_tag},
            {"new_tag", change.new_tag},
        });
    }
    return {
        {"target", item.target},
        {"policy", item.policy},
        {"one_of_several", item.one_of_several},
        {"image", item.image},
        {"tag", item.tag},
        {"digest", item.digest},
        {"delivery", item.delivery},
        {"status_url", item.status_url},
        {"reason", item.reason},
        {"revision", item.revision},
        {"source", item.source},
        {"build_url", item.build_url},
        {"actor", item.actor},
        {"changes", std::move(changes)},
    };
}

Item item_of(const Json& json) {
    Item item{
        .target = text(json, "target"),
        .policy = text(json, "policy"),
        .one_of_several = json.value("one_of_several", Json(false)) == Json(true),
        .image = text(json, "image"),
        .tag = text(json, "tag"),
        .digest = text(json, "digest"),
        .delivery = text(json, "delivery"),
        .status_url = text(json, "status_url"),
        .reason = text(json, "reason"),
        .revision = text(json, "revision"),
        .source = text(json, "source"),
        .build_url = text(json, "build_url"),
        .actor = text(json, "actor"),
        .changes = {},
    };
    for (const Json& change : json.value("changes", Json::array())) {
        item.changes.push_back({
            .path = text(change, "path"),
            .line = number(change, "line"),
            .image = text(change, "image"),
            .old_tag = text(change, "old_tag"),
            .new_tag = text(change, "new_tag"),
        });
    }
    return item;
}

std::string of_item(const Item& item) {
    // The place may have changed to another tag than the event's: the best of several wins.
    if (!item.changes.empty() && !item.changes.front().new_tag.empty()) {
        const Change& change = item.changes.front();
        return fmt::format(
            "{} {} → {}",
            change.image.empty() ? item.image : change.image,
            change.old_tag.empty() ? "(none)" : change.old_tag,
            change.new_tag
        );
    }
    return item.image + ":" + item.tag;
}

}  // namespace

std::string to_json(const Message& message) {
    Json items = Json::array();
    for (const Item& item : message.items) items.push_back(json_of(item));
    Json out{
        {"id", message.id},
        {"kind", message.kind},
        {"at", std::chrono::nanoseconds{message.at.time_since_epoch()}.count()},
        {"repository", message.repository},
        {"repository_url", message.repository_url},
        {"branch", message.branch},
        {"commit", message.commit},
        {"before", message.before},
        {"pull_request_url", message.pull_request_url},
        {"public_url", message.public_url},
        {"items", std::move(items)},
        {"items_total", message.items_total},
        {"paths", message.paths},
    };
    if (message.deployment) {
        out["deployment"] = {
            {"controller", message.deployment->controller},
            {"object", message.deployment->object},
            {"revision", message.deployment->revision},
            {"message", message.deployment->message},
        };
    }
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Message> from_json(std::string_view json) {
    const Json in = Json::parse(json, nullptr, false);
    if (!in.is_object() || !in.contains("at") || !in["at"].is_number_integer() ||
        !in.contains("items") || !in["items"].is_array()) {
        return Error{Errc::Corrupt, "the outbox holds a message that can't be read"};
    }
    Message message;
    message.id = text(in, "id");
    message.kind = text(in, "kind");
    message.at = std::chrono::system_clock::time_point{
        std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds{
            in["at"].get<std::int64_t>()})};
    message.repository = text(in, "repository");
    message.repository_url = text(in, "repository_url");
    message.branch = text(in, "branch");
    message.commit = text(in, "commit");
    message.before = text(in, "before");
    message.pull_request_url = text(in, "pull_request_url");
    message.public_url = text(in, "public_url");
    for (const Json& item : in["items"]) message.items.push_back(item_of(item));
    message.items_total = number(in, "items_total");
    for (const Json& path : in.value("paths", Json::array())) {
        if (path.is_string()) message.paths.push_back(path.get<std::string>());
    }
    if (const auto found = in.find("deployment"); found != in.end() && found->is_object()) {
        message.deployment = Deployment{
            .controller = text(*found, "controller"),
            .object = text(*found, "object"),
            .revision = text(*found, "revision"),
            .message = text(*found, "message"),
        };
    }
    return message;
}

std::string rfc3339(std::chrono::system_clock::time_point time) {
    using namespace std::chrono;
    const auto millis = duration_cast<milliseconds>(time.time_since_epoch()).count();
    const std::time_t whole = system_clock::to_time_t(floor<seconds>(time));
    std::tm utc{};
    gmtime_r(&whole, &utc);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc, ((millis % 1000) + 1000) % 1000);
}

std::string summary(const Message& message) {
    if (message.items.empty()) {
        return fmt::format("{}: {} {}", message.kind, message.repository, message.commit);
    }
    const Item& first = message.items.front();
    std::string kind = message.kind;
    std::replace(kind.begin(), kind.end(), '_', ' ');
    std::string out = fmt::format("{}: {} in {}", kind, of_item(first), first.target);
    if (message.items_total > 1) out += fmt::format(", and {} more", message.items_total - 1);
    if (message.deployment) out += " by " + message.deployment->object;
    return out;
}

std::string without_credentials(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return std::string{url};
    const std::size_t begin = scheme + 3;
    const std::size_t end = std::min(url.find('/', begin), url.size());
    const std::size_t at = url.substr(0, end).rfind('@');
    if (at == std::string_view::npos || at < begin) return std::string{url};
    return std::string{url.substr(0, begin)} + std::string{url.substr(at + 1)};
}

std::string web_url(std::string_view repository_url) {
    std::string host;
    std::string path;
    const std::size_t scheme = repository_url.find("://");
    if (scheme != std::string_view::npos) {
        const std::string_view name = repository_url.substr(0, scheme);
        if (name != "https" && name != "http" && name != "ssh") return {};
        const std::string clean = without_credentials(repository_url);
        const std::string_view rest = std::string_view{clean}.substr(scheme + 3);
        const std::size_t slash = rest.find('/');
        if (slash == std::string_view::npos) return {};
        host = rest.substr(0, slash);
        path = rest.substr(slash + 1);
        // The port of SSH says nothing about the web.
        if (name == "ssh" && !host.ends_with(']')) host = host.substr(0, host.rfind(':'));
        if (name == "http") host.insert(0, "http://");
    } else {
        // user@host:path
        const std::size_t at = repository_url.find('@');
        const std::size_t colon = repository_url.find(':');
        if (at == std::string_view::npos || colon == std::string_view::npos || colon < at) {
            return {};
        }
        host = repository_url.substr(at + 1, colon - at - 1);
        path = repository_url.substr(colon + 1);
    }
    while (path.starts_with('/')) path.erase(0, 1);
    while (path.ends_with('/')) path.pop_back();
    if (path.ends_with(".git")) path.resize(path.size() - 4);
    if (host.empty() || path.empty()) return {};
    return (host.starts_with("http://") ? "" : "https://") + host + "/" + path;
}

}  // namespace linkspan::notify
