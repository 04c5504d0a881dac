#include "stemma/base/parallel.h"

#include <omp.h>

#include <algorithm>
#include <exception>

#include "stemma/base/check.h"

namespace stemma {

void set_threads(int n) {
  constexpr int most = 1024;  // beyond, libraries crash instead of saying no
  check(n <= most, "threads: ", n, " are more than ", most);
  omp_set_num_threads(n > 0 ? n : omp_get_num_procs());
}

int threads() { return omp_get_max_threads(); }

namespace detail {

void run_parallel(int64_t n, int64_t grain, void (*call)(void*, int64_t, int64_t), void* context) {
  if (n <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  const int64_t pieces = std::min<int64_t>(n / grain, threads());
  if (pieces <= 1 || omp_in_parallel()) return call(context, 0, n);
  std::exception_ptr error;
#pragma omp parallel num_threads(int(pieces))
  {
    const int64_t team = omp_get_num_threads(), i = omp_get_thread_num();
    try {
      const int64_t begin = n * i / team, end = n * (i + 1) / team;
      if (begin < end) call(context, begin, end);
    } catch (...) {
#pragma omp critical(stemma_parallel_error)
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace detail

}  // namespace stemma
