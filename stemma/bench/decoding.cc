// decode, latency: Translator::translate, as `stemma predict` calls it. The weights are initial ones, so lengths are
// forced: every translation has as many tokens on both sides of a comparison.
#include "stemma/bench/process.h"
#include "stemma/bench/products.h"
#include "stemma/bench/rounds.h"
#include "stemma/bench/sentences.h"
#include "stemma/bench/workloads.h"
#include "stemma/tasks/translator.h"
#include "stemma/tensor/memory.h"
#include "stemma/train/checkpoint.h"

namespace stemma {

namespace {

constexpr int64_t sentences = 500, one_by_one = 25, warm_up = 5;
constexpr int64_t forced_length = 14;  // the mean of Multi30k

struct Decoding {
  Translator system;
  std::vector<std::string> lines;
  std::vector<int64_t> lengths;  // of the sources, </s> counted
};

void write_initial(const Tokenizer& tokenizer, const std::string& folder) {
  const Translator made(RecipeBuilder("", "transformer-base").build(), tokenizer, tokenizer);
  made.save_description(folder);
  save_tensors(join_path(folder, "model.safetensors"), made.model().params(), {made.architecture(), {}});
}

// The system as `stemma predict` has it: loaded.
Decoding prepare(const BenchOptions& options) {
  const Sentences text = read_sentences(options.data);
  const TemporaryFolder temporary;
  const std::string folder = options.out.empty() ? temporary.path() : options.out;
  write_initial(text.tokenizer, folder);
  release_free_memory();
  Decoding d{Translator::load(folder), {}, {}};
  std::vector<int64_t> first;
  for (int64_t i = 0; i < sentences; ++i) {
    first.push_back(i);
    d.lines.push_back(text.tokenizer.decode(text.pairs.source(i)));
    d.lengths.push_back(text.pairs.source_length(i) + 1);
  }
  if (!options.out.empty())
    save_batches(join_path(options.out, "batches.safetensors"), {gather(text.pairs, first, d.system.recipe().batch)});
  return d;
}

DecodeOptions forced(int64_t beam) {
  DecodeOptions options;
  options.beam = beam, options.min_length = options.max_length = forced_length;
  return options;
}

// Of the first n sentences.
Measured expected(const Decoding& d, const DecodeOptions& options, int64_t n) {
  PairSums sums;
  for (int64_t i = 0; i < n; ++i) sums.add(d.lengths[size_t(i)], forced_length + 1);
  for (double* hypotheses : {&sums.t, &sums.tt, &sums.st}) *hypotheses *= double(options.beam);
  const auto config = from_json<Transformer::Config>(d.system.recipe().architecture);
  const std::string what = options.beam == 1 ? "greedy" : str("beam ", options.beam);
  return {.what = what,
          .tokens = double(n * (forced_length + 1)),
          .flops = 2 * products_forward(config, sums, d.system.target().size())};
}

Json about() {
  return Json::object({{"precision", name_of(precision())}, {"length", forced_length}, {"one by one", one_by_one}});
}

BenchRows finish(const Rounds& rounds) {
  BenchRows rows = rounds.rows(best_product_rate(precision()));
  for (auto& row : rows) row["precision"] = name_of(precision()), row["peak MiB"] = peak_mebibytes();
  return rows;
}

// The first n sentences.
void one_at_a_time(const Decoding& d, const DecodeOptions& how, int64_t n, const BenchOptions& options,
                   Measured& part) {
  for (int64_t i = 0; i < n; ++i) {
    const Stopwatch watch(options);
    d.system.translate({d.lines[size_t(i)]}, how);
    part.latencies.push_back(watch.seconds());
    part.seconds += part.latencies.back();
  }
}

}  // namespace

BenchRows decode_many(const BenchOptions& options) {
  const Decoding d = prepare(options);
  Rounds rounds(options, about());
  while (rounds.another())
    for (const int64_t beam : {1, 4})
      rounds.measure(expected(d, forced(beam), sentences), [&] { d.system.translate(d.lines, forced(beam)); });
  return finish(rounds);
}

BenchRows latency(const BenchOptions& options) {
  const Decoding d = prepare(options);
  Rounds rounds(options, about());
  while (rounds.another())
    for (const int64_t beam : {1, 4}) {
      const int64_t n = rounds.begun() == 1 ? warm_up : one_by_one;
      Measured part = expected(d, forced(beam), n);
      one_at_a_time(d, forced(beam), n, options, part);
      rounds.add(std::move(part));
    }
  return finish(rounds);
}

}  // namespace stemma
