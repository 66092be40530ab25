// Runs another program and keeps what it printed, for tests that compare us with ssh-keygen and the
// like. Invariant: a program that cannot be started, or dies by a signal, has a status that no
// program returns by itself (127 and above), and never a test's silence.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace adit::test {

struct run_result {
    int status = -1;
    std::string output;
    std::string errors;
};

/// argv[0] is looked up in PATH. Standard input is empty.
[[nodiscard]] run_result run(const std::vector<std::string>& argv);

// Details.

namespace running {

using temporary_file = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

[[nodiscard]] inline temporary_file make_file() {
    temporary_file file(std::tmpfile(), &std::fclose);
    if (!file) throw std::runtime_error("no temporary file");
    return file;
}

[[nodiscard]] inline std::string content_of(std::FILE* file) {
    std::string text;
    std::rewind(file);
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
    return text;
}

[[noreturn]] inline void become(const std::vector<std::string>& argv, int output, int errors) {
    std::vector<char*> arguments;
    for (const std::string& argument : argv) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    const int input = ::open("/dev/null", O_RDONLY);
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

}  // namespace running

inline run_result run(const std::vector<std::string>& argv) {
    const auto output = running::make_file();
    const auto errors = running::make_file();
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork failed");
    if (child == 0) running::become(argv, ::fileno(output.get()), ::fileno(errors.get()));
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) throw std::runtime_error("waitpid failed");
    }
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return {code, running::content_of(output.get()), running::content_of(errors.get())};
}

}  // namespace adit::test
