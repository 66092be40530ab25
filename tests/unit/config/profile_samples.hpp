// Settings files for the tests of profiles: the samples of tests/vectors/profiles and texts, each
// in a file of its own that is closed to others. Used by profile_json.cpp and profile_toml.cpp.
// Invariant: a file lives as long as the object.
#pragma once

#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/config/profile.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace adit::test {

/// What a tool's page shows, as it stands there.
[[nodiscard]] inline std::string profile_sample(std::string_view name) {
    return read_file(std::string(ADIT_SOURCE_DIR "/tests/vectors/profiles/").append(name));
}

class profile_file {
public:
    explicit profile_file(std::string_view text)
        : path_(write_file(folder_.file("settings"), text)) {}

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    void open_to_others() const {
        std::filesystem::permissions(path_, std::filesystem::perms(0644));
    }
    /// A fault's sentence without the folder.
    [[nodiscard]] std::string told(const config::config_fault& fault) const {
        const std::string sentence = fault.sentence();
        BOOST_REQUIRE(sentence.starts_with(path_));
        return "settings" + sentence.substr(path_.size());
    }

private:
    temporary_directory folder_;
    std::string path_;
};

[[nodiscard]] inline std::string text_of(const config::profile::secret& secret) {
    return secret ? std::string(as_text(*secret)) : "none";
}

/// By a loader of either language.
template <class Loader>
config::profile loaded_by(Loader load, std::string_view text, std::string_view name) {
    const profile_file file(text);
    auto profile = load(file.path(), name);
    BOOST_REQUIRE_MESSAGE(profile.has_value(), profile.error().sentence());
    return std::move(*profile);
}

template <class Loader>
std::string fault_by(Loader load, std::string_view text, std::string_view name) {
    const profile_file file(text);
    const auto profile = load(file.path(), name);
    BOOST_REQUIRE_MESSAGE(!profile.has_value(), text);
    return file.told(profile.error());
}

}  // namespace adit::test
