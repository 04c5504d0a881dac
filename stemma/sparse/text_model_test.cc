#include "stemma/sparse/text_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Strings = std::vector<std::string>;

const Strings texts{"the cat sleeps", "a cat purrs", "the dog barks", "a dog runs", "the \\ cat", "dog\nnews"};
const std::vector<int32_t> animals{0, 0, 1, 1, 0, 1};

TextModel small_model(const TextModelOptions& options = {}) {
  return TextModel::fit_classes({texts}, animals, {"cat", "dog"}, options);
}

TEST(TextModel, TellsWhy) {
  const TextModel model = small_model();
  const auto reasons = model.explain({Strings{"the dog and the cat and zebras and dog dog"}}, 1, 2);
  ASSERT_EQ(reasons.size(), 2u);
  EXPECT_EQ(reasons[0].term, "dog");
  EXPECT_GT(reasons[0].weight, 0);
  EXPECT_EQ(reasons[1].term, "cat");
  EXPECT_LT(reasons[1].weight, 0);
  const auto heaviest = model.heaviest(0, 1000);
  EXPECT_EQ(heaviest.size(), size_t(model.vectorizer().features()));
  EXPECT_EQ(heaviest[0].term, "cat");
  EXPECT_EQ(heaviest.back().term, "dog");

  float margin = model.linear().bias[1];  // what explain lists adds up to the margin
  for (const Reason& r : model.explain({Strings{"dog sleeps"}}, 1, 100)) margin += r.value * r.weight;
  EXPECT_NEAR(margin, model.linear().margins(model.vectorizer().transform(Strings{"dog sleeps"}))[1], 1e-6);
}

TEST(TextModel, AnswersAloneAsInABatch) {
  const TextModel model = small_model({.features = {.longest = 2, .longest_characters = 4}, .linear = {}});
  const auto all = model.predict({texts});
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto alone = model.predict({Texts(texts).subspan(i, 1)});
    for (size_t k = 0; k < 2; ++k) EXPECT_EQ(alone.row(0)[k], all.row(int64_t(i))[k]);
    EXPECT_NEAR(alone.row(0)[0] + alone.row(0)[1], 1, 1e-6);
  }
  EXPECT_EQ(model.predict({Strings{""}}).values.size(), 2u);
}

TEST(TextModel, NamesTheLabelThatCannotBeLearned) {
  const auto error = [&](const std::vector<int32_t>& y, const Strings& labels) {
    return error_of([&] { TextModel::fit_classes({texts}, y, labels, {}); });
  };
  EXPECT_THAT(error({0, 0, 0, 0, 0, 0}, {"cat"}), HasSubstr("one class only, 'cat'"));
  EXPECT_THAT(error({0, 0, 1, 1, 0, 1}, {"cat", "dog", "bird"}), HasSubstr("class 'bird' has none of the 6 texts"));
  const std::vector<std::vector<int32_t>> all(texts.size(), {0});
  EXPECT_THAT(error_of([&] { TextModel::fit_labels({texts}, all, {"cat"}, {}); }),
              HasSubstr("label 'cat' is on 6 of 6"));
}

TEST(PairFeatures, AreBothTheirDifferenceAndTheirProduct) {
  SparseMatrix u{.columns = 3}, v{.columns = 3};
  u.add(0, 1), u.add(2, 2), u.end_row();
  v.add(1, 4), v.add(2, 3), v.end_row();
  const SparseMatrix x = pair_features(u, v);
  EXPECT_EQ(x.columns, 12);
  EXPECT_THAT(x.indices, ElementsAre(0, 2, 4, 5, 6, 7, 8, 11));
  EXPECT_THAT(x.values, ElementsAre(1, 2, 4, 3, 1, 4, 1, 6));
}

TEST(TextModel, ScoresPairs) {
  const Strings first{"the cat", "the dog", "a bird", "a fish", "the cat"},
      second{"the cat", "a fish", "a bird", "the dog", "a bird"};
  const std::vector<double> y{5, 1, 5, 1, 0};
  const TextModel model = TextModel::fit_scores({first, second}, y, {.features = {}, .linear = {.C = 1000}});
  const auto answers = model.predict({first, second});
  for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(double(answers.row(int64_t(i))[0]), y[i], 0.3);
  EXPECT_EQ(model.explain({Texts(first).first(1), Texts(second).first(1)}, 0, 1).size(), 1u);
  EXPECT_THAT(error_of([&] { model.predict({first}); }), HasSubstr("trained on pairs"));
  EXPECT_THAT(error_of([&] { model.predict({first, Texts(second).first(2)}); }), HasSubstr("5 first texts, 2 second"));
}

void expect_same(const TextModel& a, const TextModel& b, const TextInput& input) {
  EXPECT_EQ(a.labels(), b.labels());
  EXPECT_EQ(a.pairs(), b.pairs());
  EXPECT_EQ(a.outcome(), b.outcome());
  EXPECT_EQ(a.predict(input).values, b.predict(input).values);
}

TEST(TextModel, IsSavedAndLoaded) {
  const TemporaryDirectory directory;
  const TextModelOptions options{.features = {.longest = 2, .longest_characters = 3, .inside_words = false},
                                 .linear = {.loss = "svm"}};
  const TextModel model = small_model(options);
  model.save(directory.file("m"));
  const TextModel again = TextModel::load(directory.file("m"));
  expect_same(model, again, {texts});
  EXPECT_EQ(again.heaviest(1, 3)[2].term, model.heaviest(1, 3)[2].term);
  const TextModel pairs = TextModel::fit_scores({texts, texts}, std::vector<double>{1, 2, 3, 4, 5, 6}, {});
  pairs.save(directory.file("p"));
  expect_same(pairs, TextModel::load(directory.file("p")), {texts, texts});
}

TEST(TextModel, DamagedFilesAreNamed) {
  const TemporaryDirectory directory;
  const std::string m = directory.file("m");
  const auto error = [&] { return error_of([&] { TextModel::load(m); }); };
  EXPECT_THAT(error(), HasSubstr("no such directory"));
  const auto damage = [&](const std::string& name, const std::string& bytes) {
    small_model().save(m);
    write_file(join_path(m, name), bytes);
    return error();
  };
  EXPECT_THAT(damage("tfidf.json", "{"), HasSubstr("tfidf.json"));
  EXPECT_THAT(damage("tfidf.json", "{\"lables\": []}"), HasSubstr("did you mean 'labels'"));
  EXPECT_THAT(damage("tfidf.json", "{\"format\": \"x\"}"), HasSubstr("format 'x'"));
  EXPECT_THAT(damage("tfidf.json", "{\"labels\": [\"a\", \"b\", \"c\"]}"), HasSubstr("'weights' is not F32"));
  EXPECT_THAT(damage("tfidf.words.txt", "the\ncat\n"), HasSubstr("not of one model, or damaged"));
  EXPECT_THAT(damage("tfidf.safetensors", "short"), HasSubstr("tfidf.safetensors"));
  small_model().save(m);
  std::string bytes = read_file(join_path(m, "tfidf.safetensors"));
  bytes[bytes.size() - 20] = char(bytes[bytes.size() - 20] ^ 1);
  EXPECT_THAT(damage("tfidf.safetensors", bytes), HasSubstr("\"weights\": damaged"));
  remove_file(join_path(m, "tfidf.words.txt"));
  EXPECT_THAT(error(), HasSubstr("tfidf.words.txt"));
}

}  // namespace
}  // namespace stemma
