#include "stemma/nn/crf.h"

#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

using Labels = std::vector<std::string>;
const Labels bio{"O", "B-PER", "I-PER", "B-LOC", "I-LOC"}, bioes{"O", "B-X", "I-X", "E-X", "S-X", "B-Y", "E-Y"};

TEST(CrfLabels, the_scheme_is_read_from_the_names) {
  EXPECT_EQ(scheme_of(bio), TagScheme::bio);
  EXPECT_EQ(scheme_of(bioes), TagScheme::bioes);
  EXPECT_EQ(scheme_of({"NOUN", "VERB"}), TagScheme::free);
  EXPECT_EQ(scheme_of({"O", "B-X", "I-"}), TagScheme::free);
}

// Every pair that may stand side by side, written out; "" is the outside of a sequence.
std::vector<std::pair<std::string, std::string>> pairs(const Labels& labels, TagScheme scheme) {
  const auto legal = legal_labels(labels, scheme);
  std::vector<std::pair<std::string, std::string>> out;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (!legal->start[i]) out.emplace_back("", labels[i]);
    if (!legal->end[i]) out.emplace_back(labels[i], "");
    for (size_t j = 0; j < labels.size(); ++j)
      if (!legal->transitions[i * labels.size() + j]) out.emplace_back(labels[i], labels[j]);
  }
  return out;
}

TEST(CrfLabels, an_inside_follows_its_own_kind) {
  EXPECT_EQ(pairs(bio, TagScheme::bio), (std::vector<std::pair<std::string, std::string>>{{"O", "I-PER"},
                                                                                          {"O", "I-LOC"},
                                                                                          {"B-PER", "I-LOC"},
                                                                                          {"", "I-PER"},
                                                                                          {"I-PER", "I-LOC"},
                                                                                          {"B-LOC", "I-PER"},
                                                                                          {"", "I-LOC"},
                                                                                          {"I-LOC", "I-PER"}}));
}

TEST(CrfLabels, a_whole_span_ends_as_it_began) {
  const auto legal = legal_labels(bioes, TagScheme::bioes);
  const auto follows = [&](size_t i, size_t j) { return bool(legal->transitions[i * bioes.size() + j]); };
  enum { O, BX, IX, EX, SX, BY, EY };
  for (const size_t i : {O, EX, SX, EY}) {
    for (const size_t j : {O, BX, SX, BY}) EXPECT_TRUE(follows(i, j));
    for (const size_t j : {IX, EX, EY}) EXPECT_FALSE(follows(i, j));
    EXPECT_TRUE(legal->end[i]);
  }
  for (const size_t i : {BX, IX}) {
    for (const size_t j : {IX, EX}) EXPECT_TRUE(follows(i, j));
    for (const size_t j : {O, BX, SX, BY, EY}) EXPECT_FALSE(follows(i, j));
    EXPECT_FALSE(legal->end[i]);
  }
  for (const size_t j : {O, BX, IX, EX, SX, BY}) EXPECT_FALSE(follows(BY, j));
  EXPECT_TRUE(follows(BY, EY));
  EXPECT_EQ(legal->start, (std::vector<uint8_t>{1, 1, 0, 0, 1, 1, 0}));
}

TEST(CrfLabels, a_label_outside_the_scheme_is_an_error) {
  EXPECT_EQ(legal_labels({"NOUN"}, TagScheme::free), nullptr);
  EXPECT_EQ(error_of([] {
              legal_labels({"O", "E-X"}, TagScheme::bio);
            }),
            "label 'E-X' is neither O nor B or I with a type, such as B-PER; use another tag scheme");
}

TEST(CrfModule, predicts_what_is_legal_and_learns_as_it_is_told) {
  Crf m = randomised(Crf(5, legal_labels(bio, TagScheme::bio)));
  Tensor scores = random_rows({4, 3}, 5, 3);
  for (int64_t t = 0; t < 7; ++t) scores.data()[t * 5 + 2 + t % 2 * 2] += 20;  // I-PER I-LOC I-PER ...
  const auto y = m.best(scores).labels;
  for (const int64_t s : {0, 4}) {
    EXPECT_TRUE(m.legal->start[size_t(y[size_t(s)])]);
    for (int64_t t = s + 1; t < (s ? 7 : 4); ++t)
      EXPECT_TRUE(m.legal->transitions[size_t(y[size_t(t) - 1] * 5 + y[size_t(t)])]);
  }
  EXPECT_EQ(m.marginals(scores).p.data()[2], 0);  // I-PER at the beginning
  const Tensor legal = Tensor::ids({0, 1, 2, 2, 3, 4, 0}), broken = Tensor::ids({0, 2, 2, 2, 3, 4, 0});
  EXPECT_THROW(m.loss(scores, broken), Error);
  const double strict = m.loss(scores, legal).total.item();
  m.trained_freely = true;
  EXPECT_GT(m.loss(scores, legal).total.item(), strict);  // more labellings share the probability
  EXPECT_TRUE(std::isfinite(m.loss(scores, broken).total.item()));
}

TEST(CrfModule, gradients_are_those_of_differences) {
  Crf m = randomised(Crf(4));
  const Tensor scores = random_rows({3, 1, 2}, 4, 3);
  check_gradients(params(m), [&] { return m.loss(scores, random_ids({3, 1, 2}, 4)).total; });
}

}  // namespace
}  // namespace stemma
