#include "stemma/tensor/arena.h"

#include <sys/mman.h>

#include <cstdlib>
#include <vector>

namespace stemma {

namespace {

constexpr size_t huge_page = size_t{2} << 20;

}  // namespace

Arena::~Arena() {
  for (const auto& [begin, bytes] : regions_) std::free(begin);
}

void Arena::add_free(char* begin, size_t bytes) {
  free_.emplace(begin, bytes);
  free_by_size_.emplace(bytes, begin);
}
void Arena::remove_free(char* begin, size_t bytes) {
  free_.erase(begin);
  free_by_size_.erase({bytes, begin});
}

void* Arena::take(size_t bytes) {
  const auto found = free_by_size_.lower_bound({bytes, nullptr});
  if (found == free_by_size_.end()) return nullptr;
  const auto [size, begin] = *found;
  remove_free(begin, size);
  if (size > bytes) add_free(begin + bytes, size - bytes);
  return begin;
}

// Two regions never touch: the system's allocator keeps its own record between them.
void Arena::give_back(void* block, size_t bytes) {
  char* begin = static_cast<char*>(block);
  const auto after = free_.lower_bound(begin);
  if (after != free_.begin())
    if (const auto [before, size] = *std::prev(after); before + size == begin) {
      remove_free(before, size);
      begin = before, bytes += size;
    }
  if (const auto next = free_.find(begin + bytes); next != free_.end()) {
    const size_t size = next->second;
    remove_free(begin + bytes, size);
    bytes += size;
  }
  add_free(begin, bytes);
}

bool Arena::grow(size_t bytes) {
  const size_t page = bytes >= huge_page ? huge_page : size_t{4096}, whole = (bytes + page - 1) / page * page;
  char* const region = static_cast<char*>(std::aligned_alloc(page, whole));
  if (!region) return false;
  // What is rounded up stays untouched, so the last piece is in small pages.
  if (page == huge_page) ::madvise(region, bytes / huge_page * huge_page, MADV_HUGEPAGE);
  regions_.emplace(region, bytes);
  add_free(region, bytes);
  return true;
}

size_t Arena::release() {
  std::vector<std::pair<char*, size_t>> unused;
  for (const auto& region : regions_)
    if (const auto place = free_.find(region.first); place != free_.end() && place->second == region.second)
      unused.push_back(region);
  size_t sum = 0;
  for (const auto& [begin, bytes] : unused) {
    remove_free(begin, bytes);
    regions_.erase(begin);
    std::free(begin);
    sum += bytes;
  }
  return sum;
}

}  // namespace stemma
