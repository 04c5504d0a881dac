// A 64-bit hash of bytes (FNV-1a with the finaliser of MurmurHash3): fingerprints and duplicate search, not security.
#pragma once
#include <cstdint>
#include <string_view>

namespace stemma {

// `seed` chains parts: hash64(b, hash64(a)).
constexpr uint64_t hash64(std::string_view bytes, uint64_t seed = 0xCBF29CE484222325) {
  uint64_t h = seed;
  for (const char c : bytes) h = (h ^ uint8_t(c)) * 0x100000001B3;
  h = (h ^ (h >> 33)) * 0xFF51AFD7ED558CCD;
  h = (h ^ (h >> 33)) * 0xC4CEB9FE1A85EC53;
  return h ^ (h >> 33);
}

}  // namespace stemma
