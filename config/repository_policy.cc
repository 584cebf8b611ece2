#include "config/repository_policy.h"

#include "config/gates.h"
#include "config/nearest.h"
#include "config/quote.h"
#include "config/rule.h"
#include "config/sections.h"
#include "config/yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

namespace linkspan::config {

namespace {

using policy::Policy;
using policy::TagFilter;

const Choices<policy::DigestMode> kDigests{
    {"keep", policy::DigestMode::Keep},
    {"pin", policy::DigestMode::Pin},
    {"never", policy::DigestMode::Never},
};

// Of an entry, keys that only the configuration has.
template <class T>
void refuse(Mapping<T>& m, std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) {
        m.key(key, Shape::text(), {}, [](Reader& reader, const Node& node, T&) {
            reader.problem(node.mark, "is said by the configuration alone; remove the key");
        });
    }
}

const Mapping<TagFilter>& tags_mapping() {
    static const Mapping<TagFilter> mapping{
        "repository_tags", "Which tags are looked at.", [](Mapping<TagFilter>& m) {
            m.text("pattern", &TagFilter::pattern, {});
            m.texts("allow", &TagFilter::allow, {});
            m.texts("ignore", &TagFilter::ignore, {});
            refuse(m, {"extract", "cap"});
        }};
    return mapping;
}

void read_image(Reader& reader, const Node& node, RepositoryPolicy& policy) {
    const auto written = reader.text(node);
    if (!written) return;
    auto image = image::ImageName::parse(*written);
    if (image.has_error()) {
        reader.problem(node.mark, image.error().message);
    } else {
        policy.image = std::move(*image);
    }
}

void read_select(Reader& reader, const Node& node, RepositoryPolicy& policy) {
    select_mapping().read(reader, node, policy.select.emplace());
    const Node* const semver = node.find("semver");
    const Node* const strict = semver == nullptr ? nullptr : semver->find("strict");
    if (strict != nullptr) policy.strict = std::get<policy::Semver>(*policy.select).strict;
}

// Whether its patterns and ranges read at all.
void check_entry(Reader& reader, const Node& node, RepositoryPolicy& entry) {
    check_schedule(reader, node, entry.schedule);
    Policy policy{.tags = entry.tags};
    const Node* const select = node.find("select");
    if (select != nullptr && select->members.size() == 1 && entry.select) {
        policy.select = *entry.select;
    }
    const Status status = policy::validate(policy);
    if (!status.has_error()) return;
    reader.problem(locate(node, status.error().message).mark, status.error().message);
}

const Mapping<RepositoryPolicy>& entry_mapping() {
    static const Mapping<RepositoryPolicy> mapping{
        "repository_policy",
        "What is asked for on top of a policy.",
        [](Mapping<RepositoryPolicy>& m) {
            m.text("name", &RepositoryPolicy::name, {}, rule::name).required();
            m.text("namespace", &RepositoryPolicy::name_space, {}, rule::name);
            m.key("image", Shape::text(), {}, read_image);
            m.mapping("tags", &RepositoryPolicy::tags, {}, tags_mapping());
            m.key("select", Shape::of(select_mapping().shape()), {}, read_select);
            m.key(
                "digest",
                Shape::choice({"keep", "pin", "never"}),
                {},
                [](Reader& reader, const Node& node, RepositoryPolicy& policy) {
                    if (const auto i = reader.choice(node, {"keep", "pin", "never"})) {
                        policy.digest = kDigests[*i].second;
                    }
                }
            );
            m.key(
                "allow_downgrade",
                Shape{.kind = Shape::Kind::Boolean, .default_value = {}},
                {},
                [](Reader& reader, const Node& node, RepositoryPolicy& policy) {
                    policy.allow_downgrade = reader.boolean(node);
                }
            );
            add_gates(m);
            refuse(m, {"signature", "poll", "resync"});
            m.check(check_entry);
        }};
    return mapping;
}

using Entries = std::vector<RepositoryPolicy>;

void read_entry(Reader& reader, const Node& node, Entries& entries) {
    RepositoryPolicy& entry = entries.emplace_back();
    entry.line = node.mark.line;
    entry_mapping().read(reader, node, entry);
}

const Mapping<Entries>& file_mapping() {
    static const Mapping<Entries> mapping{
        "repository_policies", "Policies of a manifest repository.", [](Mapping<Entries>& m) {
            m.key(
                 "policies",
                 Shape::list(Shape::of(entry_mapping().shape())),
                 {},
                 [](Reader& reader, const Node& node, Entries& entries) {
                     const auto* const items = reader.list(node, Shape::list(Shape::text()));
                     if (items == nullptr) return;
                     for (std::size_t i = 0; i < items->size(); ++i) {
                         const auto place = reader.inside(i);
                         read_entry(reader, *(*items)[i], entries);
                     }
                 }
            ).required();
        }};
    return mapping;
}

// The documents of a file, each with as many empty lines in front as keep its lines' numbers.
std::vector<std::string> documents(std::string_view text) {
    std::vector<std::string> out(1);
    std::string blank;
    bool any = false;  // whether the last document has anything
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line =
            text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
        text.remove_prefix(line.size());
        const bool marker = line.starts_with("---") &&
                            (line.size() == 3 ||
                             std::string_view{" \t\r\n"}.find(line[3]) != std::string_view::npos);
        if (marker) {
            if (any) out.emplace_back();
            out.back() = blank + "   ";
            out.back() += line.substr(3);
            any = false;
        } else {
            out.back() += line;
        }
        const std::string_view content = marker ? line.substr(3) : line;
        const std::size_t first = content.find_first_not_of(" \t\r\n");
        any |= first != std::string_view::npos && content[first] != '#';
        blank += '\n';
    }
    return out;
}

