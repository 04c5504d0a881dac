// Golden numbers of scikit-learn and seqeval, by tools/golden/labels.py, for the tests of this room.
#pragma once
#include "stemma/metrics/class_score.h"
#include "stemma/metrics/golden_test.h"

namespace stemma {
namespace {

inline const Json& label_golden() {
  static const Json json = [] {
    const std::string path = STEMMA_SOURCE_DIR "/tests/golden/labels.json";
    return Json::parse(read_file(path), path);
  }();
  return json;
}

inline void expect_score(const ClassScore& found, const Json& wanted, const std::string& what) {
  expect_equal(found.precision, wanted.array()[0].number(), what + ", precision");
  expect_equal(found.recall, wanted.array()[1].number(), what + ", recall");
  expect_equal(found.f1, wanted.array()[2].number(), what + ", F1");
}
// "classes": P, R, F1 and support of each; "averages": P, R, F1 of micro, macro, weighted.
inline void expect_scores(const ClassScores& found, const Json& wanted, const std::string& what) {
  const auto& classes = wanted["classes"].array();
  ASSERT_EQ(found.classes.size(), classes.size()) << what;
  for (size_t i = 0; i < classes.size(); ++i) {
    expect_score(found.classes[i], classes[i], str(what, ", ", found.classes[i].label));
    EXPECT_EQ(double(found.classes[i].support), classes[i].array()[3].number()) << what;
  }
  const auto& averages = wanted["averages"].array();
  expect_score(found.micro, averages[0], what + ", micro");
  expect_score(found.macro, averages[1], what + ", macro");
  expect_score(found.weighted, averages[2], what + ", weighted");
}

}  // namespace
}  // namespace stemma
