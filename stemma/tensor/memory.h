// The allocator: memory comes from the system once and is kept, small blocks in lists by size class, large ones in an
// arena of huge pages: a training step settles into allocating nothing. Blocks are 64-byte aligned and not cleared.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

namespace stemma {

// Throws Error ("out of memory: ...") when the system has none left or `set_memory_limit` would be passed.
std::shared_ptr<void> allocate(size_t bytes);

struct MemoryUse {
  int64_t now = 0;       // bytes handed out
  int64_t peak = 0;      // the most ever handed out since reset_memory_peak
  int64_t reserved = 0;  // bytes taken from the system, handed out or kept for reuse
};
MemoryUse memory_use();
void reset_memory_peak();
void release_free_memory();               // gives the kept blocks back to the system
int64_t set_memory_limit(int64_t bytes);  // 0: none; returns the one before
int64_t system_memory_available();  // bytes a new process could use without swapping (respects cgroups and ulimit -v)

}  // namespace stemma
