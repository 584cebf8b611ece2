#include "core/manifest/ci.h"

#include "core/manifest/helm.h"
#include "core/manifest/walk.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace linkspan::manifest {

namespace {

constexpr std::string_view kDocker = "docker://";

bool is_github_workflow(const Tree& tree, NodeId root) {
    if (is_mapping(tree, tree.resolve(tree.find(root, "jobs")))) return true;
    // action.yml
    const NodeId runs = tree.resolve(tree.find(root, "runs"));
    return is_mapping(tree, runs) && tree.find(runs, "using") != kNoNode;
}

// A job has a script; the file may be an included part without stages.
bool is_gitlab_pipeline(const Tree& tree, NodeId root) {
    if (is_sequence(tree, tree.resolve(tree.find(root, "stages")))) return true;
    bool found = false;
    each_entry(tree, root, [&](std::string_view, NodeId value) {
        const NodeId job = tree.resolve(value);
        found = found || (is_mapping(tree, job) &&
                          is_sequence(tree, tree.resolve(tree.find(job, "script"))));
    });
    return found;
}

void add(Finder& finder, NodeId value) {
    const Tree& tree = finder.tree();
    const NodeId id = tree.resolve(value);
    if (!is_scalar(tree, id)) return;
    ReferenceRule rule{.quiet = true};
    const std::string_view text = tree[id].text;
    if (text.starts_with(kDocker)) rule.part = ByteSpan{kDocker.size(), text.size()};
    finder.add_reference(PlaceKind::CiImage, id, rule);
}

// "ref", or {name: ref}, or {image: ref}.
void add_either(Finder& finder, NodeId value) {
    const Tree& tree = finder.tree();
    const NodeId id = tree.resolve(value);
    if (is_scalar(tree, id)) return add(finder, id);
    if (!is_mapping(tree, id)) return;
    const NodeId name = tree.find_scalar(id, "name");
    add(finder, name != kNoNode ? name : tree.find_scalar(id, "image"));
}

bool is_cloud_build(const Finder& finder) { return finder.file_name().starts_with("cloudbuild"); }

// A step's name is its image; "images" are what is built.
void visit_cloud_build(Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    each_item(finder, tree.find(root, "steps"), [&](NodeId step) {
        const NodeId name = tree.find_scalar(step, "name");
        if (name != kNoNode) add(finder, name);
    });
}

void visit(Finder& finder, NodeId node) {
    const Tree& tree = finder.tree();
    for (NodeId child = tree[node].first_child; child != kNoNode; child = tree[child].next) {
        if (tree[child].is_key) continue;
        const std::string_view key = key_of(tree, child);
        if (key == "image") {
            add_either(finder, child);
        } else if (key == "container" && is_scalar(tree, tree.resolve(child))) {
            add(finder, child);
        } else if (key == "services" && is_sequence(tree, tree.resolve(child))) {
            each_item(finder, child, [&](NodeId item) { add_either(finder, item); });
        } else if (key == "uses" || key == "pipe") {
            const NodeId id = tree.resolve(child);
            if (is_scalar(tree, id) && tree[id].text.starts_with(kDocker)) add(finder, id);
        }
        visit(finder, child);
    }
}

}  // namespace

bool is_ci_file(const Finder& finder, NodeId root) {
    static constexpr std::array<std::string_view, 6> kNames = {
        "bitbucket-pipelines.yml",
        ".drone.yml",
        ".woodpecker.yml",
        ".woodpecker.yaml",
        ".crow.yaml",
        ".vela.yml"};
    const Tree& tree = finder.tree();
    if (!is_mapping(tree, root)) return false;
    const std::string_view file = finder.file_name();
    return std::find(kNames.begin(), kNames.end(), file) != kNames.end() ||
           is_cloud_build(finder) || file.find("gitlab-ci") != std::string_view::npos ||
           is_github_workflow(tree, root) || is_gitlab_pipeline(tree, root);
}

void find_ci_images(Finder& finder, NodeId root) {
    if (is_cloud_build(finder)) return visit_cloud_build(finder, root);
    visit(finder, root);
    // Variables that are whole references; and a chart's values may look like a pipeline.
    find_helm_values(finder, root);
}

}  // namespace linkspan::manifest
