// An image reference in a payload, taken apart before anything in it is checked: core's parser
// knows only one registry for names without a host, here the receiver's configuration decides.
#pragma once

#include <string>
#include <string_view>

namespace linkspan::webhooks {

struct WrittenImage {
    std::string host;        // empty when the text names none
    std::string repository;  // as written
    std::string tag;         // empty when absent
    std::string digest;      // empty when absent
};

// "[https://]host[:port]/repository[:tag][@digest]". Never fails: which parts are valid is for
// their types to say.
WrittenImage split_image(std::string_view text);

}  // namespace linkspan::webhooks
