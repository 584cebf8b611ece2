// Places that a target's configuration asks for: by a path into a document, by a key of a dotenv or
// properties file, or by a pattern in any text.
#pragma once

#include "core/image/reference.h"
#include "core/manifest/place.h"
#include "core/result.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace linkspan::manifest {

// What the configuration says. Which files it is about is the caller's business.
struct Field {
    // In YAML and JSON: see field_path.h. In *.env, .env* and *.properties files: the key. Leads to
    // a scalar, or to a mapping that charts would read as an image.
    std::string path{};
    // Or an RE2 pattern over the whole text, with groups by the names image, registry, name, tag
    // and digest: 'FROM (?P<image>\S+)', 'tag = "(?P<tag>[^"]*)"'.
    std::string pattern{};
    // What the value at `path` is.
    Role role = Role::Reference;
    // Whose tag or digest it is. A whole reference or a name says so itself; without it the place's
    // image is not known, and only a caller that knows the policy can use it.
    std::optional<image::ImageName> image{};
};

class FieldRule {
public:
    // Errors: InvalidInput for a path or pattern that does not read, names the key.
    static Result<FieldRule> compile(const Field& field);

    // False for a default-made one, which must not be used.
    [[nodiscard]] bool compiles() const { return compiled_ != nullptr; }
    // Whether its values say themselves which image they name; else only the policy they belong to
    // knows.
    [[nodiscard]] bool names_image() const;
    // What scan_fields() depends on, besides the file: the same text for rules that find the same.
    [[nodiscard]] std::string identity() const;

    struct Compiled;
    [[nodiscard]] const Compiled& compiled() const { return *compiled_; }

private:
    std::shared_ptr<const Compiled> compiled_;
};

// Places of kind Field. A rule that leads nowhere in a file is a problem. `skipped` means that the
// file can't be read as what its name says it is: for a file that was asked for that is an error.
// Patterns read any text.
Scan scan_fields(std::string_view path, std::string_view bytes, std::span<const FieldRule> rules);

}  // namespace linkspan::manifest
