// Any bytes as a field's path (the first line) into any file (the rest), as YAML, dotenv and
// properties.
#include "core/manifest/edit.h"
#include "core/manifest/field.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace linkspan;
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const std::size_t line = input.find('\n');
    const std::string_view path = input.substr(0, line);
    const std::string_view text = line == input.npos ? std::string_view{} : input.substr(line + 1);
    manifest::Field field;
    field.path = path;
    field.role = manifest::Role::Tag;
    field.image = image::ImageName::parse("r.io/a").value();
    const auto rule = manifest::FieldRule::compile(field);
    if (!rule) return 0;
    const manifest::Wanted wish{*field.image, image::Tag::parse("1.30").value(), {}, {}};
    for (const char* file : {"f.yaml", "f.env", "f.properties"}) {
        const auto scan = manifest::scan_fields(file, text, std::vector{*rule});
        for (const auto& place : scan.places) {
            const auto edits = manifest::edits_for(text, place, wish);
            if (!edits) continue;
            const auto after = manifest::apply(text, *edits);
            if (!after) std::abort();
            if (!manifest::verify(text, *after, *edits)) continue;
            bool found = false;
            for (const auto& again :
                 manifest::scan_fields(file, *after, std::vector{*rule}).places) {
                const auto more = manifest::edits_for(*after, again, wish);
                found = found || (more && more->empty());
            }
            if (!found) std::abort();
        }
    }
    return 0;
}
