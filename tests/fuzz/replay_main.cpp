// main() of the replay programs: gives each file below the folders on the command line to the fuzz
// target once, so that every compiler and sanitizer runs the seeds and the old crashes as a test.
// Invariant: no input at all is a failure, because such a test could not fail.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::uint8_t> contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::size_t replay(const std::filesystem::path& folder) {
    std::size_t count = 0;
    if (!std::filesystem::is_directory(folder)) {
        return count;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) {
            continue;
        }
        // Printed and flushed first: after a crash, the last line names the input.
        std::printf("%s\n", entry.path().c_str());
        std::fflush(stdout);
        const auto input = contents(entry.path());
        LLVMFuzzerTestOneInput(input.data(), input.size());
        ++count;
    }
    return count;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t count = 0;
    for (int i = 1; i < argc; ++i) {
        count += replay(argv[i]);
    }
    std::printf("%zu inputs replayed\n", count);
    return count == 0 ? 1 : 0;
}
