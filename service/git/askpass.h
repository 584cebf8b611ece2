// Askpass: answers a program's question for a passphrase or password.
//
// ssh runs a small script in a private folder; the secret itself is in memory of this process
// (memfd), so it is never on disk, in an argument or in an environment. Both are gone with the
// object, which must live as long as the ssh process may ask.
#pragma once

#include "core/result.h"
#include "core/secret.h"

#include <string>
#include <vector>

namespace linkspan::git {

class Askpass {
public:
    // `directory` must allow programs in it (no noexec mount).
    static Result<Askpass> make(const std::string& directory, const Secret& secret);
    ~Askpass();
    Askpass(Askpass&& other) noexcept;
    Askpass& operator=(Askpass&&) = delete;

    // What ssh needs in its environment.
    [[nodiscard]] std::vector<std::string> environment() const;
    // A path under which programs of this user can read the secret.
    [[nodiscard]] std::string secret_file() const;

private:
    Askpass(std::string folder, int memory);
    [[nodiscard]] std::string script() const { return folder_ + "/askpass"; }

    std::string folder_;
    int memory_;
};

}  // namespace linkspan::git
