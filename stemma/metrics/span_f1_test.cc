#include "stemma/metrics/span_f1.h"

#include <gtest/gtest.h>

#include "stemma/base/testing.h"
#include "stemma/metrics/class_golden_test.h"

namespace stemma {
namespace {

using Labels = std::vector<std::string>;

TEST(SpanF1, is_seqevals) {
  int scored = 0, errors = 0;
  for (const Json& it : label_golden()["spans"].array()) {
    const auto y = as<LabelSequences>(it["targets"]), z = as<LabelSequences>(it["predictions"]);
    for (const auto& [name, wanted] : it["schemes"].object()) {
      const std::string what = str(it["name"], " under ", name);
      const SpanScheme scheme = span_scheme(name);
      if (wanted.is_string()) {
        EXPECT_THROW(score_spans(y, z, scheme), Error) << what;
        ++errors;
        continue;
      }
      const auto found = score_spans(y, z, scheme);
      expect_scores(found.scores, wanted, what);
      expect_equal(found.token_accuracy, it["token_accuracy"].number(), what + ", accuracy");
      ++scored;
    }
  }
  EXPECT_GT(scored, 30);
  EXPECT_GT(errors, 30);
}

TEST(SpanF1, illegal_places_are_counted) {
  const LabelSequences bio{{"O", "B-X", "I-X"}}, broken{{"I-X", "I-X", "I-Y"}};
  const auto found = score_spans(bio, broken);
  EXPECT_EQ(found.illegal_targets, 0);
  EXPECT_EQ(found.illegal_predictions, 2);
  const LabelSequences whole{{"B-X", "E-X", "S-X"}}, open{{"B-X", "O", "B-X"}};
  EXPECT_EQ(score_spans(whole, open).illegal_predictions, 2);  // an O in a span, no E at the end
  EXPECT_EQ(score_spans({{"NOUN"}}, {{"I-X"}}).illegal_predictions, 0);
}

TEST(SpanF1, spans_are_listed) {
  const std::vector<TaggedSpan> wanted{{"X", 0, 1}, {"Y", 2, 2}};
  EXPECT_EQ(tagged_spans(Labels{"I-X", "I-X", "I-Y", "O"}), wanted);
  EXPECT_EQ(tagged_spans(Labels{"B-X", "I-X", "B-Y", "O"}, SpanScheme::iob2), wanted);
  EXPECT_TRUE(tagged_spans({}).empty());
}

TEST(SpanF1, of_nothing_is_nothing) {
  const auto found = score_spans({}, {});
  EXPECT_EQ(found.token_accuracy, 0);
  EXPECT_EQ(found.scores.micro.f1, 0);
}

TEST(SpanF1, errors_say_what_and_where) {
  EXPECT_EQ(error_of([] { score_spans({{"O"}}, {}); }), "spans: 0 predictions for 1 sequences");
  EXPECT_EQ(error_of([] {
              score_spans({{"O"}, {"O", "O"}}, {{"O"}, {"O"}});
            }),
            "sequence 2: 1 labels predicted for 2 tokens");
  EXPECT_EQ(error_of([] { tagged_spans({"O", ""}); }), "the label of token 2 is empty");
  EXPECT_EQ(error_of([] { tagged_spans({"E-X"}, SpanScheme::iob2); }),
            "label 'E-X' does not begin with one of IOB, the prefixes of iob2");
  EXPECT_EQ(error_of([] { span_scheme("iob3"); }), "spans: there is no scheme 'iob3' (did you mean 'iob1'?)");
}

}  // namespace
}  // namespace stemma
