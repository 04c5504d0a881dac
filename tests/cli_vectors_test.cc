// The program from outside: stemma train vectors and every verb of stemma vectors, and what they refuse.
#include "stemma/base/json.h"
#include "stemma/base/random.h"
#include "tests/cli_test.h"

namespace stemma {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CliVectors : public CliTest {
 protected:
  CliVectors() {
    static const std::vector<std::string> topics[] = {{"cat", "dog", "horse", "cow", "sheep", "goat"},
                                                      {"hammer", "saw", "drill", "nail", "screw", "wrench"}};
    Random rng{3};
    std::string text;
    for (int i = 0; i < 800; ++i) {
      const auto& topic = topics[rng.below(2)];
      for (int n = 0; n < 8; ++n) text += (n % 3 == 2 ? "the" : topic[rng.below(6)]) + " ";
      text += "\n";
    }
    write_file(file("text"), text);
    std::string many;  // enough n-grams to quantise
    for (int i = 0; i < 400; ++i) many += str("w", i, "a w", i * 7 % 400, "b w", i * 3 % 400, "a\n");
    write_file(file("many"), many);
  }
  std::string training(const std::string& more) const {
    return "train vectors --threads 1 --dimension 12 --window 3 --epochs 8 --rate 0.1 --subsample 0 --corpus text " +
           more;
  }
  std::string answer(const std::string& arguments) const {
    const auto result = run(arguments);
    EXPECT_EQ(result.status, 0) << arguments << "\n" << result.error;
    return result.out;
  }
  Json json(const std::string& arguments) const { return Json::parse(answer(arguments + " --json"), arguments); }
  void make(const std::string& out, const std::string& more = "") const {
    answer(training("--out " + out + " " + more));
  }
};

TEST_F(CliVectors, EveryVerbAnswers) {
  make("v", "--model cbow");
  const auto animal = AnyOf("cat", "dog", "horse", "cow", "sheep", "goat");
  const auto nearest = json("vectors nearest v cat --top 3");
  EXPECT_EQ(nearest["word"].text(), "cat");
  ASSERT_EQ(nearest["nearest"].array().size(), 3);
  EXPECT_THAT(nearest["nearest"].array()[0]["word"].text(), animal);
  EXPECT_THAT(answer("vectors nearest v <<< $'cat\\n\\nsaw'"), AllOf(HasSubstr("cat"), HasSubstr("saw")));
  const auto one_unknown = run("vectors nearest v <<< $'catt\\nsaw'");  // does not end the rest
  EXPECT_EQ(one_unknown.status, 1);
  EXPECT_THAT(one_unknown.error, HasSubstr("did you mean 'cat'?"));
  EXPECT_THAT(one_unknown.out, HasSubstr("drill"));
  for (const char* how : {"", " --multiply"})
    EXPECT_EQ(json(str("vectors analogy v cat dog saw --top 2", how)).array().size(), 2);
  EXPECT_GT(json("vectors similarity v cat dog")["cosine"].number(),
            json("vectors similarity v cat saw")["cosine"].number());
  EXPECT_EQ(answer("vectors odd v cat dog saw horse"), "saw\n");
  write_file(file("pairs"), "cat dog 9\ncat saw 1\nhammer nail 8\nhammer cow 2\ncat zebra 5\n");
  write_file(file("questions"), ": same\ncat dog cow goat\ncat dog zebra goat\n");
  const auto eval = json("vectors eval v pairs questions");
  EXPECT_GT(eval.array()[0]["similarity"]["spearman"].number(), 0.5);
  EXPECT_EQ(eval.array()[0]["similarity"]["known"].number(), 4);
  EXPECT_EQ(eval.array()[1]["sections"].array()[0]["asked"].number(), 1);
  EXPECT_EQ(eval.array()[1]["sums"].array()[0]["questions"].number(), 2);  // of all sections
  EXPECT_THAT(answer("vectors eval v pairs questions"), AllOf(HasSubstr("4/5"), HasSubstr("same"), HasSubstr("all")));
  for (const char* method : {"pca", "tsne"}) {
    answer(str("vectors map v --method ", method, " --out map.html"));
    EXPECT_THAT(read_file(file("map.html")), AllOf(HasSubstr("hammer"), HasSubstr("sheep")));
  }
  answer("vectors map v cat saw --only --out two.html");
  EXPECT_THAT(read_file(file("two.html")), AllOf(HasSubstr("\"cat\""), HasSubstr("2 of 13 words")));
}

TEST_F(CliVectors, FilesGoRound) {
  make("v");
  for (const char* format : {"text", "binary", "glove", "fasttext"}) {
    EXPECT_EQ(json(str("vectors convert v file --format ", format))["words"].number(), 13);
    EXPECT_EQ(answer("vectors nearest file cat"), answer("vectors nearest v cat")) << format;
  }
  make("sub", "--corpus many --ngrams 2-3 --buckets 3000 --min-count 1");
  EXPECT_THAT(answer("vectors quantize sub sub.ftz --bytes 30000"), HasSubstr("sub.ftz: "));
  EXPECT_LE(file_size(file("sub.ftz")), 30000);
  EXPECT_THAT(answer("vectors nearest sub.ftz catdog"), HasSubstr("catdog"));  // a word of no text
  const std::string classifier = STEMMA_SOURCE_DIR "/tests/golden/vectors/softmax.bin";
  EXPECT_THAT(answer("vectors labels " + classifier + " <<< 'the cat'"), StartsWith("__label__animals 0."));
  const auto labels = json("vectors labels " + classifier + " --top 3 <<< 'a hammer'");
  EXPECT_EQ(labels.array().size(), 3);
  EXPECT_EQ(labels.array()[0]["label"].text(), "__label__tools");
}

TEST_F(CliVectors, TrainsFromAnySource) {
  const std::string options = "--deterministic --out ";
  answer(training(options + "plain"));
  const auto same = read_file(file("plain/model.bin"));
  const std::string rest = training("").substr(0, training("").find("--corpus"));
  EXPECT_EQ(run(rest + "--corpus - " + options + "piped < text").status, 0);
  EXPECT_EQ(run(rest + "--corpus text.gz " + options + "zipped", "gzip -k text;").status, 0);
  EXPECT_EQ(run(rest + "--threads 3 --corpus text " + options + "three").status, 0);  // the last one counts
  EXPECT_TRUE(read_file(file("three/model.bin")) == same);
  EXPECT_TRUE(read_file(file("piped/model.bin")) == same);
  EXPECT_TRUE(read_file(file("zipped/model.bin")) == same);
  write_file(file("more"), "cat zebra cat zebra cat zebra cat zebra cat zebra dog\n");
  EXPECT_EQ(run(rest + "--corpus more --from plain --out grown").status, 0);
  EXPECT_NEAR(json("vectors similarity grown zebra zebra")["cosine"].number(), 1, 1e-6);
  EXPECT_THAT(answer(training("--out hinted")), HasSubstr("a short text: --epochs 100"));
  const auto lines = lines_in(answer(training("--json --out told")));
  EXPECT_GT(Json::parse(lines.front(), "plan")["plan"]["running_words"].number(), 6'000);
  EXPECT_TRUE(Json::parse(lines.back(), "summary")["summary"]["finished"].boolean());
}

TEST_F(CliVectors, TrainingRefuses) {
  write_file(file("short"), "too few words here\n"), write_file(file("empty"), "");
  write_file(file("one"), "word word word word word word\n"), write_file(file("bad"), "good\nbad \xFF word\n");
  const std::string rest = "train vectors --threads 1 --out m --corpus ";
  for (const auto& [arguments, what] : {std::pair{"short", "no word is there 5 times"},
                                        {"one", "one word alone is there 5 times"},
                                        {"empty", "empty holds no word"},
                                        {"none", "none"},
                                        {"bad", "bad:2: not valid UTF-8"},
                                        {"text --from none", "none"},
                                        {"text --dimension 0", "dimension: 0 is not between"},
                                        {"text --window 0", "window: 0"},
                                        {"text --subsample 2", "subsample: 2"},
                                        {"text --rate -1", "rate: -1"},
                                        {"text --model skipgran", "'skipgram'"},
                                        {"text --model supervised", "supervised needs labels"},
                                        {"text --loss softmax", "for classifiers"},
                                        {"text --loss negative", "'negatives'"},
                                        {"text --loss hs", "unknown value 'hs' (known: negatives, tree)"},
                                        {"text --ngrams 6-3", "min_ngram: 6"},
                                        {"text --words space", "'spaces'"},
                                        {"text --resume", "there is no run in m"}}) {
    EXPECT_THAT(refusal(rest + arguments), AllOf(StartsWith("stemma: "), HasSubstr(what))) << arguments;
    EXPECT_FALSE(exists(file("m"))) << arguments;  // nothing is left behind
  }
  EXPECT_EQ(run("train vectors --corpus short --out new/deep/m", "mkdir here;").status, 1);
  EXPECT_FALSE(exists(file("new")));
  EXPECT_EQ(run("train vectors --corpus short --out here/m").status, 1);
  EXPECT_FALSE(exists(file("here/m")));
  EXPECT_TRUE(exists(file("here")));  // was there before
  for (const auto& [arguments, what] : {std::pair{"text --ngrams three", "--ngrams wants lengths"},
                                        {"text --phrases 11", "--phrases"},
                                        {"text --most-words 9", "--most-words"},
                                        {"text --epochs -1", "--epochs: -1"},
                                        {"text --save-minutes -1", "--save-minutes: -1 is negative"},
                                        {"text --dimention 9", "'--dimension'"}})
    EXPECT_THAT(refusal(rest + arguments, 2), HasSubstr(what));
  make("v");
  EXPECT_THAT(refusal(training("--out v")), HasSubstr("v holds a model already"));
  EXPECT_THAT(refusal(training("--out v --resume")), HasSubstr("come to its end"));
  EXPECT_THAT(refusal("train vectors --corpus text --from v --out w"), HasSubstr("have dimension 12, not 100"));
}

TEST_F(CliVectors, VerbsRefuse) {
  make("v");
  for (const auto& [arguments, what] :
       {std::pair{"nearest v catt", "do not know the word 'catt' (did you mean 'cat'?)"},
        {"nearest none cat", "none"},
        {"similarity v cat zzz", "'zzz'"},
        {"eval v none", "none"},
        {"map v cat --only --out m.html", "two words or more"},
        {"map v lynx --out m.html", "'lynx'"},
        {"convert v out --format txt", "'text'"},
        {"quantize v out", "at least 256 rows"},
        {"labels v <<< text", "no labels"}})
    EXPECT_THAT(refusal(str("vectors ", arguments)), HasSubstr(what)) << arguments;
  for (const auto& [arguments, what] : {std::pair{"nearst v cat", "'nearest'"},
                                        {"", "a verb is missing"},
                                        {"nearest", "file is missing"},
                                        {"nearest v cat --top 0", "--top: 0"},
                                        {"analogy v cat dog", "three words, not 2"},
                                        {"similarity v cat", "two words, not 1"},
                                        {"map v --method mds --out m.html", "'mds'"},
                                        {"map v --top 5001 --out m.html", "--top"},
                                        {"eval v text --among -1", "--among: -1 is negative"},
                                        {"odd v cat dog saw --threads 9999", "--threads: 9999"},
                                        {"similarity v cat dog --threads 9999", "--threads: 9999"},
                                        {"quantize v out --piece 0", "--piece"}})
    EXPECT_THAT(refusal(str("vectors ", arguments), 2), HasSubstr(what)) << arguments;
  EXPECT_THAT(refusal("vectors odd v cat dog"), HasSubstr("three words or more"));
  write_file(file("mixed"), "cat dog 9\ncat saw one\n");
  EXPECT_THAT(refusal("vectors eval v mixed"), HasSubstr("mixed:2"));
}

TEST_F(CliVectors, DamagedFilesAreRefusedInOneLine) {
  make("v");
  for (const char* format : {"text", "binary", "fasttext"}) {
    answer(str("vectors convert v whole --format ", format));
    const auto whole = read_file(file("whole"));
    write_file(file("cut"), whole.substr(0, whole.size() * 2 / 3));
    EXPECT_THAT(refusal("vectors nearest cut cat"), AllOf(StartsWith("stemma: cut"), Not(HasSubstr("abort"))))
        << format;
  }
  write_file(file("ragged"), "2 3\ncat 1 2 3\ndog 1 2\n");
  EXPECT_THAT(refusal("vectors nearest ragged cat"), HasSubstr("ragged:3: 'dog' is not number 1 of 3"));
  write_file(file("promise"), "3 2\ncat 1 2\ndog 1 2\n");
  EXPECT_THAT(refusal("vectors nearest promise cat"), HasSubstr("promises 3 vectors, there are 2"));
  write_file(file("empty"), "");
  EXPECT_THAT(refusal("vectors nearest empty cat"), HasSubstr("empty is empty"));
}

}  // namespace
}  // namespace stemma
