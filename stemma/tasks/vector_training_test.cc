#include "stemma/tasks/vector_training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {
namespace {

using testing::HasSubstr;

class VectorTraining : public testing::Test {
 protected:
  VectorTraining() {
    std::string text;
    for (int i = 0; i < 40'000; ++i) text += str("w", i * 7 % 13, " w", i % 5, " w", i * i % 11, " the\n");
    write_file(directory_.file("text"), text);
  }
  VectorRequest request(const std::string& out) const {
    VectorRequest r;
    r.recipe.vectors = {.dimension = 8, .window = 2, .epochs = 3};
    r.recipe.deterministic = true;
    r.corpus = {directory_.file("text")}, r.out = directory_.file(out);
    return r;
  }
  std::string model(const std::string& out) const { return read_file(join_path(directory_.file(out), "model.bin")); }
  TemporaryDirectory directory_;
  std::atomic<bool> go_ = false;
};

TEST_F(VectorTraining, StoppedAndResumedGivesTheSameFile) {
  EXPECT_TRUE(train_vectors_from_files(request("whole"), go_, {}).finished);
  auto r = request("parts");
  std::atomic<bool> stop = false;
  VectorCallbacks calls;
  calls.progress = [&](const VectorProgress&) { stop = true; };
  EXPECT_FALSE(train_vectors_from_files(r, stop, calls).finished);
  EXPECT_TRUE(exists(join_path(r.out, "checkpoint.bin")));
  EXPECT_EQ(load_vectors(r.out).dimension(), 8);  // usable on its way
  EXPECT_THAT(error_of([&] { train_vectors_from_files(r, go_, {}); }), HasSubstr("holds a model already"));
  r.resume = true;
  EXPECT_TRUE(train_vectors_from_files(r, go_, {}).finished);
  EXPECT_FALSE(exists(join_path(r.out, "checkpoint.bin")));
  EXPECT_TRUE(model("parts") == model("whole"));
  EXPECT_THAT(error_of([&] { train_vectors_from_files(r, go_, {}); }), HasSubstr("come to its end"));
}

TEST_F(VectorTraining, StopsWhileItReadsAndLeavesNothing) {
  auto r = request("run");
  r.corpus.assign(8, r.corpus[0]);  // more than a million words
  const std::atomic<bool> stop = true;
  EXPECT_THAT(error_of([&] { train_vectors_from_files(r, stop, {}); }), HasSubstr("stopped while reading"));
  EXPECT_FALSE(exists(r.out));
}

TEST_F(VectorTraining, ResumedWithOtherTextOrOptionsIsRefused) {
  auto r = request("run");
  std::atomic<bool> stop = false;
  VectorCallbacks calls;
  calls.progress = [&](const VectorProgress&) { stop = true; };
  train_vectors_from_files(r, stop, calls);
  r.resume = true, r.recipe.vectors.window = 3;
  EXPECT_THAT(error_of([&] { train_vectors_from_files(r, go_, {}); }),
              HasSubstr("vectors.window was 2 when the run began and cannot become 3: a resumed run keeps its recipe"));
  r.recipe.vectors.window = 2;
  write_file(directory_.file("text"), "other words here are here other words\n");
  EXPECT_THAT(error_of([&] { train_vectors_from_files(r, go_, {}); }), HasSubstr("not what the run"));
  r.out = directory_.file("none");
  EXPECT_THAT(error_of([&] { train_vectors_from_files(r, go_, {}); }), HasSubstr("there is no run"));
}

TEST_F(VectorTraining, GoesOnWithNewText) {
  train_vectors_from_files(request("first"), go_, {});
  std::string text;
  for (int i = 0; i < 100; ++i) text += "w1 new w2 the new\n";
  write_file(directory_.file("text"), text);
  auto r = request("second");
  r.from = directory_.file("first");
  EXPECT_TRUE(train_vectors_from_files(r, go_, {}).finished);
  const auto before = load_vectors(r.from), after = load_vectors(r.out);
  EXPECT_EQ(after.lexicon.words(), before.lexicon.words() + 1);
  EXPECT_EQ(after.lexicon.count(after.lexicon.find("new")), 200);
}

TEST_F(VectorTraining, TheLogAndThePlanSayWhatHappens) {
  auto r = request("run");
  VectorPlan plan;
  VectorCallbacks calls;
  calls.plan = [&](const VectorPlan& p) { plan = p; };
  const auto sum = train_vectors_from_files(r, go_, calls);
  EXPECT_EQ(plan.running_words, 160'000);
  EXPECT_EQ(plan.words, 14);
  EXPECT_EQ(plan.table_bytes, 2 * 14 * 8 * 4);
  EXPECT_GT(sum.words, 100'000);
  EXPECT_GT(sum.loss, 0);
  EXPECT_THAT(read_file(join_path(r.out, "training.jsonl")), HasSubstr("words_per_second"));
  EXPECT_THAT(read_file(join_path(r.out, "config.json")), HasSubstr("skipgram"));
}

TEST_F(VectorTraining, AShortTextHasASummaryToo) {
  write_file(directory_.file("text"), "a b c a b c a b c a b c a b c\n");
  auto r = request("run");
  std::vector<double> done;
  VectorCallbacks calls;
  calls.progress = [&](const VectorProgress& p) { done.push_back(p.done); };
  const auto sum = train_vectors_from_files(r, go_, calls);
  EXPECT_EQ(done, std::vector{1.0});
  EXPECT_GT(sum.words, 0);
  EXPECT_GT(sum.seconds, 0);
  EXPECT_EQ(sum.words_per_second, double(sum.words) / sum.seconds);
}

}  // namespace
}  // namespace stemma
