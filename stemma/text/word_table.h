// A set of words that numbers them in the order of their arrival, under fastText's hash. Words lie end to end in one
// buffer, so that ten million of them cost little more than their letters. Knows nothing of counts.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace stemma {

// FNV-1a over *signed* bytes, as fastText's files expect it (Bojanowski et al. 2017).
// `h` chains parts: word_hash(b, word_hash(a)) is the hash of a and b end to end.
constexpr uint32_t word_hash(std::string_view bytes, uint32_t h = 2166136261) {
  for (const char c : bytes) h = (h ^ uint32_t(int32_t(int8_t(c)))) * 16777619;
  return h;
}

class WordTable {
 public:
  WordTable();
  void reserve(size_t words, size_t letters);  // room for so many, and no more
  int32_t size() const { return int32_t(ends_.size()); }
  std::string_view text(int32_t id) const {
    const uint64_t begin = id == 0 ? 0 : ends_[size_t(id) - 1];
    return {letters_.data() + begin, ends_[size_t(id)] - begin};
  }
  int32_t find(std::string_view word) const { return find(word, word_hash(word)); }  // -1: absent
  int32_t find(std::string_view word, uint32_t hash) const;
  int32_t add(std::string_view word) { return add(word, word_hash(word)); }  // its number, new or old
  int32_t add(std::string_view word, uint32_t hash);                         // Error beyond 2^30 words

 private:
  struct Slot {
    uint32_t hash = 0;
    int32_t id = -1;
  };
  void rehash(size_t slots);
  std::vector<Slot> slots_;  // a power of two, linear probing
  std::vector<uint64_t> ends_;
  std::vector<char> letters_;  // a string would keep its memory when an empty table is assigned
};

}  // namespace stemma
