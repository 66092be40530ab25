// Counts what this thread allocates with operator new, for targets that assert that a parser takes
// no memory (A09). It replaces the global operators, so exactly one translation unit of a program
// may include it. Invariant: malloc stays below, so that ASan still sees every block.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace adit::fuzz {

/// Blocks that operator new has given to this thread.
inline thread_local std::size_t allocations = 0;

inline void* counted_allocation(std::size_t size, std::size_t alignment) noexcept {
    ++allocations;
    const std::size_t whole = (size + alignment) / alignment * alignment;  // never zero
    return std::aligned_alloc(alignment, whole);
}

inline void* counted_allocation_or_throw(std::size_t size, std::size_t alignment) {
    void* const memory = counted_allocation(size, alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

inline constexpr std::size_t usual_alignment = alignof(std::max_align_t);

}  // namespace adit::fuzz

void* operator new(std::size_t size) {
    return adit::fuzz::counted_allocation_or_throw(size, adit::fuzz::usual_alignment);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return adit::fuzz::counted_allocation(size, adit::fuzz::usual_alignment);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return adit::fuzz::counted_allocation_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return adit::fuzz::counted_allocation(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size) {
    return adit::fuzz::counted_allocation_or_throw(size, adit::fuzz::usual_alignment);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return adit::fuzz::counted_allocation(size, adit::fuzz::usual_alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return adit::fuzz::counted_allocation_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return adit::fuzz::counted_allocation(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(memory);
}
