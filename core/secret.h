// Secret: a string that does not print itself, and compares in constant time.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace linkspan {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_{std::move(value)} {}

    // The one way to the bytes; grep for it to review where secrets go.
    [[nodiscard]] const std::string& reveal() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }

    // Time depends on the lengths alone, not on where the first difference is.
    [[nodiscard]] bool equals(std::string_view other) const;

private:
    std::string value_;
};

// What logs and fmt see.
inline std::string_view to_string(const Secret&) { return "***"; }

// Constant-time comparison for any two byte strings (signatures, digests).
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace linkspan
