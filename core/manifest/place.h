// Place: one spot in a file that names an image, as byte ranges into the file.
//
// The scan finds places, the edit changes them, nothing in between holds a parser's types.
#pragma once

#include "core/image/reference.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::manifest {

// [begin, end) in bytes, from the start of the file (a byte order mark counts).
struct ByteSpan {
    std::size_t begin = 0;
    std::size_t end = 0;
    [[nodiscard]] std::size_t size() const { return end - begin; }
    friend auto operator<=>(const ByteSpan&, const ByteSpan&) = default;
};

// What a scalar of a place holds.
enum class Role {
    Reference,  // name[:tag][@digest]
    Name,       // host/repository, or a familiar form of it
    Registry,   // the host alone (Helm's image.registry)
    Tag,        // tag, and sometimes tag@digest (kustomize newTag, Helm tag)
    Digest,     // sha256:…
    TagDigest,  // tag@digest, by marker
};

enum class ScalarStyle { Plain, SingleQuoted, DoubleQuoted, Literal, Folded };

struct Scalar {
    Role role = Role::Reference;
    ByteSpan span;  // the whole token: quotes, and a block scalar's header and body, are inside
    ScalarStyle style = ScalarStyle::Plain;
    std::string value;       // as YAML reads it
    std::size_t line = 0;    // 1-based
    std::size_t column = 0;  // 1-based, in bytes
    std::size_t indent = 0;  // of the line it starts on, in spaces; used for block scalars
    bool json = false;       // in a JSON file: only double quotes are allowed
    bool flow = false;       // inside [] or {}, where plain scalars allow less
    bool tagged = false;     // carries a tag ("!!str"): plain text is not guessed at
    bool text = false;       // not YAML: the bytes at span are the value
    bool embedded = false;   // in YAML that is itself a text
    char quote = '"';  // what to quote a plain value with when it needs that, as the file does
    // Where in `value` the role's part is, when it is not all of it: "${IMAGE:-nginx:1.25}",
    // "docker://alpine:3".
    std::optional<ByteSpan> part;
};

// Where a key that is not there yet would be written: what goes in front of the value, and behind.
struct Insertion {
    Role role = Role::Tag;
    std::size_t at = 0;  // byte offset
    std::size_t line = 0;
    std::string key;     // "newTag"
    std::string before;  // a line break, the indentation, "newTag: "
    std::string after;
    bool flow = false;
    bool json = false;
    char style = ' ';  // quote to write in any case, ' ' for plain where possible
    char quote = '"';
};

// How a key and its value would be taken out: the bytes that go.
struct Removal {
    Role role = Role::Digest;
    ByteSpan span;
    std::string key;
};

// Which rule found a place.
enum class PlaceKind {
    Marker,
    KubernetesImage,  // containers, volumes and environment of any object, Tekton, Argo Workflows
    KustomizeImage,   // entries of `images`
    HelmImage,        // values of charts, wherever they are written
    ArgoImage,        // kustomize.images and helm.parameters of Argo CD
    ComposeImage,
    CiImage,  // GitLab CI, GitHub Actions and their like
    Field,    // asked for by path or pattern
};

struct Place {
    PlaceKind kind = PlaceKind::KubernetesImage;
    std::size_t document = 0;  // 0-based number of the YAML document in the file
    std::string where;         // "spec.template.spec.containers[0].image", for people
    std::vector<Scalar> scalars;
    // What the place names now. For a marker with one part (":tag") the name is unknown: nullopt;
    // and so it is for a marker on a value that is no reference yet.
    std::optional<image::ImageName> image;
    // The policy a marker names, "flux-system:app"; empty for the other kinds.
    std::string policy;
    // The Kubernetes object it is in, "Deployment web/app"; empty outside of one.
    std::string object;
    // Lines where an alias (*name) repeats what the place's scalars say: they change with it. At
    // most 100 of them.
    std::vector<std::size_t> alias_lines;
    std::vector<Insertion> insertions;
    std::vector<Removal> removals;
};

// Something that was seen and can't be used; for the trail and for `linkspan edit`.
struct Problem {
    std::size_t line = 0;  // 1-based; 0 for the whole file
    std::string message;
};

struct Scan {
    std::vector<Place> places;
    std::vector<Problem> problems;
    // Set when the file was not read at all, and why ("not YAML: line 3: …", "Helm template").
    std::optional<std::string> skipped;
};

}  // namespace linkspan::manifest
