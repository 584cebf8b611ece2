// The whole file, and the rules between its sections.
#include "config/nearest.h"
#include "config/quote.h"
#include "config/sections.h"
#include "config/watched_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace linkspan::config {

namespace {

constexpr std::string_view kStorePattern = "^sqlite:.+$";
// Of milliseconds. Longer than any delivery key counts.
constexpr std::uint64_t kWeek = 7ULL * 24 * 3'600'000;

void read_store(Reader& reader, const Node& node, Config& config) {
    const auto written = reader.text(node);
    if (!written) return;
    // A URL may hold a password, so it is not shown.
    if (written->starts_with("postgresql:") || written->starts_with("postgres:")) {
        reader.problem(node.mark, "postgresql is not built yet; use sqlite:linkspan.db");
    } else if (!written->starts_with("sqlite:") || written->size() == 7) {
        reader.problem(
            node.mark, "not a store; write sqlite: and a file, such as sqlite:linkspan.db"
        );
    } else if (written->starts_with("sqlite::") || written->starts_with("sqlite://")) {
        reader.problem(
            node.mark, "write the file right after sqlite: (sqlite:/var/lib/linkspan.db)"
        );
    } else {
        config.store.sqlite_path = reader.absolute(std::string_view{*written}.substr(7));
    }
}

// The nodes of a section's elements; element i of the config was read from node i.
std::vector<const Node*> elements(const Node& root, std::string_view section) {
    std::vector<const Node*> nodes;
    if (const Node* list = root.find(section)) {
        for (const auto& item : list->items) nodes.push_back(item.get());
    }
    return nodes;
}

// Where to point at: the key's value, or the mapping when the key is missing.
const Mark& mark_of(const Node& node, std::string_view key) {
    const Node* const value = node.find(key);
    return value == nullptr ? node.mark : value->mark;
}

template <class T, class NameOf>
void unique(
    Reader& reader,
    const Node& root,
    std::string_view section,
    std::string_view key,
    const std::vector<T>& all,
    NameOf name_of
) {
    const auto nodes = elements(root, section);
    std::map<std::string, std::size_t> lines;
    for (std::size_t i = 0; i < all.size() && i < nodes.size(); ++i) {
        const std::string name = name_of(all[i]);
        if (name.empty()) continue;
        const Mark& mark = mark_of(*nodes[i], key);
        const auto [seen, fresh] = lines.emplace(name, mark.line);
        if (fresh) continue;
        const auto place = reader.inside(section);
        const auto index = reader.inside(i);
        reader.problem(
            mark, fmt::format("the name {} is taken by line {}", quote(name), seen->second)
        );
    }
}

// Who proposes needs somebody to propose to.
void check_forge_of(Reader& reader, const Node& node, const Config& config, const Target& target) {
    if (target.deliver != Deliver::PullRequest) return;
    const Repository* const repository = config.repository(target.repository);
    if (repository == nullptr || repository->forge) return;
    const auto place = reader.inside("deliver");
    reader.problem(
        mark_of(node, "deliver"),
        fmt::format(
            "pull requests need \"forge\" in repository {}: the platform and its token",
            quote(repository->name)
        )
    );
}

void check_repository_reference(
    Reader& reader, const Node& node, const Config& config, const Target& target
) {
    if (target.repository.empty() || config.repository(target.repository) != nullptr) return;
    std::vector<std::string> names;
    for (const Repository& repository : config.repositories) {
        if (!repository.name.empty()) names.push_back(repository.name);
    }
    const auto place = reader.inside("repository");
    reader.problem(
        mark_of(node, "repository"),
        fmt::format(
            "unknown repository {}{}",
            quote(target.repository),
            suggestion(target.repository, names)
        )
    );
}

void check_policy_reference(
    Reader& reader, const Mark& mark, const Config& config, const std::string& name
) {
    std::vector<std::string> known;
    std::vector<std::string> meant;
    for (const policy::Policy& policy : config.policies) {
        if (policy.name.empty()) continue;
        known.push_back(policy.full_name());
        if (policy.full_name() == name) return;
        if (policy.name == name) meant.push_back(policy.full_name());
    }
    if (meant.size() == 1) return;
    if (meant.size() > 1) {
        reader.problem(
            mark,
            fmt::format("{} may be {}; write one of them", quote(name), enumerate(meant, "or"))
        );
        return;
    }
    for (const policy::Policy& policy : config.policies) {
        if (!policy.name_space.empty()) known.push_back(policy.name);
    }
    reader.problem(mark, fmt::format("unknown policy {}{}", quote(name), suggestion(name, known)));
}

// Deliveries that operators make bear this name where a receiver's stands.
void check_receiver_names(Reader& reader, const Node& root, const Config& config) {
    const auto nodes = elements(root, "receivers");
    for (std::size_t i = 0; i < config.receivers.size() && i < nodes.size(); ++i) {
        if (config.receivers[i].name != kOperatorReceiver) continue;
        const auto place = reader.inside("receivers");
        const auto index = reader.inside(i);
        reader.problem(
            mark_of(*nodes[i], "name"),
            fmt::format(
                "{} is the name of deliveries that operators make; take another",
                quote(kOperatorReceiver)
            )
        );
    }
}

// Each can open, or has been told that it can't.
bool never_together(const Target& target, const policy::Policy& policy) {
    if (target.schedule.always_open() || policy.schedule.always_open()) return false;
    const auto opens = [](const policy::Schedule& s) { return policy::can_open(s).has_value(); };
    return opens(target.schedule) && opens(policy.schedule) &&
           !opens(policy::both(target.schedule, policy.schedule));
}

// Without a CA nobody's certificate is asked for, and nobody would ever be let in.
void check_client_certificates(Reader& reader, const Node& root, const Config& config) {
    if (config.server.tls && !config.server.tls->client_ca.empty()) return;
    const auto nodes = elements(root, "receivers");
    for (std::size_t i = 0; i < config.receivers.size() && i < nodes.size(); ++i) {
        if (config.receivers[i].auth.scheme != webhooks::AuthScheme::ClientCertificate) continue;
        const auto place = reader.inside("receivers");
        const auto index = reader.inside(i);
        reader.problem(
            mark_of(*nodes[i], "auth"), "client-certificate needs server.tls with a client_ca"
        );
    }
}

void check_notify(Reader& reader, const Node& node, const Config& config, const Target& target) {
    const Node* const list = node.find("notify");
    if (list == nullptr || !target.notify) return;
    std::vector<std::string> known;
    for (const Notification& one : config.notifications) known.push_back(one.name);
    const auto place = reader.inside("notify");
    for (std::size_t i = 0; i < list->items.size(); ++i) {
        const Node& item = *list->items[i];
        if (item.kind != Node::Kind::Scalar || item.text.empty()) continue;
        if (config.notification(item.text) != nullptr) continue;
        const auto index = reader.inside(i);
        reader.problem(
            item.mark,
            fmt::format("unknown notification {}{}", quote(item.text), suggestion(item.text, known))
        );
    }
}

void check_targets(Reader& reader, const Node& root, const Config& config) {
    const auto nodes = elements(root, "targets");
    const auto section = reader.inside("targets");
    for (std::size_t i = 0; i < config.targets.size() && i < nodes.size(); ++i) {
        const auto index = reader.inside(i);
        check_repository_reference(reader, *nodes[i], config, config.targets[i]);
        check_forge_of(reader, *nodes[i], config, config.targets[i]);
        check_notify(reader, *nodes[i], config, config.targets[i]);
        check_watched_fields(reader, *nodes[i], config, config.targets[i]);
        const Node* const list = nodes[i]->find("policies");
        if (list == nullptr) continue;
        std::map<const policy::Policy*, std::size_t> seen;
        const auto place = reader.inside("policies");
        for (std::size_t k = 0; k < list->items.size(); ++k) {
            const Node& item = *list->items[k];
            if (item.kind != Node::Kind::Scalar || item.text.empty()) continue;
            const auto item_place = reader.inside(k);
            check_policy_reference(reader, item.mark, config, item.text);
            const policy::Policy* const policy = config.policy(item.text);
            if (policy != nullptr && never_together(config.targets[i], *policy)) {
                reader.problem(
                    item.mark,
                    fmt::format(
                        "the windows of {} and of this target never open together", quote(item.text)
                    )
                );
            }
            if (policy != nullptr && !seen.emplace(policy, k).second) {
                reader.problem(item.mark, fmt::format("{} is listed twice", quote(item.text)));
            }
        }
    }
}

void name_policies(Config& config) {
    std::vector<std::string> names;
    for (const auto& policy : config.policies) names.push_back(policy.full_name());
    std::sort(names.begin(), names.end());
    config.policy_names = std::make_shared<const std::vector<std::string>>(std::move(names));
}

void read_mirrors(Reader& reader, const Node& root, Config& config) {
    if (config.mirrors.empty()) return;
    image::Mirrors mirrors;
    const auto nodes = elements(root, "mirrors");
    for (std::size_t i = 0; i < config.mirrors.size() && i < nodes.size(); ++i) {
        const Mirror& one = config.mirrors[i];
        if (one.source.empty() || one.mirror.empty()) continue;
        const auto place = reader.inside("mirrors");
        const auto index = reader.inside(i);
        if (auto added = mirrors.add(one.source, one.mirror); added.has_error()) {
            reader.problem(mark_of(*nodes[i], "mirror"), added.error().message);
        }
    }
    config.same_images = std::make_shared<const image::Mirrors>(std::move(mirrors));
}

void check_config(Reader& reader, const Node& root, Config& config) {
    unique(reader, root, "receivers", "name", config.receivers, [](const auto& r) {
        return r.name;
    });
    unique(reader, root, "registries", "host", config.registries, [](const auto& r) {
        return r.host;
    });
    unique(reader, root, "repositories", "name", config.repositories, [](const auto& r) {
        return r.name;
    });
    unique(reader, root, "policies", "name", config.policies, [](const auto& p) {
        return p.name.empty() ? std::string{} : p.full_name();
    });
    unique(reader, root, "targets", "name", config.targets, [](const auto& t) { return t.name; });
    unique(reader, root, "notifications", "name", config.notifications, [](const auto& n) {
        return n.name;
    });
    unique(reader, root, "mirrors", "mirror", config.mirrors, [](const auto& m) {
        return m.mirror;
    });
    unique(reader, root, "operators", "name", config.operators, [](const auto& o) {
        return o.name;
    });
    for (Repository& repository : config.repositories) {
        repository.follows_head = repository.branch == "HEAD";
    }
    check_receiver_names(reader, root, config);
    check_client_certificates(reader, root, config);
    read_mirrors(reader, root, config);
    name_policies(config);
    check_targets(reader, root, config);
}

}  // namespace

