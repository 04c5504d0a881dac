#include "stemma/base/json.h"
#include "tests/cli_test.h"

namespace stemma {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CliCompare : public CliTest {
 protected:
  CliCompare() {
    std::string table;
    for (int i = 0; i < 40; ++i)
      table += i % 2 ? str("a good film number ", i, "\tpos\n") : str("quite bad story ", i, "\tneg\n");
    write_file(file("t.tsv"), table);
    write_file(file("texts"), "the film was good\nbad bad story\n\n");
    write_file(file("r.toml"), R"(task = "classify"
train = "t.tsv"
test = "t.tsv"
encoders = ["tfidf", "bag"]
[settings]
train.epochs = 2
)");
  }
};

TEST_F(CliCompare, OneTableOnePageAndJson) {
  Outcome o = run("compare r.toml --out c --threads 1");
  ASSERT_EQ(o.status, 0) << o.error;
  EXPECT_THAT(o.out, AllOf(HasSubstr("tfidf, all examples, seed 1: accuracy 100.00"), HasSubstr("encoder  accuracy"),
                           HasSubstr("texts/s"), HasSubstr("c/compare.html")));
  EXPECT_THAT(read_file(file("c/compare.html")), HasSubstr("<section id=\"confusion\">"));
  const Json all = Json::parse(read_file(file("c/compare.json")));
  EXPECT_EQ(all["encoders"].array()[0]["score"]["mean"].number(), 1);
  EXPECT_EQ(all["threads"], Json(1));

  o = run("compare r.toml --out c --resume --json --seeds 1,2 --set encoders=tfidf");
  ASSERT_EQ(o.status, 0) << o.error;
  const auto lines = lines_in(o.out);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(Json::parse(lines[1])["cell"]["seed"], Json(2));
  EXPECT_EQ(Json::parse(lines[2])["comparison"]["encoders"].array().size(), 1u);

  EXPECT_THAT(run("compare r.toml --out c").error, HasSubstr("--resume"));
  EXPECT_THAT(run("compare r.toml --out d --data nowhere").error, AllOf(HasSubstr("t.tsv"), HasSubstr("--data")));
  EXPECT_THAT(run("compare r.toml --out d --set encoder=lstn").error, HasSubstr("encoder"));
}

TEST_F(CliCompare, ShowsWordsHeaviestFeaturesAndFilters) {
  const std::string train = "train classify --threads 1 --train t.tsv --epochs 3 --set min_count=1 --out ";
  for (const char* more : {"sparse --encoder tfidf", "cnn --encoder textcnn --set filters=4 --set embedding=8",
                           "gru --encoder gru --set hidden=8 --set embedding=8 --set pooling=attention"})
    ASSERT_EQ(run(train + more).status, 0) << more;
  Outcome o = run("show sparse");
  ASSERT_EQ(o.status, 0) << o.error;
  EXPECT_THAT(o.out, AllOf(HasSubstr("heaviest"), HasSubstr("good")));
  o = run("show cnn");
  EXPECT_THAT(o.out, AllOf(HasSubstr("of_width"), HasSubstr("training loss")));
  o = run("show cnn --text texts --html cnn.html");
  ASSERT_EQ(o.status, 0) << o.error;
  EXPECT_THAT(o.out, AllOf(HasSubstr("speaks for"), HasSubstr("3 wide")));
  EXPECT_THAT(read_file(file("cnn.html")), HasSubstr("<section id=\"filters\">"));
  o = run("show gru --input 'a good film' --html gru.html");
  ASSERT_EQ(o.status, 0) << o.error;
  EXPECT_THAT(o.out, AllOf(HasSubstr("gradient x input"), HasSubstr("attention"), HasSubstr("film")));
  const std::string page = read_file(file("gru.html"));
  EXPECT_THAT(page, AllOf(HasSubstr("<section id=\"explained\">"), Not(HasSubstr("<section id=\"filters\">"))));
  const Json json = Json::parse(run("show gru --input 'a good film' --json").out);
  double sum = 0;
  for (const auto& a : json["systems"].array()[0]["explained"].array()[0]["attention"].array())
    sum += a["weight"].number();
  EXPECT_NEAR(sum, 1, 1e-5);
  const Json wide = Json::parse(run("show gru --input '好 a good film' --json").out);
  const Json& good = wide["systems"].array()[0]["explained"].array()[0]["saliency"].array().at(2);
  EXPECT_EQ(good["text"], Json("good"));
  EXPECT_EQ(good["begin"], Json(4));  // characters
  EXPECT_EQ(good["end"], Json(8));
  EXPECT_THAT(run("show gru --text texts").error, HasSubstr("textcnn"));
}

TEST_F(CliCompare, ShowsOptionsAndBothTextsOfAPair) {
  std::string questions, pairs;
  for (int i = 0; i < 20; ++i) questions += str("what is red ", i, ",blood,grass,snow,coal,A\n");
  for (int i = 0; i < 20; ++i)
    pairs += str("a film ", i, "\t", i % 2 ? "a film" : "the rain", "\t", i % 2 ? "same" : "other", "\n");
  write_file(file("q.csv"), questions), write_file(file("p.tsv"), pairs);
  const std::string options = " --threads 1 --epochs 1 --set min_count=1 --set embedding=8 --encoder bag --out ";
  ASSERT_EQ(run("train choose --train q.csv" + options + "c").status, 0);
  ASSERT_EQ(run("train pair --train p.tsv" + options + "p").status, 0);
  Outcome o = run("show c --input '{\"question\": \"what is red\", \"options\": [\"blood\", \"snow\"]}' --html c.html");
  ASSERT_EQ(o.status, 0) << o.error;
  EXPECT_THAT(o.out, AllOf(HasSubstr("what is red\n"), HasSubstr("option"), HasSubstr("blood"), HasSubstr("snow")));
  o = run("show p --input \"$(printf 'a film\\tthe rain')\"");
  ASSERT_EQ(o.status, 0) << o.error;
  EXPECT_THAT(o.out, AllOf(HasSubstr("a film\nthe rain\n"), HasSubstr("gradient x input")));
  EXPECT_THAT(run("show p --gradients --text p.tsv").error, HasSubstr("a pair is two texts"));
  EXPECT_THAT(run("show c --gradients --text q.csv").error, HasSubstr("classify and lm"));
  EXPECT_THAT(run("show p --gradients").error, HasSubstr("--text"));
}

}  // namespace
}  // namespace stemma
