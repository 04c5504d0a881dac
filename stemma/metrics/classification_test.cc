#include "stemma/metrics/classification.h"

#include <gtest/gtest.h>

#include "stemma/base/testing.h"
#include "stemma/metrics/class_golden_test.h"

namespace stemma {
namespace {

std::vector<std::string> names(int64_t n) {
  std::vector<std::string> out;
  for (int64_t i = 0; i < n; ++i) out.push_back(str("label ", i));
  return out;
}

TEST(Classification, is_scikit_learns) {
  for (const Json& it : label_golden()["classification"].array()) {
    const auto y = as<std::vector<int32_t>>(it["targets"]), z = as<std::vector<int32_t>>(it["predictions"]);
    const auto found = score_classification(y, z, names(it["labels"].integer()));
    EXPECT_EQ(found.documents, int64_t(y.size()));
    expect_equal(found.accuracy, it["accuracy"].number(), "accuracy");
    expect_equal(found.mcc, it["mcc"].number(), "mcc");
    EXPECT_EQ(to_json(found)["confusion"], it["confusion"]);
    expect_scores(found.scores, it, "classification");
    const auto occurring = as<std::vector<int64_t>>(it["occurring"]);
    ASSERT_EQ(found.scores.classes.size(), occurring.size());
    for (size_t i = 0; i < occurring.size(); ++i) EXPECT_EQ(found.scores.classes[i].label, str("label ", occurring[i]));
  }
}

TEST(Classification, of_many_labels_is_scikit_learns) {
  for (const Json& it : label_golden()["many_labels"].array()) {
    using Sets = std::vector<std::vector<int32_t>>;
    const auto found =
        score_many_labels(as<Sets>(it["targets"]), as<Sets>(it["predictions"]), names(it["labels"].integer()));
    expect_equal(found.exact_match, it["exact_match"].number(), "exact match");
    expect_equal(found.hamming_loss, it["hamming_loss"].number(), "hamming loss");
    expect_scores(found.scores, it, "many labels");
  }
  const auto twice = score_many_labels({{0, 0}}, {{0}}, names(2));  // a label named twice counts once
  EXPECT_EQ(twice.exact_match, 1);
  EXPECT_EQ(twice.scores.micro.support, 1);
}

TEST(Classification, calibration_is_scikit_learns) {
  for (const Json& it : label_golden()["classification"].array()) {
    const auto p = as<std::vector<float>>(it["probabilities"]);
    const auto found = calibration(as<std::vector<int32_t>>(it["targets"]), p, 10);
    expect_equal(found.log_loss, it["log_loss"].number(), "log loss");
    expect_equal(found.expected_error, it["expected_error"].number(), "expected error");
    const auto documents = as<std::vector<int64_t>>(it["bins"]["documents"]);
    size_t full = 0;  // scikit-learn leaves out empty bins
    double greatest = 0;
    for (size_t b = 0; b < 10; ++b) {
      const auto& bin = found.bins[b];
      EXPECT_EQ(bin.documents, documents[b]);
      if (bin.documents == 0) continue;
      const double accuracy = it["bins"]["accuracy"].array()[full].number(),
                   confidence = it["bins"]["confidence"].array()[full].number();
      expect_equal(bin.accuracy, accuracy, "accuracy of a bin");
      expect_equal(bin.confidence, confidence, "confidence of a bin");
      greatest = std::max(greatest, std::abs(accuracy - confidence));
      ++full;
    }
    expect_equal(found.greatest_error, greatest, "greatest error");
  }
}

TEST(Classification, of_nothing_is_nothing) {
  const auto found = score_classification({}, {}, names(2));
  EXPECT_EQ(found.accuracy, 0);
  EXPECT_EQ(found.mcc, 0);
  EXPECT_EQ(found.scores.macro.f1, 0);
  EXPECT_EQ(score_many_labels({}, {}, names(2)).exact_match, 0);
  EXPECT_EQ(calibration({}, {}).expected_error, 0);
}

TEST(Classification, errors_name_the_document) {
  EXPECT_EQ(error_of([] { score_classification({0}, {}, names(1)); }), "classification: 0 predictions for 1 documents");
  EXPECT_EQ(error_of([] { score_classification({0, 3}, {0, 0}, names(3)); }), "document 2: label number 3 of 3");
  EXPECT_EQ(error_of([] { score_many_labels({{0}}, {{-1}}, names(3)); }), "document 1: label number -1 of 3");
  const std::vector<float> p{0.5f, 1.5f, 0.f};
  EXPECT_EQ(error_of([&] { calibration({0, 1}, p); }), "calibration: 3 probabilities for 2 documents, 15 bins");
  EXPECT_EQ(error_of([&] { calibration({0}, p); }), "document 1: probability 1.5 is outside [0, 1]");
}

}  // namespace
}  // namespace stemma
