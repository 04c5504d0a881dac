#include "stemma/text/word_table.h"

#include <bit>

#include "stemma/base/check.h"

namespace stemma {

namespace {

// FNV's low bits are weak for short words; a multiplication spreads them (Knuth 6.4).
size_t place(uint32_t hash, size_t mask) { return size_t((uint64_t{hash} * 0x9E3779B97F4A7C15) >> 20) & mask; }

}  // namespace

WordTable::WordTable() : slots_(64) {}

int32_t WordTable::find(std::string_view word, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = place(hash, mask); slots_[i].id >= 0; i = (i + 1) & mask)
    if (slots_[i].hash == hash && text(slots_[i].id) == word) return slots_[i].id;
  return -1;
}

int32_t WordTable::add(std::string_view word, uint32_t hash) {
  if (const int32_t known = find(word, hash); known >= 0) return known;
  check(size() < (1 << 30), "more than ", 1 << 30, " different words");
  if (ends_.size() * 3 >= slots_.size() * 2) rehash(slots_.size() * 2);
  const size_t mask = slots_.size() - 1;
  size_t i = place(hash, mask);
  while (slots_[i].id >= 0) i = (i + 1) & mask;
  slots_[i] = {hash, size()};
  letters_.insert(letters_.end(), word.begin(), word.end());
  ends_.push_back(letters_.size());
  return size() - 1;
}

void WordTable::reserve(size_t words, size_t letters) {
  ends_.reserve(words), letters_.reserve(letters);
  if (const size_t slots = std::bit_ceil(words + words / 2 + 1); slots > slots_.size()) rehash(slots);
}

void WordTable::rehash(size_t slots) {
  std::vector<Slot> wider(slots);
  const size_t mask = wider.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.id < 0) continue;
    size_t i = place(slot.hash, mask);
    while (wider[i].id >= 0) i = (i + 1) & mask;
    wider[i] = slot;
  }
  slots_ = std::move(wider);
}

}  // namespace stemma
