// The program from outside: what it refuses, each with one clear line.
#include <limits>

#include "stemma/base/safetensors.h"
#include "tests/cli_test.h"

namespace stemma {
namespace {

using CliErrors = CliTest;
using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

TEST_F(CliErrors, RefusesBadText) {
  EXPECT_THAT(refusal(training("--out m --source none.de")), AllOf(StartsWith("stemma: "), HasSubstr("none.de")));
  write_file(file("short.en"), "one\ntwo\n");
  EXPECT_THAT(refusal(training("--out m --target short.en")), AllOf(HasSubstr("80 lines"), HasSubstr("short.en 2")));
  write_file(file("bad.de"), "gut\nnicht \xFF gut\n");
  EXPECT_THAT(refusal(training("--out m --source bad.de --target short.en")),
              HasSubstr("bad.de:2: not valid UTF-8 at byte 7"));
  write_file(file("empty"), "");
  EXPECT_THAT(refusal(training("--out m --source empty --target empty")), HasSubstr("empty"));
  write_file(file("long"), str("a\n", std::string(10'000'000, 'x'), "\n"));
  EXPECT_THAT(refusal(training("--out m --source long --target short.en")), HasSubstr("long: line 2 is longer than"));
  EXPECT_THAT(refusal(training("--out m --set kind=bpe --set vocabulary=5000")), HasSubstr("vocabulary 5000"));
  EXPECT_FALSE(exists(file("m/config.json")));
}

TEST_F(CliErrors, RefusesBadLinesInPrediction) {
  train("m", "--steps 2");
  EXPECT_THAT(refusal("predict m <<< $'ich\\nn\\xff'"), HasSubstr("standard input:2: not valid UTF-8 at byte 2"));
  EXPECT_EQ(lines_in(run("predict m <<< $'ich\\ndu\\nn\\xff\\ner'").out).size(), 2u);  // of the lines before it
  write_file(file("long"), std::string(10'000'000, 'x'));
  EXPECT_THAT(refusal("predict m --input long"), HasSubstr("line 1 is longer than"));
  EXPECT_THAT(refusal("predict m --input none"), HasSubstr("none"));
  const auto too_long = run("predict m --max-source 3 <<< $'ich\n\nich sehe das hund\ndu'");
  EXPECT_THAT(too_long.error, HasSubstr("standard input:3: 5 tokens are more than --max-source 3"));
  EXPECT_EQ(too_long.status, 1);
  EXPECT_EQ(lines_in(too_long.out).size(), 2u);
  EXPECT_THAT(refusal("predict m t.de", 2), HasSubstr("--input or standard input"));
  EXPECT_THAT(refusal("predict m --beam 1001"), HasSubstr("beam: 1001"));
  EXPECT_THAT(refusal("predict m --nbest 9 --beam 3"), HasSubstr("nbest: 9 is more than the beam of 3"));
  EXPECT_THAT(refusal("predict m --suppress xyz"), HasSubstr("xyz"));
  EXPECT_THAT(refusal("eval m --source t.de --target /dev/null"), HasSubstr("80 lines"));
  EXPECT_THAT(refusal("score bleu --ref t.en <<< a"), AllOf(HasSubstr("80"), HasSubstr("1")));
}

TEST_F(CliErrors, RefusesWhatItDoesNotKnowAndNamesTheNearest) {
  EXPECT_EQ(run("").status, 2);
  EXPECT_THAT(refusal("trian", 2), HasSubstr("'train'"));
  EXPECT_THAT(refusal(training("--out m --stepz 3"), 2), HasSubstr("'--steps'"));
  EXPECT_THAT(refusal("predict", 2), StartsWith("stemma predict: directory is missing: "));
  EXPECT_THAT(refusal("train", 2), StartsWith("stemma train: task is missing: what to train: translate"));
  EXPECT_THAT(refusal(training("--out m --seed -1"), 2), HasSubstr("--seed: -1"));
  EXPECT_THAT(refusal(training("--out m --threads 4294967297"), 2), HasSubstr("--threads: 4294967297"));
  EXPECT_THAT(refusal("train summarise --source a --out m", 2), HasSubstr("summarise"));
  EXPECT_THAT(refusal(training("--out m --preset transformer-smal")), HasSubstr("'transformer-small'"));
  EXPECT_THAT(refusal(training("--out m --set widht=3")), HasSubstr("'width'"));
  EXPECT_THAT(refusal(training("--out m --set width=three")), HasSubstr("expected a whole number"));
  EXPECT_THAT(refusal(training("--out m --set width=1e300")), HasSubstr("expected a whole number"));
  EXPECT_THAT(refusal(training("--out m --set max_length=100")),
              AllOf(HasSubstr("batch.max_length"), HasSubstr("decode.max_length")));
  EXPECT_THAT(refusal(training("--out m --model trasformer")), HasSubstr("'transformer'"));
  EXPECT_THAT(refusal(training("--out m --precision f31")), HasSubstr("f31"));
  EXPECT_THAT(refusal("score blue --ref t.en"), HasSubstr("'bleu'"));
  write_file(file("recipe.toml"), "[train]\nstep = 3\n");
  EXPECT_THAT(refusal(training("--out m --config recipe.toml")), AllOf(HasSubstr("recipe.toml"), HasSubstr("steps")));
}

TEST_F(CliErrors, RefusesOptionsThatCannotBeBeforeItReadsTheText) {
  for (const auto& [option, what] : {std::pair{"heads=3", "width 16 does not divide by 3 heads"},
                                     {"norm=past", "norm: unknown value 'past'"},
                                     {"tie=some", "tie: unknown value 'some'"},
                                     {"joint=false", "tie = all needs one joint vocabulary"},
                                     {"batch.tokens=0", "tokens is 0"},
                                     {"log_every=0", "log_every = 0"},
                                     {"minutes=-1", "minutes = -1"},
                                     {"optimizer=sdg", "did you mean 'sgd'"},
                                     {"decode.beam=0", "beam: 0"},
                                     {"early_stopping=3", "early_stopping needs validation"}})
    EXPECT_THAT(refusal(training(str("--out m --source none --set ", option))), HasSubstr(what));
}

TEST_F(CliErrors, RefusesDamagedModels) {
  EXPECT_THAT(refusal("predict m"), HasSubstr("no such directory"));
  train("m", "--steps 2");
  const std::string path = file("m/model.safetensors"), good = read_file(path);
  write_file(path, good.substr(0, good.size() - 100));
  EXPECT_THAT(refusal("predict m"), AllOf(HasSubstr("model.safetensors"), HasSubstr("decoder")));
  std::string damaged = good;
  damaged[damaged.size() - 5] ^= 1;
  write_file(path, damaged);
  EXPECT_THAT(refusal("predict m"), AllOf(HasSubstr("model.safetensors"), HasSubstr("decoder.0")));

  const SafetensorsFile weights(good, "good");
  auto entries = weights.entries();
  std::string first(entries[0].bytes);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::copy_n(reinterpret_cast<const char*>(&nan), 4, first.begin() + 8);
  entries[0].bytes = first;
  write_safetensors(path, entries, weights.metadata());
  EXPECT_THAT(refusal("predict m"), AllOf(HasSubstr(entries[0].name), HasSubstr("finite")));

  write_file(path, good);
  const std::string config = read_file(file("m/config.json")), name = R"("model": "transformer")";
  std::string other = config;
  write_file(file("m/config.json"), other.replace(other.find(name), name.size(), R"("model": "gru")"));
  EXPECT_THAT(refusal("predict m"), HasSubstr("m/config.json: architecture: gru: unknown"));
  write_file(file("m/config.json"), config);
  train("other", "--steps 2 --set feed_forward=64");
  ASSERT_EQ(std::system(str("cp ", file("other/model.safetensors"), " ", path).c_str()), 0);
  EXPECT_THAT(refusal("predict m"), HasSubstr("architecture"));
  remove_file(path);
  EXPECT_THAT(refusal("predict m"), HasSubstr("no weights at m/model.safetensors"));
}

TEST_F(CliErrors, AFullDiskLeavesTheOldCheckpoint) {
  train("m", "--steps 20 --set checkpoint_every=10");
  const auto before = read_file(file("m/checkpoint-last.safetensors"));
  const auto result = run(training("--out m --set checkpoint_every=10 --steps 40 --resume"), "ulimit -f 20;");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, AllOf(StartsWith("stemma: cannot write m/"), HasSubstr("too large")));
  EXPECT_TRUE(read_file(file("m/checkpoint-last.safetensors")) == before);
  train("m", "--set checkpoint_every=10 --steps 40 --resume"), train("whole", "--set checkpoint_every=10 --steps 40");
  EXPECT_TRUE(model("m") == model("whole"));
}

TEST_F(CliErrors, TooLittleMemoryIsRefusedBeforeTheStart) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer itself needs more";
#endif
  const std::string big = "--out m --steps 1 --set width=512 --set feed_forward=2048 --set encoder_layers=12";
  const auto result = run(training(big), "ulimit -v 700000;");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, AllOf(HasSubstr("choose a smaller model"), SizeIs(testing::Lt(300))));
  EXPECT_FALSE(exists(file("m/training.jsonl")));
}

