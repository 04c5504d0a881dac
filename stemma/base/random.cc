#include "stemma/base/random.h"

namespace stemma {

uint64_t permuted(uint64_t index, uint64_t n, uint64_t key) {
  int half = 1;  // the smallest even number of bits, 2 * half, that holds n
  while ((uint64_t{1} << (2 * half)) < n) ++half;
  const uint64_t mask = (uint64_t{1} << half) - 1;
  do {
    uint64_t left = index >> half, right = index & mask;
    for (uint64_t round = 0; round < 8; ++round) {  // four are measurably uneven for n < 20
      const auto block = philox(key, right, round);
      const uint64_t mixed = left ^ ((uint64_t(block[0]) << 32 | block[1]) & mask);
      left = right, right = mixed;
    }
    index = left << half | right;
  } while (index >= n);  // at most 4x the range: few rounds
  return index;
}

}  // namespace stemma
