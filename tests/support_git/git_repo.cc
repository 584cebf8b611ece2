#include "tests/support_git/git_repo.h"

#include "tests/support_git/server_process.h"

#include <fmt/format.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace linkspan::testing {
namespace {

namespace fs = std::filesystem;

void make_hermetic() {
    for (const auto& [name, value] : std::map<std::string, std::string>{
             {"GIT_CONFIG_NOSYSTEM", "1"},
             {"GIT_CONFIG_GLOBAL", "/dev/null"},
             {"GIT_TERMINAL_PROMPT", "0"},
             {"GIT_AUTHOR_NAME", "Person"},
             {"GIT_AUTHOR_EMAIL", "person@example.com"},
             {"GIT_COMMITTER_NAME", "Person"},
             {"GIT_COMMITTER_EMAIL", "person@example.com"},
             {"HOME", "/nonexistent"},
             // Nothing here has to outlive a power cut, and a busy disk makes fsync slow.
             {"GIT_CONFIG_COUNT", "1"},
             {"GIT_CONFIG_KEY_0", "core.fsync"},
             {"GIT_CONFIG_VALUE_0", "none"},
             {"LC_ALL", "C"},
             {"TZ", "UTC"},
         }) {
        ::setenv(name.c_str(), value.c_str(), 1);
    }
    for (const char* name :
         {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}) {
        ::unsetenv(name);
    }
    ::unsetenv("all_proxy");
    ::unsetenv("SSH_AUTH_SOCK");
}

}  // namespace

Sandbox::Sandbox() {
    make_hermetic();
    std::string path = fs::temp_directory_path().string() + "/linkspan-git-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
    path_ = path;
}

Sandbox::~Sandbox() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string git(const std::string& directory, const std::vector<std::string>& args) {
    std::vector<std::string> argv{"git", "-C", directory};
    argv.insert(argv.end(), args.begin(), args.end());
    auto ran = run_program(argv);
    if (ran.code != 0) {
        throw std::runtime_error{
            fmt::format("git {}: {}{}", fmt::join(args, " "), ran.out, ran.err)};
    }
    if (!ran.out.empty() && ran.out.back() == '\n') ran.out.pop_back();
    return ran.out;
}

void write_file(const std::string& path, const std::string& content) {
    fs::create_directories(fs::path{path}.parent_path());
    std::ofstream{path, std::ios::binary} << content;
}

std::string read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void make_executable(const std::string& path) { ::chmod(path.c_str(), 0755); }

RemoteRepo::RemoteRepo(const Sandbox& sandbox, const std::string& name)
    : work_{sandbox / (name + "-person")}, path_{sandbox / (name + ".git")} {
    const auto made = run_program({"git", "init", "-q", "--bare", "-b", "main", path_});
    if (made.code != 0) throw std::runtime_error{"git init: " + made.err};
    git({"config", "http.receivepack", "true"});
    git({"config", "core.fsync", "none"});
    git({"config", "gc.auto", "0"});
    git({"config", "receive.autogc", "false"});
}

std::string RemoteRepo::git(const std::vector<std::string>& args) const {
    return testing::git(path_, args);
}

std::string RemoteRepo::person_commits(
    const Files& files, const std::string& message, const std::string& branch
) {
    if (!fs::exists(work_)) {
        const auto cloned = run_program({"git", "clone", "-q", path_, work_});
        if (cloned.code != 0) throw std::runtime_error{"git clone: " + cloned.err};
    }
    const bool exists = !git({"branch", "--list", branch}).empty();
    if (exists) {
        testing::git(work_, {"fetch", "-q", "origin", branch});
        testing::git(work_, {"checkout", "-q", "-B", branch, "FETCH_HEAD"});
    } else {
        testing::git(work_, {"checkout", "-q", "-B", branch});
    }
    for (const auto& [path, content] : files) write_file(work_ + "/" + path, content);
    testing::git(work_, {"add", "-A"});
    testing::git(work_, {"commit", "-q", "-m", message});
    testing::git(work_, {"push", "-q", "origin", branch});
    return testing::git(work_, {"rev-parse", "HEAD"});
}

std::string RemoteRepo::import(const Files& files, const std::string& branch) {
    std::string stream;
    stream += "commit refs/heads/" + branch +
              "\ncommitter Person <person@example.com> 1700000000 +0000\ndata 6\nimport\n";
    for (const auto& [path, content] : files) {
        stream += fmt::format("M 100644 inline {}\ndata {}\n{}\n", path, content.size(), content);
    }
    fast_import(std::move(stream));
    return tip(branch);
}

std::string RemoteRepo::import_history(
    const std::string& path, int count, const std::string& branch
) {
    std::string stream;
    for (int i = 0; i < count; ++i) {
        stream += fmt::format(
            "commit refs/heads/{0}\ncommitter Person <person@example.com> {1} +0000\ndata 4\nmore\n"
            "{2}M 100644 inline {3}\ndata <<END\nversion: {4}\nEND\n\n",
            branch,
            1'700'000'001 + i,
            i == 0 ? fmt::format("from refs/heads/{}^0\n", branch) : "",
            path,
            i
        );
    }
    fast_import(std::move(stream));
    return tip(branch);
}

void RemoteRepo::fast_import(std::string stream) const {
    RunOptions options;
    options.directory = path_;
    options.input = std::move(stream);
    const auto ran = run_program({"git", "fast-import", "--quiet", "--force"}, options);
    if (ran.code != 0) throw std::runtime_error{"git fast-import: " + ran.err};
}

void RemoteRepo::hook(const std::string& name, const std::string& script) {
    write_file(path_ + "/hooks/" + name, script);
    make_executable(path_ + "/hooks/" + name);
}

std::string RemoteRepo::tip(const std::string& branch) const {
    return git({"rev-parse", "refs/heads/" + branch});
}

std::string RemoteRepo::show(const std::string& path, const std::string& at) const {
    const auto ran = run_program({"git", "-C", path_, "cat-file", "blob", at + ":" + path});
    if (ran.code != 0) throw std::runtime_error{"git cat-file: " + ran.err};
    return ran.out;
}

bool RemoteRepo::is_sound() const {
    const auto ran = run_program({"git", "-C", path_, "fsck", "--strict", "--full"});
    return ran.code == 0;
}

}  // namespace linkspan::testing
