// A 64-bit hash of bytes (FNV-1a with the finaliser of MurmurHash3): fingerprints and duplicate search, not security.
#pragma once
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

namespace stemma {

// `seed` chains parts: hash64(b, hash64(a)).
constexpr uint64_t hash64(std::string_view bytes, uint64_t seed = 0xCBF29CE484222325) {
  uint64_t h = seed;
  for (const char c : bytes) h = (h ^ uint8_t(c)) * 0x100000001B3;
  h = (h ^ (h >> 33)) * 0xFF51AFD7ED558CCD;
  h = (h ^ (h >> 33)) * 0xC4CEB9FE1A85EC53;
  return h ^ (h >> 33);
}

// Of numbers as they lie in memory.
template <class T>
uint64_t hash64(const std::vector<T>& values, uint64_t seed = 0xCBF29CE484222325) {
  static_assert(std::has_unique_object_representations_v<T> || std::is_floating_point_v<T>);
  return hash64({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)}, seed);
}

}  // namespace stemma
