// Replacing a host's key in known_hosts (S06, S07): what follows when somebody has looked at both
// fingerprints and said so. Used by the host-key policies, never unasked.
// Invariants: only lines with the key that was shown change, and only for this host; the file is
// replaced as a whole, so that it is always the old one or the new one, also for those who append
// meanwhile; the old one stays as PATH.old; a link stays a link.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/config/file.hpp>
#include <adit/config/known_hosts.hpp>
#include <adit/config/known_hosts_writer.hpp>
#include <adit/config/safe_file.hpp>
#include <adit/error.hpp>
#include <adit/keys/public_key.hpp>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace adit::config {

struct key_change {
    std::string_view host;
    std::uint16_t port;
    std::string_view known_fingerprint;  ///< of the key that goes
    const keys::public_key& key;         ///< the one that comes
};

/// Puts the new key in the place of the known one. A line that names other hosts too keeps its key
/// for them. Errors: unsafe_host_name; host_key_changed where the file does not say any more what
/// was shown; host_key_revoked; known_hosts_unwritable, also where the line speaks of this host by
/// a pattern, for then nobody knows for how many others; known_hosts_unreadable.
[[nodiscard]] error_code replace_known_host(const std::string& path, const key_change& change);

// Details.

#if ADIT_BODIES

namespace known_hosts_replacer {

struct rewritten {
    std::string text;
    bool changed = false;
};

/// The names without this one; nothing where a pattern stands among them.
[[nodiscard]] inline std::optional<std::string> without(std::string_view names,
                                                        std::string_view name) {
    if (names.find_first_of("*?!") != std::string_view::npos) return std::nullopt;
    std::string left;
    while (!names.empty()) {
        const std::string_view one = names.substr(0, names.find(','));
        names.remove_prefix(std::min(one.size() + 1, names.size()));
        if (one.empty() || to_lower(one) == name) continue;
        if (!left.empty()) left += ',';
        left += one;
    }
    return left;
}

/// A line without its end, changed or not. False: it speaks of the host by a pattern.
[[nodiscard]] inline bool put_line(rewritten& out, std::string_view line, const key_change& c) {
    const std::string name = known_host_name(c.host, c.port);
    const auto entry =
        line.size() > known_hosts::longest_line ? std::nullopt : parse_known_host(line);
    const bool ours = entry && entry->marker == host_marker::none && speaks_of(*entry, name) &&
                      keys::fingerprint(entry->key) == c.known_fingerprint;
    if (!ours) {
        out.text.append(line).append(1, '\n');
        return true;
    }
    const bool hashed = keys::is_hashed_name(entry->names);
    const auto others = hashed ? std::optional<std::string>("") : without(entry->names, name);
    if (!others) return false;
    if (!others->empty()) {
        out.text.append(*others).append(1, ' ').append(entry->key.to_line()).append(1, '\n');
    }
    if (!out.changed) {
        out.text.append(hashed ? entry->names : name).append(1, ' ');
        out.text.append(c.key.to_line()).append(1, '\n');
    }
    out.changed = true;
    return true;
}

[[nodiscard]] inline result<std::string> with_change(std::string_view text, const key_change& c) {
    rewritten out;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!put_line(out, line, c)) return errc::known_hosts_unwritable;
    }
    if (!out.changed) return errc::host_key_changed;
    return std::move(out.text);
}

[[nodiscard]] inline bool write_all(int descriptor, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return ::fsync(descriptor) == 0;
}

/// A file that goes unless it has found its place.
class fresh_file {
public:
    explicit fresh_file(std::string name)
        : name_(std::move(name)), file_(::mkostemp(name_.data(), O_CLOEXEC)) {}
    fresh_file(const fresh_file&) = delete;
    fresh_file& operator=(const fresh_file&) = delete;
    ~fresh_file() {
        if (file_.get() >= 0 && !placed_) static_cast<void>(::unlink(name_.c_str()));
    }

    [[nodiscard]] bool fill(std::string_view text, mode_t mode) const noexcept {
        return file_.get() >= 0 && ::fchmod(file_.get(), mode) == 0 && write_all(file_.get(), text);
    }
    [[nodiscard]] bool put_at(const std::string& path) noexcept {
        placed_ = ::rename(name_.c_str(), path.c_str()) == 0;
        return placed_;
    }

private:
    std::string name_;
    file_descriptor file_;
    bool placed_ = false;
};

// That there is a copy of the old one is a kindness, and its failure no reason to stop.
[[nodiscard]] inline bool replace(const std::string& path, int old, std::string_view text) {
    struct stat status{};
    if (::fstat(old, &status) != 0) return false;
    fresh_file fresh(path + ".XXXXXX");
    if (!fresh.fill(text, status.st_mode & 07777U)) return false;
    const std::string copy = path + ".old";
    static_cast<void>(::unlink(copy.c_str()));
    if (::link(path.c_str(), copy.c_str()) != 0) errno = 0;
    if (!fresh.put_at(path)) return false;
    const bool bare = path.find('/') == std::string::npos;
    const std::string folder = bare ? "." : safe_files::folder_of(path);
    const file_descriptor place(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return place.get() >= 0 && ::fsync(place.get()) == 0;
}

}  // namespace known_hosts_replacer

ADIT_DECL error_code replace_known_host(const std::string& path, const key_change& change) {
    if (!is_recordable_host_name(change.host)) return errc::unsafe_host_name;
    if (is_no_file(path)) return errc::known_hosts_unwritable;
    const std::string real = safe_files::real_path(path);
    const std::string& place = real.empty() ? path : real;
    const auto file = known_hosts_writer::open_locked(place, O_RDWR);
    if (!file) return file.error();
    const auto content = read_all(file->get(), known_hosts::largest_file);
    if (!content) return errc::known_hosts_unreadable;
    const std::string_view text = as_text(*content);
    const auto verdict = known_hosts::parse(text, path).check(change.host, change.port, change.key);
    if (verdict.status == host_key_status::revoked) return errc::host_key_revoked;
    const auto after = known_hosts_replacer::with_change(text, change);
    if (!after) return after.error();
    const bool done = known_hosts_replacer::replace(place, file->get(), *after);
    return done ? errc::ok : errc::known_hosts_unwritable;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
