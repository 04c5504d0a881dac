#include "stemma/vectors/hot_rows.h"

#include <gtest/gtest.h>

namespace stemma {
namespace {

TEST(HotRows, AddWhatTheyLearnedAndTakeTheOthers) {
  std::vector<float> rows{0, 1, 2, 3, 4, 5, 6, 7};
  const RowTable shared{rows.data(), 2};
  HotRows a(shared, {1, 3}), b(shared, {1, 3});
  a.table().row(1)[0] += 10, b.table().row(1)[0] += 100, b.table().row(2)[1] = -1;
  a.table().row(3)[0] = 60;  // not hot: everybody sees it
  EXPECT_EQ(rows, (std::vector<float>{0, 1, 2, 3, 4, 5, 60, 7}));
  a.exchange(), b.exchange();
  EXPECT_EQ(rows, (std::vector<float>{0, 1, 112, 3, 4, -1, 60, 7}));
  EXPECT_EQ(b.table().row(1)[0], 112);
  EXPECT_EQ(a.table().row(1)[0], 12);
  a.exchange();
  EXPECT_EQ(a.table().row(1)[0], 112);
  EXPECT_EQ(a.table().row(2)[1], -1);
  EXPECT_EQ(a.table().row(0), rows.data());
}

TEST(HotRows, MayBeNone) {
  std::vector<float> rows{0, 1, 2};
  HotRows none({rows.data(), 1}, {0, 0});
  none.exchange();
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(none.table().row(i), &rows[size_t(i)]);
}

}  // namespace
}  // namespace stemma
