// Profiles in JSON (RFC 8259): SignalPilot's "ssh_tunnel", Zequel's SSHConfig, and [profile.NAME]'s
// like. A header of its own, for Boost.JSON's bodies have to be in the program once: link
// Boost.JSON, or include <boost/json/src.hpp> in one file.
// Invariants: texts go from the file straight into memory that is wiped (S01); a fault has a line;
// no more than 32 levels.
#pragma once

#include <adit/config/profile.hpp>
#include <adit/config/profile_fields.hpp>

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

/// The document as a tree; `file` is for messages.
[[nodiscard]] config_result<profile_node> parse_json_profiles(bytes_view text,
                                                              const std::string& file);

/// The profile of a file, by read_profile()'s rules.
[[nodiscard]] config_result<profile> load_json_profile(const std::string& path,
                                                       std::string_view name = {});

// Details.

namespace profile_json {

/// What Boost.JSON's parser tells, as a tree. Its line is set before each line is parsed.
class builder {
public:
    static constexpr std::size_t max_object_size = 10'000;
    static constexpr std::size_t max_array_size = 10'000;
    static constexpr std::size_t max_key_size = 1024;
    static constexpr std::size_t max_string_size = largest_key_file;

    using error = boost::json::error_code;
    using text = boost::json::string_view;

    std::size_t line = 1;
    profile_node root;

    bool on_document_begin(error& /*ec*/) { return true; }
    bool on_document_end(error& /*ec*/) { return true; }
    bool on_object_begin(error& /*ec*/) { return open(profile_node::kind::table); }
    bool on_object_end(std::size_t /*count*/, error& /*ec*/) { return close(); }
    bool on_array_begin(error& /*ec*/) { return open(profile_node::kind::list); }
    bool on_array_end(std::size_t /*count*/, error& /*ec*/) { return close(); }
    bool on_key_part(text part, std::size_t /*size*/, error& /*ec*/) {
        key_.append(part.data(), part.size());
        return true;
    }
    bool on_key(text part, std::size_t size, error& ec) { return on_key_part(part, size, ec); }
    bool on_string_part(text part, std::size_t /*size*/, error& /*ec*/) {
        text_.insert(text_.end(), part.begin(), part.end());
        return true;
    }
    bool on_string(text part, std::size_t size, error& ec) {
        on_string_part(part, size, ec);
        profile_node& node = add(profile_node::kind::text);
        node.text = std::exchange(text_, {});
        return true;
    }
    bool on_number_part(text /*part*/, error& /*ec*/) { return true; }
    bool on_int64(std::int64_t value, text /*part*/, error& /*ec*/) {
        add(profile_node::kind::number).number = value;
        return true;
    }
    bool on_uint64(std::uint64_t /*value*/, text /*part*/, error& /*ec*/) {
        add(profile_node::kind::other);
        return true;
    }
    bool on_double(double /*value*/, text /*part*/, error& /*ec*/) {
        add(profile_node::kind::other);
        return true;
    }
    bool on_bool(bool value, error& /*ec*/) {
        add(profile_node::kind::truth).truth = value;
        return true;
    }
    bool on_null(error& /*ec*/) {
        add(profile_node::kind::nothing);
        return true;
    }
    bool on_comment_part(text /*part*/, error& /*ec*/) { return true; }
    bool on_comment(text /*part*/, error& /*ec*/) { return true; }

private:
    profile_node& add(profile_node::kind what) {
        // What is open does not grow, so its place stays.
        profile_node& node = open_.empty() ? root : open_.back()->items.emplace_back();
        node.what = what;
        node.line = line;
        node.name = std::exchange(key_, {});
        return node;
    }
    bool open(profile_node::kind what) {
        open_.push_back(&add(what));
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    std::vector<profile_node*> open_;
    std::string key_;
    crypto::secret_bytes text_;
};

}  // namespace profile_json

// Line by line, because the parser does not tell where it is.
inline config_result<profile_node> parse_json_profiles(bytes_view text, const std::string& file) {
    boost::json::basic_parser<profile_json::builder> parser{boost::json::parse_options()};
    boost::json::error_code ec;
    std::string_view rest = as_text(text);
    while (!rest.empty() && !ec) {
        const std::string_view line =
            rest.substr(0, std::min(rest.find('\n'), rest.size() - 1) + 1);
        const std::size_t taken = parser.write_some(true, line.data(), line.size(), ec);
        if (!ec && taken < line.size()) ec = boost::json::error::extra_data;
        if (ec) break;
        if (line.back() == '\n') ++parser.handler().line;
        rest.remove_prefix(line.size());
    }
    if (!ec) parser.write_some(false, "", 0, ec);
    if (ec) return config_fault{file, parser.handler().line, "no JSON: " + ec.message()};
    return std::move(parser.handler().root);
}

inline config_result<profile> load_json_profile(const std::string& path, std::string_view name) {
    const auto text = read_profile_text(path);
    if (!text) return text.error();
    auto root = parse_json_profiles(text->content, path);
    if (!root) return root.error();
    return read_profile({path, std::move(*root), text->others_can_read}, name);
}

}  // namespace adit::config