Error widens(const RepositoryPolicy& wanted, std::string_view key, std::string_view why) {
    return {Errc::InvalidInput, fmt::format("{}: {}: {}", wanted.file, key, why)};
}

Status narrow_select(Policy& out, const RepositoryPolicy& wanted, policy::Narrowing& more) {
    if (!wanted.select) return {};
    const auto* const range = std::get_if<policy::Semver>(&*wanted.select);
    auto* const own = std::get_if<policy::Semver>(&out.select);
    if (range == nullptr || own == nullptr) {
        if (*wanted.select == out.select) return {};
        return widens(
            wanted, "select", "is not the configuration's; only a semver range can be narrowed"
        );
    }
    if (wanted.strict == false && own->strict) {
        return widens(wanted, "select.semver.strict", "the configuration has it true");
    }
    if (wanted.strict == true) own->strict = true;
    if (range->range != own->range) more.range = range->range;
    return {};
}

void add_problems(
    std::vector<Diagnostic>& to, const std::string& file, std::vector<Problem> problems
) {
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.mark.line, a.mark.column) < std::tie(b.mark.line, b.mark.column);
    });
    for (Problem& p : problems) {
        to.push_back({file, p.mark.line, p.mark.column, std::move(p.message)});
    }
}

// Index into `policies`, or what is wrong with the name.
Result<std::size_t> find_policy(std::span<const Policy> policies, const RepositoryPolicy& wanted) {
    const std::string name = wanted.full_name();
    std::vector<std::size_t> found;
    std::vector<std::string> known;
    for (std::size_t i = 0; i < policies.size(); ++i) {
        known.push_back(policies[i].full_name());
        if (!policies[i].name_space.empty()) known.push_back(policies[i].name);
        if (policies[i].full_name() == name) return i;
        if (policies[i].name == name) found.push_back(i);
    }
    if (found.size() == 1) return found[0];
    if (found.size() > 1) {
        return Error{
            Errc::InvalidInput,
            fmt::format("name: several policies are called {}; add a namespace", quote(name))};
    }
    return Error{
        Errc::InvalidInput,
        fmt::format(
            "name: the configuration has no policy {} for this branch{}",
            quote(name),
            suggestion(name, known)
        )};
}

}  // namespace

LoadedRepositoryPolicies load_repository_policies(
    std::string_view text, const std::string& file_name
) {
    LoadedRepositoryPolicies out;
    if (text.size() > kMaxText) {
        out.diagnostics.push_back({file_name, 1, 1, "is too large"});
        return out;
    }
    std::vector<Problem> problems;
    for (const std::string& document : documents(text)) {
        ParsedYaml parsed = parse_yaml(document);
        std::move(parsed.problems.begin(), parsed.problems.end(), std::back_inserter(problems));
        if (!parsed.root) continue;
        // Nothing here names a file of this machine.
        Reader reader{"/", {.check_references = false}};
        const bool one = parsed.root->kind == Node::Kind::Mapping &&
                         parsed.root->find("policies") == nullptr &&
                         parsed.root->find("name") != nullptr;
        if (one) {
            read_entry(reader, *parsed.root, out.policies);
        } else {
            file_mapping().read(reader, *parsed.root, out.policies);
        }
        auto found = reader.take();
        std::move(found.begin(), found.end(), std::back_inserter(problems));
    }
    for (RepositoryPolicy& policy : out.policies) policy.file = file_name;
    add_problems(out.diagnostics, file_name, std::move(problems));
    if (!out.diagnostics.empty()) out.policies.clear();
    return out;
}

