// Slabs: pooled, reference-counted memory that packets are read into, opened in, lent from,
// reserved in and sealed in (architecture section 3, Buffers). Used by protocol/inbound, outbound
// and everything that lends. One pool serves all connections of an io_context.
// Invariant: a slab is back in the pool, or freed, when its last slab_ref is gone; one that held
// secrets is wiped before.
#pragma once

#include <adit/bytes.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace adit {

/// Zeroes memory in a way that the compiler may not leave out.
inline void wipe(mutable_bytes memory) noexcept {
    if (memory.empty()) return;
    std::memset(memory.data(), 0, memory.size());
    asm volatile("" : : "r"(memory.data()) : "memory");
}

class slab_ref;

/// Hands out slabs of at least the size asked for. Thread-safe; slabs may outlive the pool.
class slab_pool {
public:
    slab_pool() : shelf_(std::make_shared<shelf>()) {}

    /// An empty reference when there is no memory.
    [[nodiscard]] slab_ref take(std::size_t at_least) noexcept;

    /// Frees what is kept for the next one.
    void trim() noexcept;

    /// Slabs that somebody holds: zero when nothing is lent, reserved or in flight.
    [[nodiscard]] std::size_t in_use() const noexcept { return shelf_->in_use.load(); }
    [[nodiscard]] std::size_t bytes_in_use() const noexcept { return shelf_->bytes_in_use.load(); }

    static constexpr std::size_t smallest = 2048;
    static constexpr std::size_t largest = std::size_t{1} << 30U;

private:
    friend class slab_ref;
    struct shelf;
    struct alignas(64) header {
        std::atomic<std::uint32_t> references{1};
        std::uint32_t size_class = 0;
        std::size_t size = 0;
        std::atomic<bool> secret{false};
        header* next = nullptr;
        std::shared_ptr<shelf> home;
        [[nodiscard]] byte* memory() noexcept { return reinterpret_cast<byte*>(this + 1); }
    };
    // Freed slabs of one size class are kept up to this many bytes.
    static constexpr std::size_t kept_bytes_per_class = std::size_t{4} << 20U;
    static constexpr std::size_t size_classes = 10;  // 2 KiB, 4 KiB … 1 MiB
    using lists = std::array<header*, size_classes>;
    static void destroy_all(const lists& free) noexcept;
    struct shelf {
        std::mutex mutex;
        lists free{};
        std::array<std::size_t, size_classes> free_bytes{};
        std::atomic<std::size_t> in_use{0};
        std::atomic<std::size_t> bytes_in_use{0};
        shelf() = default;
        shelf(const shelf&) = delete;
        shelf& operator=(const shelf&) = delete;
        ~shelf() { destroy_all(free); }
    };
    static void release(header* slab) noexcept;
    static void destroy(header* slab) noexcept;

    std::shared_ptr<shelf> shelf_;
};

/// One reference to a slab; copying shares it.
class slab_ref {
public:
    slab_ref() = default;
    slab_ref(const slab_ref& other) noexcept : slab_(other.slab_) {
        if (slab_ != nullptr) slab_->references.fetch_add(1, std::memory_order_relaxed);
    }
    slab_ref(slab_ref&& other) noexcept : slab_(std::exchange(other.slab_, nullptr)) {}
    slab_ref& operator=(slab_ref other) noexcept {
        std::swap(slab_, other.slab_);
        return *this;
    }
    ~slab_ref() {
        if (slab_ != nullptr) slab_pool::release(slab_);
    }

    explicit operator bool() const noexcept { return slab_ != nullptr; }
    [[nodiscard]] bool same_slab(const slab_ref& other) const noexcept {
        return slab_ == other.slab_;
    }
    /// Whether somebody else holds this slab too.
    [[nodiscard]] bool shared() const noexcept {
        return slab_ != nullptr && slab_->references.load(std::memory_order_acquire) > 1;
    }
    [[nodiscard]] mutable_bytes memory() const noexcept {
        return slab_ == nullptr ? mutable_bytes{} : mutable_bytes{slab_->memory(), slab_->size};
    }
    [[nodiscard]] std::size_t size() const noexcept { return slab_ == nullptr ? 0 : slab_->size; }
    /// From now on the slab is wiped before it is used again.
    void mark_secret() const noexcept {
        if (slab_ != nullptr) slab_->secret.store(true, std::memory_order_relaxed);
    }

private:
    friend class slab_pool;
    explicit slab_ref(slab_pool::header* slab) noexcept : slab_(slab) {}
    slab_pool::header* slab_ = nullptr;
};

// A slab is a power of two and a 64th more, so that 16 packets of 32 KiB with the room for their
// headers and tags fit into the slab of 512 KiB.
inline slab_ref slab_pool::take(std::size_t at_least) noexcept {
    if (at_least > largest) return {};
    std::uint32_t size_class = 0;
    std::size_t size = smallest + smallest / 64;
    for (std::size_t power = smallest; size < at_least; ++size_class) {
        power *= 2;
        size = power + power / 64;
    }
    header* slab = nullptr;
    if (size_class < size_classes) {
        const std::scoped_lock lock(shelf_->mutex);
        slab = shelf_->free[size_class];
        if (slab != nullptr) {
            shelf_->free[size_class] = slab->next;
            shelf_->free_bytes[size_class] -= size;
        }
    }
    if (slab == nullptr) {
        void* memory =
            ::operator new(sizeof(header) + size, std::align_val_t{alignof(header)}, std::nothrow);
        if (memory == nullptr) return {};
        slab = ::new (memory) header;
        slab->size_class = size_class;
        slab->size = size;
    }
    slab->references.store(1, std::memory_order_relaxed);
    slab->next = nullptr;
    slab->home = shelf_;
    shelf_->in_use.fetch_add(1);
    shelf_->bytes_in_use.fetch_add(size);
    return slab_ref(slab);
}

inline void slab_pool::release(header* slab) noexcept {
    if (slab->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if (slab->secret.exchange(false)) wipe({slab->memory(), slab->size});
    const auto home = std::move(slab->home);
    home->in_use.fetch_sub(1);
    home->bytes_in_use.fetch_sub(slab->size);
    const auto size_class = slab->size_class;
    if (size_class < size_classes) {
        const std::scoped_lock lock(home->mutex);
        if (home->free_bytes[size_class] + slab->size <= kept_bytes_per_class) {
            home->free_bytes[size_class] += slab->size;
            slab->next = std::exchange(home->free[size_class], slab);
            return;
        }
    }
    destroy(slab);
}

inline void slab_pool::destroy(header* slab) noexcept {
    slab->~header();
    ::operator delete(slab, std::align_val_t{alignof(header)});
}

inline void slab_pool::destroy_all(const lists& free) noexcept {
    for (header* slab : free) {
        while (slab != nullptr) destroy(std::exchange(slab, slab->next));
    }
}

inline void slab_pool::trim() noexcept {
    const std::scoped_lock lock(shelf_->mutex);
    destroy_all(std::exchange(shelf_->free, {}));
    shelf_->free_bytes = {};
}

}  // namespace adit
