#include "core/result.h"

namespace linkspan {

std::string_view to_string(Errc kind) {
    switch (kind) {
        case Errc::InvalidInput:
            return "invalid_input";
        case Errc::Unauthorized:
            return "unauthorized";
        case Errc::NotFound:
            return "not_found";
        case Errc::Conflict:
            return "conflict";
        case Errc::RateLimited:
            return "rate_limited";
        case Errc::Unavailable:
            return "unavailable";
        case Errc::Timeout:
            return "timeout";
        case Errc::Corrupt:
            return "corrupt";
        case Errc::Internal:
            return "internal";
    }
    return "internal";
}

}  // namespace linkspan
