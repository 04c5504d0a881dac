// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
// The n-th number of a stream is a pure function of (key, n): the same on every device and for every thread count.
#pragma once
#include <array>
#include <cmath>
#include <cstdint>

#include "stemma/base/fields.h"

namespace stemma {

// Ten rounds over one 128-bit counter with a 64-bit key: four independent 32-bit numbers.
constexpr std::array<uint32_t, 4> philox(uint64_t key, uint64_t counter, uint64_t high = 0) {
  uint32_t c0 = uint32_t(counter), c1 = uint32_t(counter >> 32), c2 = uint32_t(high), c3 = uint32_t(high >> 32);
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c0, p1 = uint64_t{0xCD9E8D57} * c2;
    const uint32_t n0 = uint32_t(p1 >> 32) ^ c1 ^ k0, n2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
    c1 = uint32_t(p1), c3 = uint32_t(p0), c0 = n0, c2 = n2;
    k0 += 0x9E3779B9, k1 += 0xBB67AE85;
  }
  return {c0, c1, c2, c3};
}

// In [0, 1), 24 bits.
constexpr float unit_float(uint32_t bits) { return float(bits >> 8) * 0x1p-24f; }

// A seekable stream: `position` says how many 128-bit blocks have been used, so saving it resumes the stream exactly.
struct Random {
  uint64_t key = 1, position = 0;
  FIELDS(key, position)

  // Reserves `blocks` counters for a kernel that computes philox(key, first + i) itself; returns the first.
  uint64_t take(uint64_t blocks) {
    const uint64_t first = position;
    position += blocks;
    return first;
  }
  uint32_t bits() { return philox(key, take(1))[0]; }
  float uniform() { return unit_float(bits()); }
  // In [0, n): multiply-shift of 64 random bits (bias below 2^-32 for n < 2^32).
  uint64_t below(uint64_t n) {
    const auto block = philox(key, take(1));
    return uint64_t((static_cast<unsigned __int128>(uint64_t(block[0]) << 32 | block[1]) * n) >> 64);
  }
  float normal() {  // Box & Muller 1958
    const auto block = philox(key, take(1));
    const double u = (double(block[0]) + 1) * 0x1p-32, v = double(block[1]) * 0x1p-32;
    return float(std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * v));
  }
  // An independent stream for a named purpose (data order, dropout, initial weights). Its key has 63 bits, which JSON
  // can keep.
  Random stream(uint64_t purpose) const {
    const auto block = philox(key, purpose, 0x5354454D4D41);
    return {(uint64_t(block[0]) << 32 | block[1]) >> 1, 0};
  }
};

// A seekable shuffle: the i-th element of a pseudo-random permutation of [0, n), by a Feistel network with cycle
// walking (Black & Rogaway 2002), so that an epoch's order needs no memory.
uint64_t permuted(uint64_t index, uint64_t n, uint64_t key);

}  // namespace stemma
