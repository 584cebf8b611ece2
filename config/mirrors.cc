// mirrors: registries that hold other registries' images.
#include "config/sections.h"

namespace linkspan::config {

const Mapping<Mirror>& mirror_mapping() {
    static const Mapping<Mirror> mapping{
        "mirror",
        "A registry that holds another one's images: what a file names through it is the same "
        "image.",
        [](Mapping<Mirror>& m) {
            m.text(
                 "source",
                 &Mirror::source,
                 "Host, or host and path, as policies name the images.",
                 image::parse_prefix
            )
                .required();
            m.text(
                 "mirror",
                 &Mirror::mirror,
                 "Host, or host and path, under which they are held.",
                 image::parse_prefix
            )
                .required();
        }};
    return mapping;
}

}  // namespace linkspan::config
