#include "stemma/tensor/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "stemma/base/check.h"
#include "stemma/tensor/arena.h"

namespace stemma {

namespace {

constexpr size_t smallest = 256, large = size_t{64} << 10;  // below: lists by size class, from there on: the arena

// Eight classes to an octave: at most 1/8 of a block is wasted.
size_t size_class(size_t bytes) {
  const int octave = std::bit_width(bytes - 1);  // 2^(octave-1) < bytes <= 2^octave
  const size_t step = size_t{1} << (octave - 4);
  return (bytes + step - 1) / step;  // 9 .. 16 of `step`
}
// What is handed out for a request.
size_t block_bytes(size_t bytes) {
  bytes = std::max(bytes, smallest);
  if (bytes >= large) return (bytes + Arena::unit - 1) / Arena::unit * Arena::unit;
  return size_class(bytes) * (size_t{1} << (std::bit_width(bytes - 1) - 4));
}

class Pool {
 public:
  void* take(size_t bytes) {
    std::lock_guard lock(mutex_);
    void* block = find(bytes);
    if (!block) {
      release_all();  // kept blocks of other sizes may be in the way
      block = find(bytes);
    }
    check(block != nullptr, "out of memory: ", bytes, " bytes more than the ", use_.reserved,
          " in use; use a smaller batch (--set batch.tokens=N) or a smaller model");
    use_.now += int64_t(bytes);
    use_.peak = std::max(use_.peak, use_.now);
    return block;
  }
  void give_back(void* block, size_t bytes) noexcept {
    std::lock_guard lock(mutex_);
    use_.now -= int64_t(bytes);
    if (bytes >= large)
      arena_.give_back(block, bytes);
    else
      free_[index(bytes)].push_back(block);
  }
  void release() {
    std::lock_guard lock(mutex_);
    release_all();
  }
  MemoryUse use() {
    std::lock_guard lock(mutex_);
    return use_;
  }
  void reset_peak() {
    std::lock_guard lock(mutex_);
    use_.peak = use_.now;
  }
  int64_t limit(int64_t bytes) {
    std::lock_guard lock(mutex_);
    return std::exchange(limit_, bytes);
  }

 private:
  // What was kept, or else new from the system; null when it has none left or the limit would be passed.
  void* find(size_t bytes) {
    if (bytes >= large) {
      if (void* const block = arena_.take(bytes)) return block;
      return more(bytes) ? arena_.take(bytes) : nullptr;
    }
    if (auto& list = free_[index(bytes)]; !list.empty()) {
      void* const block = list.back();
      list.pop_back();
      return block;
    }
    if (!allowed(bytes)) return nullptr;
    void* const block = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (block) use_.reserved += int64_t(bytes);
    return block;
  }
  // In large steps, because pieces of one region can be joined; what is never touched costs nothing.
  bool more(size_t bytes) {
    for (const size_t region : {std::max(bytes, size_t(use_.reserved) / 4 / Arena::unit * Arena::unit), bytes})
      if (allowed(region) && arena_.grow(region)) {
        use_.reserved += int64_t(region);
        return true;
      }
    return false;
  }
  bool allowed(size_t bytes) const { return limit_ == 0 || use_.reserved + int64_t(bytes) <= limit_; }
  void release_all() {
    use_.reserved -= int64_t(arena_.release());
    for (size_t i = 0; i < free_.size(); ++i) {
      const size_t bytes = (i % 8 + 9) * (size_t{1} << (i / 8));
      for (void* block : free_[i]) std::free(block), use_.reserved -= int64_t(bytes);
      free_[i].clear();
    }
  }
  // bytes = (9 .. 16) * 2^k  ->  8 k + (0 .. 7)
  static size_t index(size_t bytes) {
    const int k = std::bit_width(bytes - 1) - 4;
    return size_t(k) * 8 + (bytes >> k) - 9;
  }
  std::mutex mutex_;
  Arena arena_;
  std::array<std::vector<void*>, 8 * std::bit_width(large)> free_;
  MemoryUse use_;
  int64_t limit_ = 0;
};

Pool& pool() {
  static Pool* shared = new Pool;  // never destroyed: tensors in static objects may outlive any order
  return *shared;
}

int64_t number_in(const char* path) {  // -1 when absent or "max"
  std::ifstream file(path);
  int64_t n = -1;
  return file >> n ? n : -1;
}

}  // namespace

std::shared_ptr<void> allocate(size_t bytes) {
  bytes = block_bytes(bytes);
  return {pool().take(bytes), [bytes](void* block) { pool().give_back(block, bytes); }};
}
MemoryUse memory_use() { return pool().use(); }
void reset_memory_peak() { pool().reset_peak(); }
void release_free_memory() { pool().release(); }
int64_t set_memory_limit(int64_t bytes) { return pool().limit(bytes); }

int64_t system_memory_available() {
  int64_t available = INT64_MAX;
  std::ifstream info("/proc/meminfo");
  for (std::string key, unit; info >> key;) {
    int64_t kib = 0;
    info >> kib;
    std::getline(info, unit);
    if (key == "MemAvailable:") available = kib * 1024;
  }
  const int64_t limit = number_in("/sys/fs/cgroup/memory.max"), used = number_in("/sys/fs/cgroup/memory.current");
  if (limit > 0 && used >= 0) available = std::min(available, std::max<int64_t>(limit - used, 0));
  rlimit most{};  // ulimit -v
  if (::getrlimit(RLIMIT_AS, &most) == 0 && most.rlim_cur != RLIM_INFINITY) {
    const int64_t mapped = std::max<int64_t>(number_in("/proc/self/statm"), 0) * ::sysconf(_SC_PAGESIZE);
    available = std::min(available, std::max<int64_t>(int64_t(most.rlim_cur) - mapped, 0));
  }
  return available;
}

}  // namespace stemma
