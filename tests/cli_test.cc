// The program from outside: what a user types and what it prints.
#include "tests/cli_test.h"

#include <signal.h>

#include <chrono>
#include <thread>

#include "stemma/base/json.h"
#include "stemma/base/safetensors.h"

namespace stemma {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::SizeIs;
using testing::StartsWith;

// ---- what it does --------------------------------------------------------------------------------------------------
TEST_F(CliTest, TrainsAndSaysWhatItDoes) {
  const auto result =
      run(training("--out m --steps 150 --valid-source t.de --valid-target t.en --set validate_every=50"));
  ASSERT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.out, AllOf(HasSubstr("80 pairs"), HasSubstr("\nparameters "), HasSubstr("\nstep 50 "),
                                HasSubstr("\nstep 150 "), HasSubstr("the model is in m")));
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.vocab", "training.jsonl"})
    EXPECT_TRUE(exists(file(str("m/", name)))) << name;
  EXPECT_THAT(read_file(file("m/README.md")),
              AllOf(HasSubstr("stemma train translate --source t.de"), HasSubstr("| text | 80 pairs, "),
                    HasSubstr("| validation BLEU, greedy | ")));
  const auto log = lines_in(read_file(file("m/training.jsonl")));
  EXPECT_THAT(log, SizeIs(15));
  for (const char* key : {"loss", "perplexity", "grad_norm", "tokens_per_second", "memory"})
    EXPECT_TRUE(Json::parse(log[0]).find(key)) << key;
}

TEST_F(CliTest, TrainsAsJsonFromOneTableWithARecipe) {
  write_file(file("recipe.toml"),
             "[train]\nsteps = 20\nvalidate_every = 10\n[architecture]\nattention = \"additive\"\n");
  ASSERT_EQ(std::system(str("cd ", directory_.path(), " && paste t.de t.en | gzip > t.tsv.gz").c_str()), 0);
  const auto result =
      run("train translate --model gru --source t.tsv.gz --valid-source t.tsv.gz --out m --config "
          "recipe.toml --set embedding=8 --set architecture.width=8 --set encoder_width=8 --set "
          "kind=word --threads 1 --precision f32 --seed 7 --json");
  ASSERT_EQ(result.status, 0) << result.error;
  const auto out = lines_in(result.out);
  ASSERT_THAT(out, SizeIs(5));
  EXPECT_EQ(Json::parse(out[1])["plan"]["precision"], Json("f32"));
  EXPECT_EQ(Json::parse(out[2])["step"], Json(10));
  EXPECT_EQ(Json::parse(out[4])["summary"]["reason"], Json("steps"));
  const Json config = Json::parse(read_file(file("m/config.json")));
  EXPECT_EQ(config["model"], Json("gru"));
  EXPECT_EQ(config["architecture"]["attention"], Json("additive"));
  EXPECT_EQ(config["train"]["seed"], Json(7));
}

TEST_F(CliTest, PredictsLineByLineAloneAndTogether) {
  train("m");
  write_file(file("in"), "ich sehe das hund\n\nwir kaufe das auto\ndu\ner mag das buch unbekannt\n");
  const auto together = run("predict m --threads 1 < in");
  ASSERT_EQ(together.status, 0) << together.error;
  const auto lines = lines_in(together.out);
  ASSERT_THAT(lines, SizeIs(5));
  EXPECT_EQ(lines[1], "");
  EXPECT_EQ(run("predict m --threads 1 --chunk 1 --input in").out, together.out);
  EXPECT_EQ(run("predict m m --threads 1 < in").out, together.out);  // an ensemble with itself
  const auto greedy = lines_in(run("predict m --beam 1 --deterministic < in").out);
  EXPECT_EQ(greedy.at(0), "i see the dog");
  EXPECT_EQ(greedy.at(2), "we buy the car");
  EXPECT_EQ(run("predict m < /dev/null").out, "");
}

