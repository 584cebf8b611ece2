#include "core/plan/splice.h"

namespace linkspan::plan {
namespace {

Result<std::string> checked(const Splice& file) {
    LINKSPAN_TRY(after, manifest::apply(file.before, file.edits));
    if (auto sound = manifest::verify(file.before, after, file.edits); sound.has_error()) {
        return sound.error();
    }
    return std::move(after);
}

}  // namespace

std::vector<Result<std::string>> splice(std::span<const Splice> files, const Each& each) {
    std::vector<Result<std::string>> out(files.size(), Result<std::string>{std::string{}});
    const auto work = [&](std::size_t i) { out[i] = checked(files[i]); };
    if (each) {
        each(files.size(), work);
    } else {
        for (std::size_t i = 0; i < files.size(); ++i) work(i);
    }
    return out;
}

}  // namespace linkspan::plan
