// What a bastion is made of, from its settings: host keys, users, limits and the policy. Used by
// adit_bastion.cpp at the start and at each SIGHUP. Invariant: it is made whole or not at all; what
// is wrong is a usage_error that names the file.
#pragma once

#include "report.hpp"
#include "settings.hpp"

#include <adit/accounts.hpp>
#include <adit/bastion.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit_bastion {

/// What outlives a SIGHUP.
struct login_memory {
    std::shared_ptr<adit::step_store> steps;
    std::shared_ptr<adit::guess_counter> guesses;
};

// Everything that a SIGHUP reads again.
class configuration {
public:
    configuration(const settings& s, const reporter& say, login_memory memory)
        : settings_(s), say_(say), memory_(std::move(memory)) {}

    /// Throws usage_error.
    [[nodiscard]] adit::guest_options guests() const;

private:
    [[nodiscard]] std::shared_ptr<adit::accounts> users() const;
    [[nodiscard]] std::function<bool(const adit::keys::public_key&)> revoked() const;
    [[nodiscard]] adit::host_key_signers host_keys() const;
    [[nodiscard]] std::shared_ptr<adit::server_options> server() const;
    [[nodiscard]] std::vector<std::vector<std::string>> methods() const;
    void set_limits(adit::limits& limits) const;
    [[nodiscard]] adit::forward_policy policy() const;

    const settings& settings_;
    const reporter& say_;
    login_memory memory_;
};

}  // namespace adit_bastion
