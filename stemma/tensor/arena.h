// Large blocks, cut out of regions that come from the system and joined with their free neighbours when they come back.
// Batches hardly ever have the same shape twice: what one step leaves serves the next, whatever its sizes are. Not for
// several threads at once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace stemma {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  static constexpr size_t unit = 1024;  // sizes of blocks are multiples of it
  // The smallest free place that holds `bytes`; null when there is none. Not cleared; aligned as a page in a region.
  void* take(size_t bytes);
  void give_back(void* block, size_t bytes);
  // Takes a region of so many bytes from the system, in huge pages where it gives them; false when it has none left.
  bool grow(size_t bytes);
  // Regions of which nothing is in use go back to the system; says how many bytes.
  size_t release();

 private:
  void add_free(char* begin, size_t bytes);
  void remove_free(char* begin, size_t bytes);
  std::map<char*, size_t> regions_, free_;           // by where they begin
  std::set<std::pair<size_t, char*>> free_by_size_;  // the same places
};

}  // namespace stemma
