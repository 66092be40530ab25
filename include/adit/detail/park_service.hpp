// The list of what is parked on an execution context. A parked handler often owns, through a
// coroutine's frame, the very object that it is parked in: a cycle that the context does not
// see. This service breaks it when the context is destroyed. Used by parking_place only.
// Invariant: after shutdown() nothing is in the list, and nothing gets into it. The list has a
// mutex because several strands of one context park at the same time.
#pragma once

#include <adit/detail/task.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <mutex>

namespace adit::detail {

class park_service;

/// A place in the list. Whoever derives from it leaves the list before it is destroyed.
class park_node {
public:
    park_node(const park_node&) = delete;
    park_node& operator=(const park_node&) = delete;

protected:
    park_node() = default;
    ~park_node() = default;

private:
    friend class park_service;
    /// Destroys the handler. It may destroy this node as well.
    virtual void drop() noexcept = 0;

    park_node* previous_ = nullptr;
    park_node* next_ = nullptr;
    bool listed_ = false;
};

class park_service final : public asio::execution_context::service {
public:
    using key_type = park_service;
    static inline asio::execution_context::id id;

    explicit park_service(asio::execution_context& context)
        : asio::execution_context::service(context) {}

    [[nodiscard]] static park_service& of(const executor& ex);

    /// False when the context is already shutting down; the node is not in the list then.
    [[nodiscard]] bool add(park_node& node) noexcept;
    /// Does nothing to a node that is not in the list, even when the service is gone by then.
    static void remove(park_service& service, park_node& node) noexcept;

private:
    void shutdown() override;
    void unlink(park_node& node) noexcept;
    [[nodiscard]] park_node* take_first() noexcept;

    std::mutex mutex_;
    park_node* first_ = nullptr;
    bool shut_down_ = false;
};

inline park_service& park_service::of(const executor& ex) {
    return asio::use_service<park_service>(asio::query(ex, asio::execution::context));
}

inline bool park_service::add(park_node& node) noexcept {
    const std::scoped_lock lock(mutex_);
    if (shut_down_) {
        return false;
    }
    node.previous_ = nullptr;
    node.next_ = first_;
    if (first_ != nullptr) {
        first_->previous_ = &node;
    }
    first_ = &node;
    node.listed_ = true;
    return true;
}

inline void park_service::remove(park_service& service, park_node& node) noexcept {
    if (!node.listed_) {
        return;
    }
    const std::scoped_lock lock(service.mutex_);
    service.unlink(node);
}

inline void park_service::shutdown() {
    // One at a time and outside the lock: what a handler owns may be parked as well.
    while (park_node* node = take_first()) {
        node->drop();
    }
}

inline park_node* park_service::take_first() noexcept {
    const std::scoped_lock lock(mutex_);
    shut_down_ = true;
    park_node* node = first_;
    if (node != nullptr) {
        unlink(*node);
    }
    return node;
}

inline void park_service::unlink(park_node& node) noexcept {
    park_node*& before = node.previous_ != nullptr ? node.previous_->next_ : first_;
    before = node.next_;
    if (node.next_ != nullptr) {
        node.next_->previous_ = node.previous_;
    }
    node.listed_ = false;
}

}  // namespace adit::detail
