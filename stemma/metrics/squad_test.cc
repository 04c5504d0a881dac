// SQuAD and CMRC against their definitions in Python, by tools/golden/answers.py.
#include "stemma/metrics/squad.h"

#include <gtest/gtest.h>

#include "stemma/base/testing.h"
#include "stemma/metrics/golden_test.h"
#include "stemma/metrics/treebank.h"
#include "stemma/metrics/unicode.h"

namespace stemma {
namespace {

const Json& answers_golden() {
  static const Json json = [] {
    const std::string path = STEMMA_SOURCE_DIR "/tests/golden/answers.json";
    return Json::parse(read_file(path), path);
  }();
  return json;
}
Answered answered(const Json& row) {
  const auto& cells = row.array();
  return {cells[0].text(), as<Lines>(cells[1]), cells.size() > 2 ? cells[2].number() : 0};
}
std::vector<Answered> questions(std::string_view key) {
  std::vector<Answered> out;
  for (const auto& row : answers_golden()[key].array()) out.push_back(answered(row));
  return out;
}
std::vector<Answered> answerable() {
  std::vector<Answered> out;
  for (const auto& q : questions("questions"))
    if (!q.answers.empty()) out.push_back(q);
  return out;
}
void expect_equal(const AnswerScore& found, const Json& wanted, const std::string& what, const char* prefix = "") {
  expect_equal(found.exact, wanted[str(prefix, "exact")].number(), what + ", exact");
  expect_equal(found.f1, wanted[str(prefix, "f1")].number(), what + ", F1");
}

TEST(Squad, answers_are_normalised_as_officially) {
  const auto all = questions("questions");
  for (size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(normalized_answer(all[i].prediction), answers_golden()["normalized"].array()[i].text()) << i;
}

TEST(Squad, version_1_is_the_official_score) {
  const auto all = answerable();
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& wanted = answers_golden()["squad1_each"].array()[i].array();
    const auto found = squad1_score({all[i]});
    expect_equal(found.exact, 100 * wanted[0].number(), all[i].prediction + ", exact");
    expect_equal(found.f1, 100 * wanted[1].number(), all[i].prediction + ", F1");
  }
  expect_equal(squad1_score(all), answers_golden()["squad1"], "all");
}

TEST(Squad, version_2_is_the_official_score) {
  const auto all = questions("questions");
  for (size_t i = 0; i < all.size(); ++i) {
    const auto found = squad2_score({all[i]});
    const auto& each = answers_golden()["squad2_each"].array();
    expect_equal(found.all.exact, 100 * each[0].array()[i].number(), all[i].prediction + ", exact");
    expect_equal(found.all.f1, 100 * each[1].array()[i].number(), all[i].prediction + ", F1");
  }
  for (const auto& [threshold, wanted] : answers_golden()["squad2"].object()) {
    const auto found = squad2_score(all, threshold == "1.0" ? 1 : 0.3);
    expect_equal(found.all, wanted, threshold);
    expect_equal(found.with_answer, wanted, threshold, "HasAns_");
    expect_equal(found.without_answer, wanted, threshold, "NoAns_");
    EXPECT_EQ(found.all.questions, wanted["total"].integer());
    EXPECT_EQ(found.with_answer.questions, wanted["HasAns_total"].integer());
    expect_equal(found.best_exact, wanted["best_exact"].number(), "best exact");
    expect_equal(found.best_f1, wanted["best_f1"].number(), "best F1");
    expect_equal(found.best_exact_threshold, wanted["best_exact_thresh"].number(), "threshold of exact");
    expect_equal(found.best_f1_threshold, wanted["best_f1_thresh"].number(), "threshold of F1");
  }
}

TEST(Squad, pairs_have_a_score_of_their_own) {
  EXPECT_EQ(squad_exact("The cat.", "cat"), 1);
  EXPECT_DOUBLE_EQ(squad_f1("one two", "two three"), 0.5);
  EXPECT_EQ(squad_f1("", "the"), 1);
  EXPECT_EQ(squad_f1("", "the", 1), 0);
}

TEST(Squad, of_nothing_is_nothing_and_errors_name_the_question) {
  EXPECT_EQ(squad2_score({}).all.f1, 0);
  EXPECT_EQ(squad1_score({}).questions, 0);
  EXPECT_EQ(error_of([] { squad1_score({{"x", {"x"}}, {"x", {}}}); }), "question 2 has no answer to be compared with");
  EXPECT_EQ(error_of([] { cmrc_score({{"x", {}}}); }), "question 1 has no answer to be compared with");
}

TEST(Cmrc, is_the_official_score) {
  const auto all = questions("chinese");
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& wanted = answers_golden()["cmrc_each"].array()[i].array();
    const auto found = cmrc_score({all[i]});
    expect_equal(found.exact, 100 * wanted[0].number(), all[i].prediction + ", exact");
    expect_equal(found.f1, 100 * wanted[1].number(), all[i].prediction + ", F1");
  }
  expect_equal(cmrc_score(all), answers_golden()["cmrc"], "all");
}

TEST(Treebank, words_are_nltks) {
  for (const auto& row : answers_golden()["sentences"].array()) {
    Lines found;
    for (const auto& word : treebank_words(to_code_points(row.array()[0].text()))) found.push_back(to_utf8(word));
    EXPECT_EQ(found, as<Lines>(row.array()[1])) << row.array()[0].text();
  }
}

}  // namespace
}  // namespace stemma
