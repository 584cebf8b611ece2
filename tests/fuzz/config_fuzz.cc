// Any bytes as linkspan.yaml: either a config or at least one diagnostic, never a crash, and every
// diagnostic is one line with a place.
#include "config/config.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using linkspan::config::Diagnostic;

void require(bool condition) {
    if (!condition) std::abort();
}

void check(const std::vector<Diagnostic>& diagnostics) {
    const Diagnostic* before = nullptr;
    for (const Diagnostic& d : diagnostics) {
        require(d.line >= 1 && d.column >= 1 && !d.message.empty());
        for (const char c : d.str()) require(static_cast<unsigned char>(c) >= 0x20);
        require(before == nullptr || before->line <= d.line);
        before = &d;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libFuzzer's interface
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto loaded =
        linkspan::config::load_text(text, "linkspan.yaml", {.check_references = false});
    require((loaded.config == nullptr) == !loaded.diagnostics.empty());
    check(loaded.diagnostics);
    const auto policy = linkspan::config::load_policy(text, "policy.yaml");
    require(policy.policy.has_value() == policy.diagnostics.empty());
    check(policy.diagnostics);
    return 0;
}
