// A large corpus of real-looking files, generated: charts with their templates, operators with
// their bundles, overlays, pipelines. Each goes through a scan, an edit to what it says already
// (nothing may change) and an edit to another tag (only the spans may). LINKSPAN_CORPUS says how
// many files (default 3,000).

#include "core/manifest/edit.h"
#include "core/manifest/scan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::manifest {
namespace {

class Corpus {
public:
    explicit Corpus(unsigned seed) : random_{seed} {}

    std::pair<std::string, std::string> file() {
        std::string path = "values.yaml";
        std::string text;
        switch (below(8)) {
            case 0:
                text = values();
                break;
            case 1:
                path = "templates/deployment.yaml";
                text = chart_template();
                break;
            case 2:
                path = "operator.clusterserviceversion.yaml";
                text = service_version();
                break;
            case 3:
                path = "bundle.yaml";
                for (std::size_t n = 1 + below(5); n > 0; --n) text += "---\n" + workload();
                break;
            case 4:
                path = "kustomization.yaml";
                text = kustomization();
                break;
            case 5:
                path = "compose.yaml";
                text = compose();
                break;
            case 6:
                path = "crd.yaml";
                text = definition();
                break;
            default:
                path = "deployment.json";
                text = json();
        }
        if (path.ends_with(".yaml")) text = dressed(std::move(text));
        return {path, text};
    }

private:
    std::size_t below(std::size_t n) { return random_() % n; }
    template <class... T>
    std::string one_of(T... choices) {
        const std::vector<std::string> all{choices...};
        return all[below(all.size())];
    }
    std::string name() {
        return one_of("web", "api", "worker", "db-proxy", "metrics_exporter", "nginx") +
               one_of("", "-debug", "2", "-x64");
    }
    std::string repository() {
        return one_of("", "acme/", "docker.io/library/", "ghcr.io/acme/", "localhost:5000/") +
               name();
    }
    std::string tag() {
        return one_of("1.2.3", "v2", "1.30", "latest", "main-0a1b2c-17", "2024-01-15", "1e3");
    }
    std::string digest() { return "sha256:" + std::string(64, "0123456789abcdef"[below(16)]); }
    std::string reference() {
        return repository() + one_of(":" + tag(), ":" + tag() + "@" + digest(), "@" + digest());
    }
    std::string scalar(const std::string& text) {
        const std::string quoted = one_of("", "'", "\"");
        return quoted + text + quoted;
    }
    std::string comment() {
        return one_of(
            "", "", "  # pinned by ops", "   # {\"$imagepolicy\": \"flux-system:app\"}", "\t# tab"
        );
    }

    // What editors and people do to files.
    std::string dressed(std::string text) {
        if (below(6) == 0) text.insert(0, "# Copyright the authors. Größe: ✓\n");
        if (below(12) == 0) text.insert(0, "\xEF\xBB\xBF");
        if (below(6) == 0) {
            std::string crlf;
            for (const char c : text) crlf += c == '\n' ? "\r\n" : std::string(1, c);
            text = std::move(crlf);
        }
        if (below(6) == 0) text.erase(text.find_last_not_of("\r\n") + 1);
        if (below(6) == 0) text += "\n\n";
        return text;
    }
    std::string container(const std::string& in) {
        return fmt::format(
            "{0}- name: {1}\n{0}  image: {2}{3}\n{0}  env:\n{0}  - {{name: RELATED_IMAGE_X, "
            "value: {4}}}\n{0}  args: [\"--image={5}\"]\n",
            in,
            name(),
            scalar(reference()),
            comment(),
            scalar(reference()),
            reference()
        );
    }
    std::string workload() {
        return fmt::format(
            "apiVersion: apps/v1\nkind: {}\nmetadata:\n    name: {}\n    annotations: "
            "{{checksum/config: \"{{sum}}\"}}\nspec:\n  template:\n    spec:\n      "
            "initContainers:\n{}      containers:\n{}{}",
            one_of("Deployment", "StatefulSet", "DaemonSet"),
            name(),
            container("      "),
            container("      "),
            container("      ")
        );
    }
    std::string values() {
        return fmt::format(
            "# Default values.\nglobal:\n  imageRegistry: {}\nimage:\n  repository: {}\n  tag: "
            "{}{}\n  pullPolicy: IfNotPresent\n\nsidecar:\n  image: {}\n  resources: {{}}\n"
            "extra: &x\n  image: {}\ncopy: *x\nnotes: |\n  image: {}\n  not a manifest\n",
            one_of("\"\"", "''"),
            repository(),
            "\"" + tag() + "\"",
            comment(),
            scalar(reference()),
            scalar(reference()),
            reference()
        );
    }
    std::string chart_template() {
        return fmt::format(
            "{{{{- if .Values.enabled }}}}\napiVersion: apps/v1\nkind: Deployment\nspec:\n  "
            "template:\n    spec:\n      containers:\n      - image: {{{{ .Values.image }}}}:{}\n"
            "{{{{- end }}}}\n",
            tag()
        );
    }
    std::string service_version() {
        return fmt::format(
            "apiVersion: operators.coreos.com/v1alpha1\nkind: ClusterServiceVersion\nmetadata:\n  "
            "name: {0}.v1.2.3\n  annotations:\n    containerImage: {1}\n    alm-examples: |-\n     "
            " "
            "[{{\"apiVersion\": \"a/v1\", \"kind\": \"B\", \"spec\": {{\"image\": \"{1}\"}}}}]\n"
            "spec:\n  relatedImages:\n  - name: {0}\n    image: {2}\n  install:\n    spec:\n      "
            "deployments:\n      - name: {0}\n        spec:\n          template:\n            "
            "spec:\n              containers:\n{3}",
            name(),
            reference(),
            scalar(reference()),
            container("              ")
        );
    }
    std::string kustomization() {
        return fmt::format(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- "
            "../base\nimages:\n- name: {}\n  newTag: {}{}\n- {{name: {}, newName: {}, digest: "
            "{}}}\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    "
            "metadata:\n      name: x\n    spec:\n      template:\n        spec:\n          "
            "containers:\n          - name: y\n            image: {}\n",
            repository(),
            "'" + tag() + "'",
            comment(),
            repository(),
            repository(),
            digest(),
            reference()
        );
    }
    std::string compose() {
        return fmt::format(
            "services:\n  {}:\n    image: {}{}\n  db:\n    image: ${{DB_IMAGE:-{}}}\n    "
            "ports: ['8080:80']\n  local:\n    build: .\n    image: {}\n",
            name(),
            scalar(reference()),
            comment(),
            reference(),
            reference()
        );
    }
    std::string definition() {
        std::string text =
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  "
            "name: x\nspec:\n  versions:\n  - schema:\n      openAPIV3Schema:\n        "
            "properties:\n";
        for (std::size_t n = 5 + below(60); n > 0; --n) {
            text += fmt::format(
                "          image{0}:\n            description: >-\n              The image: such "
                "as\n              nginx:1.25\n            type: string\n",
                n
            );
        }
        return text;
    }
    std::string json() {
        return fmt::format(
            "{{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"spec\": {{\"containers\": "
            "[{{\"name\": \"a\", \"image\": \"{}\"}}]}}\n}}{}",
            reference(),
            one_of("", "\n")
        );
    }

