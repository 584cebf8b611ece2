// The fuzz targets without libFuzzer: in the normal build, with any compiler, every input of the
// corpus and then mutations of them from a fixed seed. Finds what is broken plainly; scripts/fuzz
// looks deeper.
//
//   short_fuzz_x CORPUS_DIR RUNS
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::string& input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// What libFuzzer's simplest mutations do: bytes changed, cut, repeated, and two inputs spliced.
std::string mutate(const std::vector<std::string>& corpus, std::minstd_rand& random) {
    const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
    std::string text = corpus[below(corpus.size())];
    for (std::size_t times = 1 + below(4); times > 0; --times) {
        const std::size_t at = below(text.size());
        switch (below(5)) {
            case 0:
                if (!text.empty()) text[at] = static_cast<char>(random());
                break;
            case 1:
                text.erase(at, 1 + below(16));
                break;
            case 2:
                text.insert(at, 1 + below(8), static_cast<char>(random()));
                break;
            case 3:
                text.insert(at, text.substr(at, below(64)));
                break;
            default: {
                const std::string& other = corpus[below(corpus.size())];
                text = text.substr(0, at) + other.substr(below(other.size()));
            }
        }
    }
    return text.substr(0, 1 << 16);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{argv[1]}) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<std::string> corpus;
    for (const auto& file : files) {
        std::ifstream in{file, std::ios::binary};
        corpus.emplace_back(std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{});
    }
    if (corpus.empty()) {
        std::fprintf(stderr, "no corpus in %s\n", argv[1]);
        return 1;
    }
    for (const auto& input : corpus) run(input);
    std::minstd_rand random{20261120};
    const long runs = std::atol(argv[2]);
    for (long i = 0; i < runs; ++i) run(mutate(corpus, random));
    std::printf("%zu inputs, %ld mutations\n", corpus.size(), runs);
    return 0;
}
