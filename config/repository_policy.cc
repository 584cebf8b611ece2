#include "config/repository_policy.h"

#include "config/gates.h"
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

// Of one file, that are told.
constexpr std::size_t kMostProblems = 20;

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

std::string too_many() {
    return fmt::format("is one too many: at most {} are read", kMostRepositoryPolicies);
}

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
                         if (entries.size() == kMostRepositoryPolicies) {
                             reader.problem((*items)[i]->mark, too_many());
                             return;
                         }
                         read_entry(reader, *(*items)[i], entries);
                     }
                 }
            ).required();
        }};
    return mapping;
}

struct Document {
    std::size_t lines_before = 0;
    std::string text{};
};

// The documents of a file that have anything in them.
std::vector<Document> documents(std::string_view text) {
    std::vector<Document> out(1);
    std::size_t line_number = 0;
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
            // Columns stay what they are.
            out.back() = {.lines_before = line_number, .text = "   "};
            out.back().text += line.substr(3);
            any = false;
        } else {
            out.back().text += line;
        }
        const std::string_view content = marker ? line.substr(3) : line;
        const std::size_t first = content.find_first_not_of(" \t\r\n");
        any |= first != std::string_view::npos && content[first] != '#';
        ++line_number;
    }
    return out;
}

void read_document(
    const std::string& text, std::vector<RepositoryPolicy>& into, std::vector<Problem>& problems
) {
    ParsedYaml parsed = parse_yaml(text);
    problems = std::move(parsed.problems);
    if (!parsed.root) return;
    // Nothing here names a file of this machine.
    Reader reader{"/", {.check_references = false}};
    const bool one = parsed.root->kind == Node::Kind::Mapping &&
                     parsed.root->find("policies") == nullptr &&
                     parsed.root->find("name") != nullptr;
    if (!one) {
        file_mapping().read(reader, *parsed.root, into);
    } else if (into.size() == kMostRepositoryPolicies) {
        reader.problem(parsed.root->mark, too_many());
    } else {
        read_entry(reader, *parsed.root, into);
    }
    auto found = reader.take();
    std::move(found.begin(), found.end(), std::back_inserter(problems));
}

void add_problems(
    std::vector<Diagnostic>& to, const std::string& file, std::vector<Problem> problems
) {
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.mark.line, a.mark.column) < std::tie(b.mark.line, b.mark.column);
    });
    for (std::size_t i = 0; i < problems.size(); ++i) {
        Problem& p = problems[i];
        if (i == kMostProblems) {
            to.push_back({file, p.mark.line, p.mark.column, "and more, which are not listed"});
            return;
        }
        to.push_back({file, p.mark.line, p.mark.column, std::move(p.message)});
    }
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
    for (const Document& document : documents(text)) {
        std::vector<Problem> found;
        const std::size_t known = out.policies.size();
        read_document(document.text, out.policies, found);
        for (std::size_t i = known; i < out.policies.size(); ++i) {
            out.policies[i].line += document.lines_before;
        }
        for (Problem& problem : found) {
            problem.mark.line += document.lines_before;
            problems.push_back(std::move(problem));
        }
        // Further ones would say nothing new, at some cost.
        if (problems.size() > kMostProblems) break;
    }
    for (RepositoryPolicy& policy : out.policies) policy.file = file_name;
    add_problems(out.diagnostics, file_name, std::move(problems));
    if (!out.diagnostics.empty()) out.policies.clear();
    return out;
}

}  // namespace linkspan::config
