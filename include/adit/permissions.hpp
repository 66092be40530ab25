// What somebody who has logged in may ask for: what each factor granted (a line of authorized_keys,
// a certificate, an account), all of which must allow it. Asked by servers before any policy is.
// Used by server_options.hpp, auth/server.hpp and bastion.hpp.
// Invariants: permissions that nobody granted allow nothing; joining only ever takes away.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/key_options.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace adit {

class permissions {
public:
    /// Nothing.
    permissions() = default;
    /// What one factor grants.
    explicit permissions(config::key_grant grant) { grants_.push_back(std::move(grant)); }
    /// Whatever the policy allows.
    [[nodiscard]] static permissions all() { return permissions(config::full_grant()); }

    /// Another factor's grants have to allow it too; nothing stays nothing.
    void narrow(const permissions& other);

    /// `now` is in seconds since 1970.
    [[nodiscard]] bool allow_open(std::string_view host, std::uint16_t port,
                                  std::uint64_t now) const;
    [[nodiscard]] bool allow_listen(std::string_view host, std::uint16_t port,
                                    std::uint64_t now) const;
    /// A Unix socket, either way; lists of hosts and ports do not name any (as in OpenSSH).
    [[nodiscard]] bool allow_socket(std::uint64_t now) const;
    [[nodiscard]] bool allow_pty(std::uint64_t now) const;

    [[nodiscard]] const std::vector<config::key_grant>& grants() const noexcept { return grants_; }

private:
    template <class Test>
    [[nodiscard]] bool each(std::uint64_t now, const Test& test) const {
        const auto allows = [&](const config::key_grant& g) {
            return (!g.expires || now <= *g.expires) && test(g);
        };
        return !grants_.empty() && std::ranges::all_of(grants_, allows);
    }

    std::vector<config::key_grant> grants_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL void permissions::narrow(const permissions& other) {
    if (grants_.empty() || other.grants_.empty()) return grants_.clear();
    grants_.insert(grants_.end(), other.grants_.begin(), other.grants_.end());
}

ADIT_DECL bool permissions::allow_open(std::string_view host, std::uint16_t port,
                                       std::uint64_t now) const {
    return each(now, [&](const auto& g) { return config::may_open(g, host, port); });
}

ADIT_DECL bool permissions::allow_listen(std::string_view host, std::uint16_t port,
                                         std::uint64_t now) const {
    return each(now, [&](const auto& g) { return config::may_listen(g, host, port); });
}

ADIT_DECL bool permissions::allow_socket(std::uint64_t now) const {
    return each(now, [](const auto& g) { return g.port_forwarding; });
}

ADIT_DECL bool permissions::allow_pty(std::uint64_t now) const {
    return each(now, [](const auto& g) { return g.pty; });
}

#endif  // ADIT_BODIES

}  // namespace adit
