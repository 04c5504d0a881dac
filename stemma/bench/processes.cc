// start, memory: what a whole process costs, so each is measured in one of its own.
#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/bench/process.h"
#include "stemma/bench/rounds.h"
#include "stemma/bench/sentences.h"
#include "stemma/bench/workloads.h"
#include "stemma/tasks/translator.h"
#include "stemma/train/checkpoint.h"

namespace stemma {

namespace {

std::vector<std::string> with_modes(std::vector<std::string> words, const BenchOptions& options) {
  words.insert(words.end(), {"--threads", str(threads()), "--precision", options.precision});
  return words;
}

}  // namespace

BenchRows start(const BenchOptions& options) {
  const TemporaryFolder folder;
  const std::string directory = options.out.empty() ? folder.path() : options.out;
  const Sentences text = read_sentences(options.data);
  const Translator system(RecipeBuilder("", "transformer-small").build(), text.tokenizer, text.tokenizer);
  system.save_description(directory);
  save_tensors(join_path(directory, "model.safetensors"), system.model().params(), {system.architecture(), {}});
  const std::string line = text.tokenizer.decode(text.pairs.source(0)) + "\n";
  if (!options.out.empty()) {
    write_file(join_path(directory, "line.txt"), line);
    save_batches(join_path(directory, "batches.safetensors"), {gather(text.pairs, std::vector<int64_t>{0}, {})});
  }
  std::vector<double> seconds;
  for (int64_t i = 0; i <= options.rounds; ++i) {
    options.say(i ? str("round ", i) : "warming up");
    const auto run = run_again(with_modes({"predict", directory, "--beam", "1", "--max-length", "14"}, options), line);
    if (i) seconds.push_back(run.first_output);
  }
  return {Json::object(
      {{"what", "first translation"}, {"ms", 1e3 * quantile(seconds, 0.5)}, {"best ms", 1e3 * quantile(seconds, 0)}})};
}

BenchRows memory(const BenchOptions& options) {
  BenchRows rows;
  for (const char* name : {"train-base", "decode"}) {
    options.say(name);
    std::vector<std::string> words{"bench", name, "--json", "--rounds", "1"};
    if (!options.data.empty()) words.insert(words.end(), {"--data", options.data});
    const Json all = Json::parse(run_again(with_modes(words, options), "").output, name);
    for (const auto& row : all[name].array()) {
      const std::string part = row["what"] == Json(name) ? "" : " " + row["what"].text();
      rows.push_back(
          Json::object({{"what", name + part}, {"precision", row["precision"]}, {"peak MiB", row["peak MiB"]}}));
    }
  }
  return rows;
}

}  // namespace stemma