Result<Policy> narrow(const Policy& allowed, const RepositoryPolicy& wanted) {
    Policy out = allowed;
    if (wanted.image && !(*wanted.image == allowed.image)) {
        return widens(wanted, "image", "is not the configuration's");
    }
    policy::Narrowing more{.from = wanted.file, .tags = wanted.tags};
    more.tags.extract.clear();
    more.tags.cap = 0;
    if (const Status s = narrow_select(out, wanted, more); s.has_error()) return s.error();
    if (more.tags != TagFilter{} || !more.range.empty()) out.also.push_back(std::move(more));

    if (wanted.digest && *wanted.digest != out.digest) {
        if (*wanted.digest != policy::DigestMode::Pin || out.digest != policy::DigestMode::Keep) {
            return widens(wanted, "digest", "can only become pin where the configuration has keep");
        }
        out.digest = policy::DigestMode::Pin;
    }
    if (wanted.allow_downgrade == true && !out.allow_downgrade) {
        return widens(wanted, "allow_downgrade", "the configuration does not allow it");
    }
    if (wanted.allow_downgrade) out.allow_downgrade = *wanted.allow_downgrade;

    out.soak = std::max(out.soak, wanted.soak);
    out.schedule = policy::both(std::move(out.schedule), wanted.schedule);
    if (policy::can_open(out.schedule).has_error()) {
        return widens(
            wanted,
            wanted.schedule.windows.empty() ? "freezes" : "windows",
            "together with the configuration's, there is never an open window"
        );
    }
    const auto add = [](auto& to, const auto& from) {
        for (const auto& item : from) {
            if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
        }
    };
    add(out.platforms, wanted.platforms);
    // Two rules for one label must both hold.
    add(out.labels, wanted.labels);
    if (const Status valid = policy::validate(out); valid.has_error()) {
        return valid.error().within(wanted.file);
    }
    return out;
}

NarrowedPolicies narrow_policies(
    std::span<const Policy> allowed, std::span<const RepositoryFile> files
) {
    NarrowedPolicies out{.policies = {allowed.begin(), allowed.end()}, .diagnostics = {}};
    std::vector<const RepositoryFile*> ordered;
    for (const RepositoryFile& file : files) ordered.push_back(&file);
    std::sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) {
        return a->name < b->name;
    });
    for (const RepositoryFile* const file : ordered) {
        LoadedRepositoryPolicies loaded = load_repository_policies(file->text, file->name);
        std::vector<Policy> narrowed = out.policies;
        auto& problems = loaded.diagnostics;
        for (const RepositoryPolicy& wanted : loaded.policies) {
            const auto index = find_policy(allowed, wanted);
            if (index.has_error()) {
                problems.push_back({file->name, wanted.line, 1, index.error().message});
                continue;
            }
            auto policy = narrow(narrowed[*index], wanted);
            if (policy.has_value()) {
                narrowed[*index] = std::move(*policy);
                continue;
            }
            std::string message = policy.error().message;
            const std::string prefix = file->name + ": ";
            if (message.starts_with(prefix)) message.erase(0, prefix.size());
            problems.push_back({file->name, wanted.line, 1, std::move(message)});
        }
        if (problems.empty()) out.policies = std::move(narrowed);
        std::move(problems.begin(), problems.end(), std::back_inserter(out.diagnostics));
    }
    return out;
}

NarrowedPolicy narrow_policy(
    const Config& config,
    const std::string& repository,
    const policy::Policy& policy,
    std::span<const RepositoryFile> files
) {
    std::vector<policy::Policy> followed{policy};
    for (const auto& target : config.targets) {
        if (target.repository != repository) continue;
        for (const auto& name : target.policies) {
            const auto* other = config.policy(name);
            if (other == nullptr) continue;
            const bool known = std::any_of(followed.begin(), followed.end(), [&](const auto& one) {
                return one.full_name() == other->full_name();
            });
            if (!known) followed.push_back(*other);
        }
    }
    auto narrowed = narrow_policies(followed, files);
    return {
        .policy = std::move(narrowed.policies.front()),
        .diagnostics = std::move(narrowed.diagnostics)};
}

}  // namespace linkspan::config
