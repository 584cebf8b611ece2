// Result<T>: the channel for foreseeable failures.
//
// Three channels, and every header says which it uses: foreseeable failures are Result<T>; answers
// of the domain (refused, moved, already current) are variants; bugs and start-up failures are
// exceptions.
#pragma once

#include <boost/system/result.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace linkspan {

// What the caller does next, nothing finer. The message is for people.
enum class Errc {
    InvalidInput,  // what we were given is wrong; the same input will fail again
    Unauthorized,  // credentials missing, wrong or not sufficient
    NotFound,      // the named thing does not exist
    Conflict,      // the thing is not in the state that was expected
    RateLimited,   // the other side asked us to slow down
    Unavailable,   // the other side can't be reached or failed; may work later
    Timeout,       // a deadline passed
    Corrupt,       // stored bytes are not what was written
    Internal,      // a bug of ours
};

std::string_view to_string(Errc kind);

// Alone decides whether work is retried.
constexpr bool is_transient(Errc kind) {
    return kind == Errc::RateLimited || kind == Errc::Unavailable || kind == Errc::Timeout;
}

struct Error {
    Error() = default;
    Error(Errc k, std::string m) : kind{k}, message{std::move(m)} {}

    Errc kind = Errc::Internal;
    std::string message;
    // What a Retry-After header or its like asked for.
    std::optional<std::chrono::seconds> retry_after;

    // "fetching fleet: resolving main: …": context is put in front on the way up.
    [[nodiscard]] Error within(std::string_view context) const {
        Error e{*this};
        e.message = std::string{context} + ": " + message;
        return e;
    }
};

// Thrown by Result::value() on an error: that is a bug in the caller.
class BadResultAccess : public std::logic_error {
public:
    explicit BadResultAccess(const Error& e) : std::logic_error{"unchecked error: " + e.message} {}
};

[[noreturn]] inline void throw_exception_from_error(
    const Error& e, const boost::source_location& /*where*/
) {
    throw BadResultAccess{e};
}

template <class T>
using Result = boost::system::result<T, Error>;

using Status = Result<void>;

}  // namespace linkspan

// LINKSPAN_TRY(name, expr): declare `name` as the value of expr, or return its error.
#define LINKSPAN_TRY(name, ...)                                  \
    auto name##_result = (__VA_ARGS__);                          \
    if (name##_result.has_error()) return name##_result.error(); \
    auto& name = *name##_result
#define LINKSPAN_CO_TRY(name, ...)                                  \
    auto name##_result = (__VA_ARGS__);                             \
    if (name##_result.has_error()) co_return name##_result.error(); \
    auto& name = *name##_result
