// Lines of KEY=VALUE: dotenv files
// (https://docs.docker.com/reference/compose-file/services/#env_file-format) and Java properties.
// Values as bytes, so that they can be replaced on their own.
#pragma once

#include "core/manifest/place.h"

#include <string_view>
#include <vector>

namespace linkspan::manifest {

enum class KeyValueFormat { Dotenv, Properties };

struct KeyValue {
    std::string_view key;
    ByteSpan value;  // inside of the quotes, without a comment behind it
};

// Lines that are not of the form are left out; so are values that go on in the next line.
std::vector<KeyValue> read_key_values(std::string_view bytes, KeyValueFormat format);

}  // namespace linkspan::manifest
