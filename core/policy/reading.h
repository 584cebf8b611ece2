// Reading<T>: what a strategy read from a tag, or why it could not. Private to core/policy.
//
// Cheaper than Result<T>: a hundred thousand unreadable tags must not build as many messages, so
// the reason is a view of text that outlives the selection (a literal, or a member of the
// strategy).
#pragma once

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace linkspan::policy {

// Not constructible from a string_view: Reading<std::string_view> could not tell the two apart.
struct Unread {
    Unread() = default;
    std::string_view why;
};

inline Unread unread(std::string_view why) {
    Unread out;
    out.why = why;
    return out;
}

[[noreturn]] inline void throw_exception_from_error(
    const Unread& e, const boost::source_location& /*where*/
) {
    throw std::logic_error{"unchecked reading: " + std::string{e.why}};
}

template <class T>
using Reading = boost::system::result<T, Unread>;

}  // namespace linkspan::policy
