// Initial values of large tables.
#pragma once
#include <cstdint>

namespace stemma {

// x[n], uniform in [-bound, bound): element 4 b + j is bound (2 u - 1), u the unit float of number j of Philox's block
// b (base/random.h). The same for any number of threads.
void fill_uniform(float* x, int64_t n, float bound, uint64_t seed);

}  // namespace stemma
