// Mirrors: registries that hold the images of others under names of their own.
//
// "registry.example.com/dockerhub" as the mirror of "docker.io": an image that is named through it
// (registry.example.com/dockerhub/library/nginx) is the same image as docker.io/library/nginx. Both
// ends are name prefixes of whole path parts: a host, or a host and a part of the path. Plain
// values, any thread.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace linkspan::image {

class Mirrors {
public:
    // Errors: InvalidInput for what is no host or "host/path", and for a mirror of itself.
    Status add(std::string_view source, std::string_view mirror);

    // The image that a name means: the source's name where it is written through a mirror. The
    // longest mirror that fits counts. Docker Hub's "library/" may be left out behind a mirror.
    [[nodiscard]] ImageName meaning(const ImageName& name) const;
    // Every name of the same image, its own first.
    [[nodiscard]] std::vector<ImageName> names_of(const ImageName& name) const;
    [[nodiscard]] bool same(const ImageName& a, const ImageName& b) const {
        return a == b || (!pairs_.empty() && meaning(a) == meaning(b));
    }
    [[nodiscard]] bool empty() const { return pairs_.empty(); }

private:
    struct Pair {
        std::string source;
        std::string mirror;
    };
    std::vector<Pair> pairs_;
};

// "registry.example.com/dockerhub": the normal form of such a prefix. Errors: InvalidInput.
Result<std::string> parse_prefix(std::string_view text);

}  // namespace linkspan::image
