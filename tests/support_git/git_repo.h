// Repositories made by the real `git`, in a temporary folder, with no configuration of the machine.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace linkspan::testing {

// A temporary folder, removed with the object; also makes `git` in this process and its children
// hermetic (no system or user configuration, fixed people and language).
class Sandbox {
public:
    Sandbox();
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + "/" + name;
    }

private:
    std::string path_;
};

// Runs `git -C directory args…`; throws with its messages when it fails. Trailing newline removed.
std::string git(const std::string& directory, const std::vector<std::string>& args);
void write_file(const std::string& path, const std::string& content);
std::string read_file(const std::string& path);
void make_executable(const std::string& path);

using Files = std::map<std::string, std::string>;

// A bare repository, and the ways in which people change it.
class RemoteRepo {
public:
    RemoteRepo(const Sandbox& sandbox, const std::string& name);

    [[nodiscard]] const std::string& path() const { return path_; }
    // A commit by a person that sets these files, pushed by the real `git`; returns its id.
    std::string person_commits(
        const Files& files, const std::string& message, const std::string& branch = "main"
    );
    // One commit with these files and no parent; made by `git fast-import`.
    std::string import(const Files& files, const std::string& branch = "main");
    // `count` more commits on the branch, each with another text in the file.
    std::string import_history(
        const std::string& path, int count, const std::string& branch = "main"
    );
    void hook(const std::string& name, const std::string& script);

    std::string git(const std::vector<std::string>& args) const;
    [[nodiscard]] std::string tip(const std::string& branch = "main") const;
    [[nodiscard]] std::string show(const std::string& path, const std::string& at = "main") const;
    // True when `git fsck --strict` finds nothing.
    [[nodiscard]] bool is_sound() const;

private:
    void fast_import(std::string stream) const;

    std::string work_;
    std::string path_;
};

}  // namespace linkspan::testing