TEST_F(CliErrors, RefusesToMixRuns) {
  train("m", "--steps 5");
  EXPECT_THAT(refusal(training("--out m --steps 9")), HasSubstr("--resume"));
  EXPECT_THAT(refusal(training("--out m --steps 9 --resume --set heads=4")), HasSubstr("heads was 2"));
  EXPECT_THAT(refusal(training("--out m --steps 9 --resume --deterministic")),
              HasSubstr("train.deterministic was false"));
  EXPECT_THAT(refusal(training("--out m --steps 9 --resume --model gru")), HasSubstr("transformer"));
  EXPECT_THAT(refusal(training("--out none --steps 9 --resume")), HasSubstr("nothing to resume"));
  write_file(file("t.de"), read_file(file("t.de")) + "neu\n"),
      write_file(file("t.en"), read_file(file("t.en")) + "new\n");
  EXPECT_THAT(refusal(training("--out m --steps 9 --resume")), HasSubstr("training text"));
}

TEST_F(CliErrors, ABadLineDoesNotLoseTheAnswersBeforeIt) {
  write_file(file("p.tsv"),
             "one two\tone two\tsame\nthrefive sixour\tfive six\tother\none two\tthrefive sixour\tother\nthrefive "
             "sixour\tthrefive sixour\tsame\n");
  const auto trained = run("train pair --encoder tfidf --train p.tsv --out m");
  ASSERT_EQ(trained.status, 0) << trained.error;
  write_file(file("in"), "one two\tone two\nthrefive sixour\tthrefive sixour\nno tab\none two\tone two\n");
  const auto answered = run("predict m < in");
  EXPECT_EQ(answered.status, 1);
  EXPECT_EQ(answered.out, "same\nsame\n");
  EXPECT_THAT(answered.error, HasSubstr("standard input:3: a pair is two texts with a tab between, not 'no tab'"));
  write_file(file("latin"), "one two\tone two\ncaf\xe9\tone two\none two\tone two\n");
  const auto latin = run("predict m --input latin");
  EXPECT_EQ(latin.status, 1);
  EXPECT_EQ(latin.out, "same\n");
  EXPECT_EQ(latin.error, "stemma: latin:2: not valid UTF-8 at byte 4; convert the text to UTF-8\n");
  EXPECT_THAT(refusal("predict m in", 2), HasSubstr("text comes by --input or standard input"));
  EXPECT_THAT(refusal("predict m --input p.json"), HasSubstr("p.json: inputs of this task are lines of text"));
}

}  // namespace
}  // namespace stemma
