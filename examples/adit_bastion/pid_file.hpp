// PidFile of sshd_config(5): the number of this process, for whoever wants to signal it. Used by
// adit_bastion.cpp. Invariant: at the end the file goes only if it still says what was written.
#pragma once

#include "settings.hpp"

#include <adit/bytes.hpp>
#include <adit/config/file.hpp>

#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

namespace adit_bastion {

class pid_file {
public:
    /// Throws usage_error.
    explicit pid_file(std::string path)
        : path_(std::move(path)), text_(std::to_string(::getpid()) + "\n") {
        std::FILE* const file = std::fopen(path_.c_str(), "we");
        const bool written = file != nullptr && std::fputs(text_.c_str(), file) >= 0;
        const bool closed = file != nullptr && std::fclose(file) == 0;
        if (!written || !closed) throw usage_error(path_ + ": cannot be written");
    }
    pid_file(const pid_file&) = delete;
    pid_file& operator=(const pid_file&) = delete;
    // A successor may have written its own already.
    ~pid_file() {
        const auto content = adit::config::read_file(path_, {});
        if (content && adit::as_text(*content) == text_) ::unlink(path_.c_str());
    }

private:
    std::string path_, text_;
};

}  // namespace adit_bastion
