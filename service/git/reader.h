// Reader: reads the objects of a mirror's repository from another thread than the mirror's.
//
// One thread at a time for one Reader; any number of them beside the Mirror. It changes nothing and
// knows no remote. Errors: NotFound (a commit), InvalidInput (too large), Corrupt, Unavailable; who
// gets a Corrupt tells the mirror: Mirror::doubt().
#pragma once

#include "core/result.h"
#include "service/git/mirror.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace linkspan::git {

class Reader {
public:
    // `directory` as for Mirror::open(), which must have made it.
    static Result<Reader> open(const std::string& directory);
    ~Reader();
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;

    [[nodiscard]] Result<std::string> read(const BlobId& blob, std::size_t max_bytes) const;
    // As Mirror::files(), everything.
    [[nodiscard]] Result<std::vector<File>> files(const CommitId& commit) const;

private:
    struct Impl;
    explicit Reader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace linkspan::git
