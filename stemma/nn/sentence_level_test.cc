#include "stemma/nn/sentence_level.h"

#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

constexpr int64_t d = 3, width = 2, inside = 5;

struct Case {
  SentenceLevel level = randomised(SentenceLevel(d, width, inside));
  Param s;
  Splits splits = splits_of_lengths({3, 1, 4});
  FIELDS(level, s)
  Case() { s.w = parameter(random_rows({8}, d, 7)); }
  Tensor rows() const { return s.w.with_splits(splits); }
};

TEST(SentenceLevel, gradients_are_those_of_differences) {
  Case c;
  check_gradients(params(c), [&] { return c.level(c.rows()); });
}

TEST(SentenceLevel, a_document_does_not_feel_its_batch) {
  const Case c;
  const NoGrad off;
  const auto read = [&](const std::vector<int64_t>& which) {
    return c.level(pick(c.rows(), which)).with_splits(splits_of_lengths(std::vector<int64_t>(which.size(), 1)));
  };
  EXPECT_EQ(read({0, 1, 2}).cols(), 2 * width);
  EXPECT_LT(batch_gap(read, 3), 1e-6);
}

TEST(SentenceLevel, whoever_listens_sees_the_weights_of_sentences) {
  const Case c;
  Tensor seen;
  const Listening on([&](const std::string& path, const Tensor& x) {
    if (path == "sentences.pooling") seen = x;
  });
  c.level(c.rows());
  ASSERT_TRUE(bool(seen));
  EXPECT_EQ(seen.splits(), c.splits);
  for (int64_t b = 0; b < seen.sequences(); ++b) {
    double sum = 0;
    for (int64_t i = seen.begin(b); i < seen.end(b); ++i) sum += double(seen.data()[i]);
    EXPECT_NEAR(sum, 1, 1e-6);
  }
}

}  // namespace
}  // namespace stemma
