#include "service/notify/argocd.h"

#include "service/notify/payload.h"
#include "service/notify/signing.h"

#include <nlohmann/json.hpp>

namespace linkspan::notify::argocd {
namespace {

using Json = nlohmann::ordered_json;

const std::string kNoCommit(40, '0');

// The event's own example has "owner/name".
std::string full_name(const std::string& url) {
    const std::size_t host = url.find("://");
    const std::size_t path = url.find('/', host == std::string::npos ? 0 : host + 3);
    return path == std::string::npos ? std::string{} : url.substr(path + 1);
}

}  // namespace

Result<transport::HttpRequest> make_request(const Sink& sink, const Message& message) {
    const std::string url = web_url(message.repository_url);
    if (url.empty()) {
        return Error{
            Errc::InvalidInput,
            "Argo CD knows repositories by host and path, and this one has none: " +
                message.repository};
    }
    const std::string name = full_name(url);
    Json commits = Json::array();
    // The files count only together with the commit that they changed since.
    const bool files_known = !message.paths.empty() && !message.before.empty();
    commits.push_back({
        {"id", message.commit},
        {"message", summary(message)},
        {"timestamp", rfc3339(message.at)},
        {"added", Json::array()},
        {"removed", Json::array()},
        {"modified", files_known ? Json(message.paths) : Json::array()},
    });
    transport::HttpRequest request;
    request.body = dump({
        {"ref", "refs/heads/" + message.branch},
        {"before", files_known ? message.before : kNoCommit},
        {"after", message.commit},
        {"created", false},
        {"deleted", false},
        {"forced", false},
        {"commits", std::move(commits)},
        {"repository",
         {
             {"name", name.substr(name.rfind('/') + 1)},
             {"full_name", name},
             {"html_url", url},
             {"clone_url", message.repository_url},
             {"default_branch", message.branch},
         }},
    });
    request.headers = {
        {"Content-Type", "application/json"},
        {"X-GitHub-Event", "push"},
        {"X-GitHub-Delivery", message.id},
    };
    if (sink.secret) {
        request.headers.emplace_back(
            "X-Hub-Signature-256", hmac_sha256_header(*sink.secret, request.body)
        );
    }
    return request;
}

}  // namespace linkspan::notify::argocd
