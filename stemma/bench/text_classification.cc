// Texts to classes by TF-IDF and a linear model: learning from DIR/train.tsv and answering DIR/test.tsv, lines of a
// text, a tab and its class. DIR/options.json, where it is, holds TextModelOptions.
#include <algorithm>

#include "stemma/base/files.h"
#include "stemma/bench/rounds.h"
#include "stemma/bench/workloads.h"
#include "stemma/sparse/text_model.h"

namespace stemma {

namespace {

struct Side {
  std::vector<std::string> texts;
  std::vector<int32_t> classes;
};

// Classes are numbered in the order of their appearance, also those that only the test has.
Side read_side(const std::string& path, std::vector<std::string>& names) {
  Side side;
  LineReader lines(path);
  for (std::string line; lines.next(line);) {
    const size_t tab = line.rfind('\t');
    check(tab != line.npos, path, ":", lines.line_number(), ": no tab between a text and its class");
    const std::string name = line.substr(tab + 1);
    const auto at = std::find(names.begin(), names.end(), name);
    side.classes.push_back(int32_t(at - names.begin()));
    if (at == names.end()) names.push_back(name);
    side.texts.push_back(line.substr(0, tab));
  }
  return side;
}

double accuracy(const Predictions& answers, const std::vector<int32_t>& classes) {
  int64_t right = 0;
  for (size_t i = 0; i < classes.size(); ++i) {
    const auto row = answers.row(int64_t(i));
    right += std::max_element(row.begin(), row.end()) - row.begin() == classes[i];
  }
  return 100.0 * double(right) / double(std::max<size_t>(classes.size(), 1));
}

}  // namespace

BenchRows classify(const BenchOptions& options) {
  check(!options.data.empty(), "classify: give --data, a folder with train.tsv and test.tsv (text, tab, class)");
  const auto path = [&](const char* name) { return join_path(options.data, name); };
  std::vector<std::string> names;
  const Side train = read_side(path("train.tsv"), names);
  const auto classes = names;
  const Side test = read_side(path("test.tsv"), names);
  TextModelOptions model_options;
  if (exists(path("options.json")))
    model_options = from_json<TextModelOptions>(Json::parse(read_file(path("options.json"))), path("options.json"));

  Predictions answers;
  int64_t features = 0;
  const auto work = [&] {
    const auto model = TextModel::fit_classes({train.texts}, train.classes, classes, model_options);
    answers = model.predict({test.texts});
    features = model.vectorizer().features();
  };
  work();
  Rounds rounds(options, Json::object({{"accuracy", accuracy(answers, test.classes)}, {"features", features}}));
  const auto texts = double(train.texts.size() + test.texts.size());
  while (rounds.another()) rounds.measure({.what = "fit and predict", .tokens = texts}, work);
  BenchRows out;
  for (const Json& row : rounds.rows(1))
    out.push_back(Json::object({{"what", row["what"]},
                                {"texts/s", row["tokens/s"]},
                                {"best", row["best"]},
                                {"accuracy", accuracy(answers, test.classes)}}));
  return out;
}

}  // namespace stemma
