#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/bandwidth.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "stemma/ops/bandwidth.h"
#include "stemma/ops/past-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

using Reads = std::array<const float*, Streams::most_reads>;
using Writes = std::array<float*, Streams::most_writes>;

template <int reads>
HWY_INLINE V sum_of(const Reads& from, int64_t i, int64_t left) {
  V sum = hn::Zero(D());
  if constexpr (reads > 0) sum = load(from[0] + i, left);
  for (int r = 1; r < reads; ++r) sum = hn::Add(sum, load(from[size_t(r)] + i, left));
  return sum;
}

template <int reads, int writes>
float move(const Reads& from, const Writes& to, int64_t n, bool past) {
  constexpr int64_t at_once = 8;  // sums apart, so that none waits for another
  V sums[at_once];
  for (V& sum : sums) sum = hn::Zero(D());
  int64_t i = 0;
  for (const int64_t step = at_once * lanes(); i + step <= n; i += step)
    for (int64_t k = 0; k < at_once; ++k) {
      for (int r = 0; past && r < reads; ++r) hwy::Prefetch(from[size_t(r)] + i + k * lanes() + ahead);
      const V v = sum_of<reads>(from, i + k * lanes(), lanes());
      for (int w = 0; w < writes; ++w) {
        float* const y = to[size_t(w)] + i + k * lanes();
        past ? hn::Stream(v, D(), y) : hn::StoreU(v, D(), y);
      }
      if (writes == 0) sums[k] = hn::Add(sums[k], v);
    }
  for (; i < n; i += lanes()) {
    const V v = sum_of<reads>(from, i, n - i);
    for (int w = 0; w < writes; ++w) store(v, to[size_t(w)] + i, n - i);
    if (writes == 0) sums[0] = hn::Add(sums[0], v);
  }
  for (int64_t k = 1; k < at_once; ++k) sums[0] = hn::Add(sums[0], sums[k]);
  return hn::GetLane(hn::SumOfLanes(D(), sums[0]));
}

template <int reads>
constexpr std::array<decltype(&move<0, 0>), 4> with_reads = {move<reads, 0>, move<reads, 1>, move<reads, 2>,
                                                             move<reads, 3>};
constexpr std::array<std::array<decltype(&move<0, 0>), 4>, 5> moves = {with_reads<0>, with_reads<1>, with_reads<2>,
                                                                       with_reads<3>, with_reads<4>};
float move_some(size_t reads, size_t writes, const Reads& from, const Writes& to, int64_t n, bool past) {
  for (size_t w = 0; w < writes; ++w) past = past && reinterpret_cast<uintptr_t>(to[w]) % 64 == 0;
  return moves[reads][writes](from, to, n, past);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"

namespace stemma {

HWY_EXPORT(move_some);

double Streams::bytes() const {
  double sum = 0;
  for (const auto* side : {&from, &to})
    for (const auto& x : *side) sum += double(x.bytes());
  return sum;
}

float stream(const Streams& s) {
  check(s.from.size() <= Streams::most_reads && s.to.size() <= Streams::most_writes && s.from.size() + s.to.size() > 0,
        "streams: ", s.from.size(), " read and ", s.to.size(), " written");
  const int64_t n = (s.from.empty() ? s.to : s.from).front().size();
  for (const auto* side : {&s.from, &s.to})
    for (const auto& x : *side) check(x.size() == n, "streams of ", n, " and ", x.size(), " elements");
  std::vector<float> sums(size_t(n / element_grain + 1));
  parallel_for(n, element_grain, [&](int64_t begin, int64_t end) {
    std::array<const float*, Streams::most_reads> from{};
    std::array<float*, Streams::most_writes> to{};
    for (size_t i = 0; i < s.from.size(); ++i) from[i] = s.from[i].data() + begin;
    for (size_t i = 0; i < s.to.size(); ++i) to[i] = s.to[i].data() + begin;
    for (int64_t i = 0; i < s.times; ++i)
      sums[size_t(begin / element_grain)] +=
          HWY_DYNAMIC_DISPATCH(move_some)(s.from.size(), s.to.size(), from, to, end - begin, s.past);
    if (s.past) hwy::FlushStream();
  });
  float sum = 0;
  for (const float part : sums) sum += part;
  return sum;
}

}  // namespace stemma
#endif
