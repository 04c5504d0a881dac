// Element by element, whatever the length and the number of threads.
#include "stemma/tensor/elements.h"

#include <gtest/gtest.h>

#include "stemma/base/parallel.h"

namespace stemma {
namespace {

TEST(Elements, zero_fill_copy_and_add_reach_every_element_and_no_other) {
  const int before = threads();
  for (const int n : {1, 2, 4}) {
    set_threads(n);
    for (const int64_t rows : {0, 1, 7, 33333}) {
      const Tensor all = Tensor::full(rows + 2, 3, -1), x = all.row_view(1, rows), y(rows, 3);
      fill_elements(x, 0.1f);
      for (int64_t i = 0; i < y.size(); ++i) y.data()[i] = float(i);
      add_elements(x, y);
      for (int64_t i = 0; i < y.size(); ++i) ASSERT_EQ(y.data()[i], float(i) + 0.1f) << i;
      copy_elements(y, x);
      EXPECT_EQ(x.values(), y.values());
      zero_elements(x);
      for (int64_t i = 0; i < x.size(); ++i) ASSERT_EQ(x.data()[i], 0) << i;
      for (const int64_t row : {int64_t{0}, rows + 1})
        EXPECT_EQ(all.row_view(row, 1).values(), std::vector<float>(3, -1)) << row;
    }
  }
  set_threads(before);
}

TEST(Elements, bf16_is_added_through_f32) {
  const Tensor x(1, 2, Type::bf16), y = Tensor::like(x);
  x.data<bf16>()[0] = bf16(1), x.data<bf16>()[1] = bf16(0.001f);
  copy_elements(x, y);
  add_elements(x, y);
  EXPECT_EQ(y.values(), (std::vector<float>{2, 2 * float(bf16(0.001f))}));
  y.data<bf16>()[0] = bf16(256);
  add_elements(x, y);  // 257 is none of bf16's
  EXPECT_EQ(y.values()[0], 256);
}

}  // namespace
}  // namespace stemma
