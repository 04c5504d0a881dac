// Draws words in proportion to count^power, in constant time (the alias method: Walker 1977, Vose 1991).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace stemma {

class Noise {
 public:
  Noise() = default;
  // Error when no weight is positive.
  explicit Noise(std::span<const int64_t> counts, double power = 0.75);
  int32_t draw(uint64_t bits) const {  // of 64 random bits
    const auto i = size_t((uint64_t(uint32_t(bits)) * cells_.size()) >> 32);
    const Cell& cell = cells_[i];
    return (bits >> 32) < cell.own ? int32_t(i) : cell.alias;
  }

 private:
  struct Cell {
    uint32_t own = 0;  // of 2^32; the rest is the alias', which may be itself
    int32_t alias = 0;
  };
  std::vector<Cell> cells_;
};

// A stream of 64-bit numbers for loops that draw a billion of them (SplitMix64: Steele, Lea & Flood 2014); its seed
// comes from Philox.
struct FastRandom {
  uint64_t state = 0;
  uint64_t operator()() {
    uint64_t z = (state += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  uint32_t below(uint32_t n) { return uint32_t((((*this)() >> 32) * n) >> 32); }
};

}  // namespace stemma
