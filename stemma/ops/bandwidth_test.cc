#include "stemma/ops/bandwidth.h"

#include <gtest/gtest.h>

#include <numeric>

#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

Tensor counting(int64_t n, float first) {
  Tensor x(n, 1);
  std::iota(x.data(), x.data() + n, first);
  return x;
}

TEST(Bandwidth, EveryElementIsReadAndWritten) {
  at_each_level([] {
    for (const auto& [n, past] : std::vector<std::pair<int64_t, bool>>{
             {1, false}, {7, false}, {64, false}, {64, true}, {150, false}, {150, true}, {40000, false}, {40000, true}})
      for (size_t reads = 0; reads <= Streams::most_reads; ++reads)
        for (size_t writes = reads == 0 ? 1 : 0; writes <= Streams::most_writes; ++writes) {
          Streams s;
          s.past = past;
          for (size_t i = 0; i < reads; ++i) s.from.push_back(counting(n, float(i)));
          for (size_t i = 0; i < writes; ++i) s.to.push_back(Tensor::full(n, 1, -1));
          const float sum = stream(s);
          double wanted = 0;
          for (int64_t k = 0; k < n; ++k) {
            double at_k = 0;
            for (size_t i = 0; i < reads; ++i) at_k += double(k) + double(i);
            for (const auto& to : s.to) ASSERT_EQ(double(to.data()[k]), at_k) << reads << " -> " << writes;
            wanted += at_k;
          }
          EXPECT_NEAR(double(sum), writes == 0 ? wanted : 0.0, 1e-5 * wanted);
          EXPECT_EQ(s.bytes(), double(4 * n) * double(reads + writes));
        }
  });
}

TEST(Bandwidth, RefusesWhatDoesNotFit) {
  EXPECT_THROW(stream({}), Error);
  EXPECT_THROW(stream({{Tensor(2, 1)}, {Tensor(3, 1)}}), Error);
}

}  // namespace
}  // namespace stemma