const Mapping<Config>& config_mapping() {
    static const Mapping<Config> mapping{
        "linkspan", "Configuration of Linkspan.", [](Mapping<Config>& m) {
            m.mapping("server", &Config::server, "The HTTP server.", server_mapping());
            m.key(
                 "store",
                 Shape::text(std::string{kStorePattern}),
                 "The database: sqlite: and a file.",
                 read_store
            )
                .defaults_to("sqlite:linkspan.db");
            m.key(
                "data_dir",
                Shape::text(),
                "Folder for clones of the repositories. They can be deleted at any time. None: "
                "\"data\" beside the database.",
                [](Reader& reader, const Node& node, Config& config) {
                    if (const auto path = reader.text(node)) {
                        config.data_dir = reader.absolute(*path);
                    }
                }
            );
            m.mapping("retry", &Config::retry, "Pauses and patience.", retry_mapping());
            m.mappings(
                "receivers", &Config::receivers, "Endpoints for webhooks.", receiver_mapping()
            );
            m.mappings(
                "registries", &Config::registries, "Access to registries.", registry_mapping()
            );
            m.mappings(
                "repositories", &Config::repositories, "Where commits go.", repository_mapping()
            );
            m.mappings("policies", &Config::policies, "Which tags may run.", policy_mapping());
            m.mappings(
                "mirrors",
                &Config::mirrors,
                "Registries that hold other registries' images.",
                mirror_mapping()
            );
            m.mappings("targets", &Config::targets, "What follows which policy.", target_mapping());
            m.mappings(
                "notifications",
                &Config::notifications,
                "Who is told what became of images.",
                notification_mapping()
            );
            m.mappings("operators", &Config::operators, "Who may use the API.", operator_mapping());
            m.duration(
                "retention",
                &Config::retention,
                "How long settled deliveries are kept; audit records are kept a year longer. Whole "
                "hours.",
                {.least = kWeek, .most = 520 * kWeek}
            );
            m.check(check_config);
        }};
    return mapping;
}

}  // namespace linkspan::config
