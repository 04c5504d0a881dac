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
  EXPECT_THAT(run("show gru --text texts").error, HasSubstr("textcnn"));
}

}  // namespace
}  // namespace stemma
