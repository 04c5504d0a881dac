// The program from outside: taggers, from a file of tagged words to answers, and what is refused with one clear line.
#include "stemma/base/json.h"
#include "tests/cli_test.h"

namespace stemma {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CliTag : public CliTest {
 protected:
  CliTag() {
    std::string text;
    for (int i = 0; i < 24; ++i)
      text += str("# sent_id = ", i, "\n", row(1, "The", "DET", ""), row(2, i % 2 ? "dog" : "cat", "NOUN", ""),
                  row(3, i % 3 ? "sleeps" : "eats", "VERB", "SpaceAfter=No"), row(4, ".", "PUNCT", ""), "\n");
    write_file(file("t.conllu"), text);
  }
  static std::string row(int id, const std::string& form, const std::string& tag, const std::string& misc) {
    return str(id, "\t", form, "\t_\t", tag, "\t_\t_\t0\t_\t_\t", misc.empty() ? "_" : misc, "\n");
  }
  static std::string training(const std::string& more) {
    return "train tag --threads 1 --encoder lstm --set embedding=8 --set width=8 --set rate=0.03 " + more;
  }
};

TEST_F(CliTag, TrainsAnswersAndMeasures) {
  const auto trained = run(training("--train t.conllu --valid t.conllu --steps 60 --out m"));
  ASSERT_EQ(trained.status, 0) << trained.error;
  EXPECT_EQ(run("predict m <<< $'The dog eats.\\n\\nThe cat sleeps .'").out,
            "The/DET dog/NOUN eats/VERB ./PUNCT\n\nThe/DET cat/NOUN sleeps/VERB ./PUNCT\n");
  const Json answer = Json::parse(run("predict m --json <<< 'The dog eats.'").out);
  EXPECT_EQ(answer["tokens"].array().at(3)["begin"].integer(), 12);
  EXPECT_THAT(run("eval m --test t.conllu").out, AllOf(HasSubstr("accuracy of tags"), HasSubstr("100.00")));
  EXPECT_DOUBLE_EQ(Json::parse(run("eval m --test t.conllu --json").out)["accuracy"].number(), 1);
  write_file(file("other.conll"), "The X\ndog NOUN\n");
  EXPECT_THAT(run("eval m --test other.conll").out, HasSubstr("1 unseen tags, the first: other.conll:1 'X'"));
  EXPECT_EQ(Json::parse(run("eval m --test other.conll --json --html e.html").out)["notes"].array().at(0).text(),
            "1 unseen tags, the first: other.conll:1 'X'");
  EXPECT_THAT(read_file(file("e.html")), HasSubstr("In the file: 1 unseen tags"));
}

TEST_F(CliTag, RefusesBadFiles) {
  write_file(file("ragged"), "The DET\ndog\n"), write_file(file("empty"), "");
  write_file(file("bad.conllu"), "1\tThe\tDET\n"), write_file(file("latin"), "caf\xe9 N\n");
  EXPECT_THAT(refusal(training("--train ragged --out m")), HasSubstr("ragged:2: 1 columns, expected 2"));
  EXPECT_THAT(refusal(training("--train empty --out m")), HasSubstr("empty: no sentence there"));
  EXPECT_THAT(refusal(training("--train bad.conllu --out m")), HasSubstr("bad.conllu:1: 3 columns, CoNLL-U has 10"));
  EXPECT_THAT(refusal(training("--train latin --out m")), HasSubstr("latin:1: not valid UTF-8 at byte 4"));
  EXPECT_THAT(refusal(training("--train none --out m")), HasSubstr("none"));
  EXPECT_THAT(refusal(training("--train t.conllu --set data.tag=UPO --out m")), HasSubstr("no column 'UPO'"));
  EXPECT_THAT(refusal(training("--train t.conllu --set head.scheme=bioes --out m")),
              HasSubstr("use another tag scheme"));
  EXPECT_THAT(refusal(training("--train t.conllu --most -1 --out m"), 2), HasSubstr("--most: -1 is negative"));
  ASSERT_EQ(run(training("--train t.conllu --valid t.conllu --steps 2 --out m")).status, 0);
  EXPECT_THAT(refusal(training("--train t.conllu --steps 4 --out m --resume")), HasSubstr("--valid is missing"));
}

}  // namespace
}  // namespace stemma