TEST_F(CliTest, PredictsNBestAsTextAndJson) {
  train("m");
  const auto text = lines_in(run("predict m --nbest 3 <<< $'ich sehe das hund\\ner mag das buch'").out);
  ASSERT_THAT(text, SizeIs(6));
  EXPECT_THAT(text[0], MatchesRegex("0 \\|\\|\\| .* \\|\\|\\| -[0-9.]+"));
  EXPECT_THAT(text[3], StartsWith("1 ||| "));
  const Json json = Json::parse(run("predict m --nbest 3 --json <<< 'ich sehe das hund'").out);
  EXPECT_THAT(json["nbest"].array(), SizeIs(3));
  EXPECT_EQ(json["nbest"].array()[0]["text"], json["text"]);
  EXPECT_EQ(str("0 ||| ", json["text"].text(), " ||| ", json["score"].number()), text[0]);
  EXPECT_LE(json["log_probability"].number(), json["score"].number());
}

TEST_F(CliTest, PredictsByTheRules) {
  train("m");
  const auto says = [&](const std::string& options) {
    return run(str("predict m --beam 1 ", options, " <<< 'ich sehe das hund'")).out;
  };
  EXPECT_THAT(says("--prefix 'we like'"), StartsWith("we like"));
  EXPECT_THAT(says("--suppress dog"), Not(HasSubstr("dog")));
  EXPECT_THAT(says("--allow cat --allow we --min-length 3 --max-length 3"), MatchesRegex("((cat|we) ?){3}\n"));
  EXPECT_EQ(says("--max-length 2"), "i see\n");
  EXPECT_EQ(says("--sample --seed 5 --temperature 3"), says("--sample --seed 5 --temperature 3"));
  EXPECT_EQ(says("--sample --top-k 1"), says(""));
  EXPECT_THAT(lines_in(says("--sample --nbest 4 --temperature 2 --top-p 0.9 --min-p 0.001")), SizeIs(4));
  EXPECT_THAT(lines_in(run("predict m --groups 2 --beam 4 --nbest 2 <<< du").out), SizeIs(2));
}

TEST_F(CliTest, Evaluates) {
  train("m");
  const Json e = Json::parse(run("eval m --source t.de --target t.en --beam 1 --hypotheses h --json").out);
  EXPECT_GT(e["bleu"].number(), 90);
  EXPECT_THAT(e["bleu_signature"].text(), HasSubstr("tok:13a"));
  EXPECT_LT(e["perplexity"].number(), 2);
  EXPECT_EQ(e["by_length"].array().at(0)["sentences"], Json(80));
  const Json s = Json::parse(run("score bleu --ref t.en --json < h").out);
  EXPECT_EQ(s["score"], e["bleu"]);
  EXPECT_EQ(s["signature"], e["bleu_signature"]);
  const auto text = run("eval m --source t.de --target t.en --compare m").out;
  EXPECT_THAT(text, AllOf(HasSubstr("chrF"), HasSubstr("1.0000")));
}

TEST_F(CliTest, Scores) {
  write_file(file("zh"), "我是一个学生。\n你好\n");
  EXPECT_THAT(run("score bleu --ref zh --tokenize zh < zh").out, AllOf(StartsWith("BLEU|"), HasSubstr("tok:zh")));
  EXPECT_EQ(Json::parse(run("score chrf --ref t.de --ref t.en --json < t.en").out)["score"], Json(100.0));
  EXPECT_EQ(Json::parse(run("score ter --ref t.en --json < t.en").out)["score"], Json(0.0));
  const Json pair = Json::parse(run("score bleu --ref t.en --hyp t.de --hyp t.en --json").out);
  EXPECT_LT(pair["p_value"].number(), 0.01);
}

TEST_F(CliTest, ShowsAndTraces) {
  train("m");
  const auto log = read_file(file("m/training.jsonl"));
  write_file(file("m/training.jsonl"), log + R"({"step": 151, "lo)");  // as a killed run leaves it
  EXPECT_THAT(run("show m").out, AllOf(HasSubstr("transformer"), HasSubstr("├ encoder"), HasSubstr("validation loss")));
  EXPECT_THAT(run("show m --input 'ich sehe das hund' --all").out, HasSubstr("decoder.layers.0.cross, head 1"));
  EXPECT_EQ(run("show m --input 'ich sehe das hund' --html a.html").status, 0);
  EXPECT_THAT(read_file(file("a.html")), HasSubstr("cross"));
  make_directories(file("other"));
  write_file(file("other/training.jsonl"), "{\"step\": 1, \"loss\": 7.25}\n");
  EXPECT_EQ(run("show m --beside other --html b.html").status, 0);
  EXPECT_THAT(read_file(file("b.html")), AllOf(HasSubstr("other"), HasSubstr("7.25")));
  EXPECT_THAT(run("show m --beside nowhere").error, HasSubstr("no training.jsonl in nowhere"));
  const auto result = run("trace m --input 'ich sehe das hund' --target 'i see the dog' --out t.safetensors");
  ASSERT_EQ(result.status, 0) << result.error;
  const SafetensorsFile traced(file("t.safetensors"));
  for (const auto& e : traced.entries()) EXPECT_THAT(result.out, HasSubstr(e.name));
  ASSERT_TRUE(traced.find("decoder.layers.0.cross.attention"));
  EXPECT_THAT(traced.find("encoder.layers.0.output")->shape, ElementsAre(5, 16));
  EXPECT_EQ(traced.find("log_p")->shape.at(0), 5);
  EXPECT_EQ(traced.metadata().at("target_pieces"), R"(["i", "see", "the", "dog", "</s>"])");
}

