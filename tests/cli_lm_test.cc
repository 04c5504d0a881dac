// The commands of language models, from outside.
#include "stemma/base/json.h"
#include "tests/cli_test.h"

namespace stemma {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

class CliLanguageModel : public CliTest {
 protected:
  std::string training(const std::string& more) const {
    return str("train lm --model gru --text t.en --threads 1 --set kind=char --set width=16 --set embedding=16 ",
               "--set streams=4 --set length=10 --set rate=1e-2 --set log_every=10 ", more);
  }
  void train(const std::string& out, const std::string& more = "--steps 400 --set validate_every=200 --valid t.en") {
    const auto result = run(training(str("--out ", out, " ", more)));
    ASSERT_EQ(result.status, 0) << result.error;
  }
};

TEST_F(CliLanguageModel, trains_measures_writes_and_shows) {
  const auto trained = run(training("--out m --steps 400 --set validate_every=200 --valid t.en"));
  ASSERT_EQ(trained.status, 0) << trained.error;
  EXPECT_THAT(trained.out,
              AllOf(HasSubstr("4 streams of 10 tokens"), HasSubstr("bits_per_byte"), HasSubstr("done (steps)")));
  EXPECT_THAT(read_file(file("m/README.md")), HasSubstr("stemma generate m --prompt"));

  const Json scores = Json::parse(run("eval m --text t.en --json").out);
  EXPECT_LT(scores["perplexity"].number(), 8);
  EXPECT_EQ(scores["bytes"].integer(), file_size(file("t.en")));
  EXPECT_THAT(run("eval m --text t.en").out, HasSubstr("bits/character"));

  const auto one = run("generate m --prompt \"i s\" --length 12 --seed 3"),
             same = run("generate m --prompt \"i s\" --length 12 --seed 3");
  EXPECT_EQ(one.out, same.out);
  EXPECT_THAT(one.out, HasSubstr("i s"));
  const auto two = lines_in(run("generate m --prompt you --length 5 --samples 2 --json").out);
  ASSERT_THAT(two, SizeIs(2));
  const Json first = Json::parse(two[0]);
  ASSERT_THAT(first["tokens"].array(), SizeIs(5));
  double sum = 0;
  for (const auto& token : first["tokens"].array()) sum += token["log_p"].number();
  EXPECT_NEAR(sum, first["log_probability"].number(), 1e-4);
  EXPECT_THAT(lines_in(run("generate m --prompt you --beam 3 --line --length 40").out), SizeIs(1));

  EXPECT_THAT(run("show m").out, AllOf(HasSubstr("embed"), HasSubstr("training loss")));
  const auto surprise = run("show m --input \"i see\" --html s.html");
  EXPECT_THAT(surprise.out, AllOf(HasSubstr("bits"), HasSubstr("perplexity")));
  EXPECT_THAT(read_file(file("s.html")), HasSubstr("<section id=\"surprisal\">"));
  const auto flow = run("show m --gradients --text t.en --distance 20 --windows 4 --html g.html");
  EXPECT_THAT(flow.out, AllOf(HasSubstr("tokens back"), HasSubstr("for each token further back")));
  EXPECT_THAT(read_file(file("g.html")), HasSubstr("<section id=\"gradients\">"));
}

TEST_F(CliLanguageModel, goes_on_where_it_was) {
  train("whole", "--steps 40"), train("broken", "--steps 15"), train("broken", "--steps 40 --resume");
  EXPECT_EQ(model("whole"), model("broken"));
}

TEST_F(CliLanguageModel, refusals_are_one_line) {
  train("m", "--steps 2");
  EXPECT_THAT(refusal("predict m"), HasSubstr("no predict for m, a model of the task 'lm'"));
  EXPECT_THAT(refusal("eval m --text none"), HasSubstr("none"));
  EXPECT_THAT(refusal("show m --gradients", 2), HasSubstr("--gradients needs --text"));
  EXPECT_THAT(refusal("generate m --length 0"), HasSubstr("--length: 0 is not positive"));
  EXPECT_THAT(refusal("generate m --temperature x"), HasSubstr("--temperature"));
  EXPECT_THAT(refusal("generate m --samples 0"), HasSubstr("--samples: 0 is not positive"));
  EXPECT_THAT(refusal("generate m --beam 3 --samples 5"), HasSubstr("--samples: 5 are more than the --beam of 3"));
  EXPECT_THAT(refusal("generate m --prompt a --prompt-file t.en", 2), HasSubstr("not both"));
  EXPECT_THAT(refusal("generate none"), HasSubstr("no model at none"));
  EXPECT_THAT(refusal(training("--out n --set streams=5000")), HasSubstr("too few for 5000 streams"));
  EXPECT_THAT(refusal(training("--out new/deep/n --set streams=5000")), HasSubstr("too few for 5000 streams"));
  EXPECT_FALSE(exists(file("n")) || exists(file("new")));  // refused, it leaves nothing
  EXPECT_THAT(refusal(training("--out n --preset zaremba")), HasSubstr("unknown preset 'zaremba'"));
  EXPECT_THAT(refusal(training("--out n --set stop_on=bleu")), HasSubstr("stop_on"));
  write_file(file("empty"), "");
  EXPECT_THAT(refusal("train lm --text empty --out n"), HasSubstr("no text"));
}

}  // namespace
}  // namespace stemma