    std::minstd_rand random_;
};

// A marker has the say over its value.
bool marked_too(const Scan& found, const Place& place) {
    if (place.kind == PlaceKind::Marker) return false;
    for (const Place& other : found.places) {
        if (other.kind != PlaceKind::Marker) continue;
        for (const Scalar& theirs : other.scalars) {
            for (const Scalar& ours : place.scalars) {
                if (theirs.span == ours.span) return true;
            }
        }
    }
    return false;
}

TEST(CorpusTest, EveryFilePassesThroughUnchangedAndAnEditTouchesOnlyItsSpans) {
    const char* asked = std::getenv("LINKSPAN_CORPUS");
    const long files = asked != nullptr ? std::atol(asked) : 3'000;
    Corpus corpus{20261121};
    const auto next = image::Tag::parse("9.9.9").value();
    const auto fresh = image::Digest::parse("sha256:" + std::string(64, 'f')).value();
    std::map<std::string, std::size_t> places;
    std::size_t skipped = 0;
    for (long i = 0; i < files && !::testing::Test::HasFailure(); ++i) {
        const auto [path, text] = corpus.file();
        SCOPED_TRACE(fmt::format("file {}: {}\n{}", i, path, text));
        const Scan found = scan(path, text);
        if (found.skipped) {
            ++skipped;
            EXPECT_NE(text.find("{{"), std::string::npos) << *found.skipped;
            continue;
        }
        EXPECT_EQ(manifest::apply(text, {}).value(), text);
        EXPECT_TRUE(verify(text, text, {}));
        std::vector<Edit> all;
        for (const Place& place : found.places) {
            ++places[path];
            const Named now = named(place);
            if (!place.image) continue;
            if (const auto tag = image::Tag::parse(now.tag)) {
                std::optional<image::Digest> digest;
                if (now.digest) digest = image::Digest::parse(*now.digest).value();
                const auto edits = edits_for(text, place, {*place.image, *tag, digest, {}});
                ASSERT_TRUE(edits.has_value()) << edits.error().message;
                EXPECT_TRUE(edits->empty()) << place.where;
            }
            if (marked_too(found, place)) continue;
            const auto edits = edits_for(text, place, {*place.image, next, fresh, {}});
            ASSERT_TRUE(edits.has_value()) << edits.error().message;
            all.insert(all.end(), edits->begin(), edits->end());
        }
        const auto after = manifest::apply(text, all);
        ASSERT_TRUE(after.has_value()) << after.error().message;
        const auto sound = verify(text, *after, all);
        EXPECT_TRUE(sound.has_value()) << sound.error().message;
        EXPECT_EQ(scan(path, *after).places.size(), found.places.size());
    }
    if (files < 1'000) return;
    // The corpus is one: every kind of file has places, and templates were met.
    EXPECT_GE(places.size(), 6U);
    EXPECT_GT(skipped, 0U);
}

}  // namespace
}  // namespace linkspan::manifest