TEST_F(CliTest, ExaminesTheMachineAndExplainsItself) {
  const Json d = Json::parse(run("doctor --threads 1 --json").out);
  EXPECT_EQ(d["threads"], Json(1));
  EXPECT_GT(d["memory_gb_per_second"].number(), 0);
  for (const auto& p : d["products"].array()) EXPECT_GT(p["gflops"].number(), 0);
  for (const char* name : {"train", "predict", "eval", "show", "trace", "score", "doctor"}) {
    const auto help = run(str(name, " --help"));
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, HasSubstr(str("Examples:\n  stemma ", name)));
  }
}

// ---- the same bits -------------------------------------------------------------------------------------------------
TEST_F(CliTest, TheSameCommandGivesTheSameBits) {
  train("a", "--steps 40"), train("b", "--steps 40");
  EXPECT_TRUE(model("a") == model("b"));
}

TEST_F(CliTest, DeterministicGivesTheSameBitsForAnyNumberOfThreads) {
  train("a", "--steps 20 --deterministic --threads 1"), train("b", "--steps 20 --deterministic --threads 2");
  EXPECT_TRUE(model("a") == model("b"));
  const Json recipe = Json::parse(read_file(file("a/config.json")))["train"];
  EXPECT_EQ(recipe["deterministic"], Json(true));
  EXPECT_EQ(recipe["precision"], Json("f32"));
  train("c", "--steps 10 --deterministic"), train("c", "--steps 20 --resume");  // with the kernels it began with
  EXPECT_TRUE(model("a") == model("c"));
  const std::string command = "predict a --deterministic --json --nbest 2 < t.de --threads ";
  EXPECT_EQ(run(command + "1").out, run(command + "2 --chunk 7").out);
}

TEST_F(CliTest, ARunKilledAgainAndAgainEndsWithTheSameBits) {
  const std::string command = "--steps 600 --set checkpoint_every=20 --set dropout=0.2 ";
  train("whole", command);
  for (const size_t lines : {0, 1, 12, 25, 40}) {  // of the log before the kill; there are 60 in all
    const std::string resume = is_directory(file("broken")) ? "--resume" : "";
    const pid_t child = start(str("exec ", STEMMA_PROGRAM, " ", training(str("--out broken ", command, resume))));
    while (!is_directory(file("broken")) || log_lines("broken") < lines)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ::kill(child, SIGKILL);
    EXPECT_EQ(wait_for(child).status, -SIGKILL);
  }
  train("broken", command + "--resume");
  EXPECT_TRUE(model("whole") == model("broken"));
}

TEST_F(CliTest, CtrlCLeavesARunThatGoesOn) {
  const std::string command = "--set dropout=0.2 --json ";
  const pid_t child = start(str("exec ", STEMMA_PROGRAM, " ", training("--out m --steps 100000000 " + command)));
  while (log_lines("m") == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ::kill(child, SIGINT);
  const auto stopped = wait_for(child);
  ASSERT_EQ(stopped.status, 0) << stopped.error;
  const Json summary = Json::parse(lines_in(stopped.out).back())["summary"];
  EXPECT_EQ(summary["reason"], Json("stopped"));
  EXPECT_EQ(run("predict m <<< 'ich sehe das hund'").status, 0);
  const std::string steps = str("--steps ", summary["step"].integer() + 50, " ");
  train("m", command + steps + "--resume"), train("whole", command + steps);
  EXPECT_TRUE(model("m") == model("whole"));
}

}  // namespace
}  // namespace stemma
