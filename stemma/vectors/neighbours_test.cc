#include "stemma/vectors/neighbours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"
#include "stemma/vectors/evaluation.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Royalty and sex along two axes; words of length other than 1.
class NeighboursTest : public testing::Test {
 protected:
  NeighboursTest() {
    write_file(directory_.file("v"),
               "9 3\nking 2 2 0\nqueen 1 -1 0\nman 0 1 0.1\nwoman 0 -3 0.3\nroyal 5 0 0\nnull 0 0 0\nKönig 3 2.9 0\n"
               "apple 0 0 1\npear 0 0.1 2\n");
    model_ = load_vectors(directory_.file("v"));
  }
  std::vector<std::string> words(const std::vector<Neighbour>& found) const {
    std::vector<std::string> out;
    for (const auto& n : found) out.emplace_back(model_.lexicon.text(n.id));
    return out;
  }
  std::string file(const std::string& text) const {
    write_file(directory_.file("set"), text);
    return directory_.file("set");
  }
  TemporaryDirectory directory_;
  VectorModel model_;
};

TEST_F(NeighboursTest, AreExactAndNeverTheWordItself) {
  const Neighbours n(model_);
  EXPECT_THAT(words(n.nearest("king", 3)), ElementsAre("König", "royal", "man"));
  EXPECT_EQ(n.nearest("king", 99).size(), 8u);
  EXPECT_NEAR(n.cosine("king", "royal"), std::sqrt(0.5), 1e-6);
  EXPECT_NEAR(n.cosine("apple", "pear"), 2 / std::sqrt(4.01), 1e-6);
  EXPECT_EQ(n.cosine("null", "king"), 0);
}

TEST_F(NeighboursTest, Analogies) {
  const Neighbours n(model_);
  for (const auto how : {Neighbours::Analogy::add, Neighbours::Analogy::multiply}) {
    EXPECT_THAT(words(n.analogy({"man", "king", "woman"}, 1, how)), ElementsAre("queen"));
  }
  EXPECT_EQ(n.odd_one_out({"king", "royal", "apple", "queen"}), 2u);
}

TEST_F(NeighboursTest, Errors) {
  const Neighbours n(model_);
  EXPECT_EQ(error_of([&] { n.nearest("kinng", 1); }),
            "the vectors do not know the word 'kinng' (did you mean 'king'?)");
  EXPECT_EQ(error_of([&] { n.nearest("zzzzzz", 1); }), "the vectors do not know the word 'zzzzzz'");
  EXPECT_THAT(error_of([&] { n.odd_one_out({"king", "man"}); }), HasSubstr("three words"));
  EXPECT_THAT(error_of([&] { n.analogy({"king", "man"}, 1, {}); }), HasSubstr("three words"));
}

TEST_F(NeighboursTest, BestOfBreaksTiesByPlace) {
  const float scores[] = {1, 3, 3, 2, 3};
  const auto best = best_of(scores, 5, 3, {2});
  EXPECT_THAT((std::vector{best[0].id, best[1].id, best[2].id}), ElementsAre(1, 4, 3));
  EXPECT_TRUE(best_of(scores, 5, 0, {}).empty());
}

TEST_F(NeighboursTest, QuestionsAreCountedBySection) {
  const Neighbours n(model_);
  const auto path = file(
      ": family\nman king woman queen\nman king woman pear\nMan King Woman Queen\nman king aunt uncle\n\n"
      ": gram1-x\nking queen man woman\n");
  EXPECT_EQ(evaluation_kind(path), EvaluationKind::analogies);
  for (const auto how : {Neighbours::Analogy::add, Neighbours::Analogy::multiply}) {
    const auto sections = evaluate_analogies(n, path, {.how = how});
    ASSERT_EQ(sections.size(), 2u);
    EXPECT_EQ(sections[0].name, "family");
    EXPECT_EQ(sections[0].questions, 4);
    EXPECT_EQ(sections[0].asked, 3);  // capitals are tried in lower case
    EXPECT_EQ(sections[0].right, 2);
    EXPECT_EQ(sections[1].right, how == Neighbours::Analogy::add);  // opposites have no place in a product
  }
  EXPECT_EQ(evaluate_analogies(n, path, {.among = 3})[0].asked, 0);  // woman is the fourth word
}

TEST_F(NeighboursTest, RatedPairs) {
  const Neighbours n(model_);
  const auto path = file("king\tKönig\t9\nking\troyal\t7\nking\twoman\t1\nking\tunheard\t5\n");
  EXPECT_EQ(evaluation_kind(path), EvaluationKind::similarity);
  const auto score = evaluate_similarity(n, path);
  EXPECT_EQ(score.pairs, 4);
  EXPECT_EQ(score.known, 3);
  EXPECT_NEAR(score.spearman, 1, 1e-9);
}

TEST_F(NeighboursTest, EvaluationFilesThatAreNone) {
  const Neighbours n(model_);
  EXPECT_THAT(error_of([&] { evaluation_kind(file("a b\n")); }), HasSubstr("set:1: neither"));
  EXPECT_THAT(error_of([&] { evaluation_kind(file("")); }), HasSubstr("holds no line"));
  EXPECT_THAT(error_of([&] { evaluate_analogies(n, file(": x\na b c d\na b c\n")); }), HasSubstr("set:3: a question"));
  EXPECT_THAT(error_of([&] { evaluate_similarity(n, file("a b 1\na b x\n")); }), HasSubstr("set:2: not two words"));
}

}  // namespace
}  // namespace stemma
