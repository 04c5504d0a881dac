#include "stemma/tensor/memory.h"

#include <sys/mman.h>
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

namespace stemma {

namespace {

constexpr size_t smallest = 256;
constexpr size_t huge_page = size_t{2} << 20;

// Eight classes to an octave: at most 1/8 of a block is wasted.
size_t size_class(size_t bytes) {
  bytes = std::max(bytes, smallest);
  const int octave = std::bit_width(bytes - 1);  // 2^(octave-1) < bytes <= 2^octave
  const size_t step = size_t{1} << (octave - 4);
  return (bytes + step - 1) / step;  // 9 .. 16 of `step`
}
size_t class_bytes(size_t bytes) {
  bytes = std::max(bytes, smallest);
  return size_class(bytes) * (size_t{1} << (std::bit_width(bytes - 1) - 4));
}

class Pool {
 public:
  void* take(size_t bytes) {
    std::lock_guard lock(mutex_);
    void* block = nullptr;
    if (auto& list = free_[index(bytes)]; !list.empty()) {
      block = list.back();
      list.pop_back();
    } else if (block = obtain(bytes); !block) {
      free_all();  // kept blocks of other sizes may be in the way
      block = obtain(bytes);
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
    free_[index(bytes)].push_back(block);
  }
  void release() {
    std::lock_guard lock(mutex_);
    free_all();
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
  // A new block from the system; null when it has none left or the limit would be passed.
  void* obtain(size_t bytes) {
    if (limit_ != 0 && use_.reserved + int64_t(bytes) > limit_) return nullptr;
    void* block = std::aligned_alloc(bytes >= huge_page ? huge_page : 64, round(bytes));
    if (!block) return nullptr;
    use_.reserved += int64_t(bytes);
    if (bytes >= huge_page) ::madvise(block, round(bytes), MADV_HUGEPAGE);
    return block;
  }
  void free_all() {
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
  static size_t round(size_t bytes) {
    const size_t unit = bytes >= huge_page ? huge_page : 64;
    return (bytes + unit - 1) / unit * unit;
  }
  std::mutex mutex_;
  std::array<std::vector<void*>, 8 * 60> free_;
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
  bytes = class_bytes(bytes);
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
