// train-lm: steps of the Trainer on an LSTM language model, as Zaremba et al. 2014 train their medium one: 20 streams
// of text, 35 words of each a step, the state carried on.
#include "stemma/base/safetensors.h"
#include "stemma/bench/process.h"
#include "stemma/bench/sentences.h"
#include "stemma/bench/training_rounds.h"
#include "stemma/bench/workloads.h"
#include "stemma/models/recurrent_language_model.h"
#include "stemma/tasks/training_plan.h"
#include "stemma/train/checkpoint.h"

namespace stemma {

namespace {

constexpr int64_t words = 10'000, streams = 20, chunk = 35, chunks = 200, steps_a_round = 4;

// Streams of words, and a window over all of them that moves on by a chunk each step.
class Text {
 public:
  struct Chunk {
    Tensor ids, next;  // each word, and the one after it
  };
  Chunk next() {
    std::vector<int32_t> in, out;
    for (int64_t b = 0; b < streams; ++b) {
      const auto first = ids_.begin() + b * length + at_ * chunk;
      in.insert(in.end(), first, first + chunk);
      out.insert(out.end(), first + 1, first + chunk + 1);
    }
    at_ = (at_ + 1) % chunks;
    return {Tensor::ids(in, splits_of_lengths(std::vector<int64_t>(streams, chunk))), Tensor::ids(out)};
  }
  void save(const std::string& path) const {
    const std::string_view bytes(reinterpret_cast<const char*>(ids_.data()), ids_.size() * sizeof(ids_[0]));
    write_safetensors(path, {{"ids", "I32", {streams, length}, bytes}});
  }

 private:
  static constexpr int64_t length = chunks * chunk + 1;
  std::vector<int32_t> ids_ = zipf_ids(streams * length, words, 1);
  int64_t at_ = 0;
};

struct Learner {
  RecurrentLanguageModel model{Cell::lstm, {}, words};
  RecurrentLanguageModel::State state;
  Text text;

  Loss loss(const Text::Chunk& chunk) {
    const Tensor h = model(chunk.ids, state);
    state = state.detached();
    const auto loss = cross_entropy(h, model.output.W, model.output.b, chunk.next);
    return {loss.total, loss.nll, loss.correct};
  }
  Work work() {
    Work out;
    out.next = [this] {
      return MicroBatch{[this, now = text.next()] { return loss(now); }, streams * chunk, streams * chunk};
    };
    out.epochs = [] { return int64_t{0}; };
    out.cursor = [] { return Json(); };
    return out;
  }
  double first_loss() {  // of a text that begins, without dropout
    const NoGrad off;
    auto s = state;
    Text beginning = text;
    const auto now = beginning.next();
    const Tensor h = model(now.ids, s);
    return cross_entropy(h, model.output.W, model.output.b, now.next).nll / double(streams * chunk);
  }
  double step_flops() const {
    const auto& c = model.config;
    const auto w = double(c.width), gates = 4 * w * (double(c.embedding) + w + double(c.layers - 1) * 2 * w);
    return 6 * double(streams * chunk) * (gates + w * double(words));
  }
};

TrainOptions train_options() {
  TrainOptions options;  // theirs: plain descent, the gradient's norm at most 5
  options.optimizer.name = "sgd", options.schedule = {.name = "constant", .rate = 1, .warmup = 0},
  options.clip_norm = 5;
  options.log_every = options.checkpoint_every = options.validate_every = 1'000'000'000;
  return options;
}

}  // namespace

BenchRows train_lm(const BenchOptions& options) {
  Learner learner;
  initialise([&](const ParamFn& f) { walk("", learner.model, f); }, 1);
  const Type precision = resolve_precision(options.precision);
  if (!options.out.empty()) {
    make_directories(options.out);
    save_tensors(join_path(options.out, "model.safetensors"), params(learner.model), {"lstm language model", {}});
    learner.text.save(join_path(options.out, "batches.safetensors"));
  }
  TrainingRounds rounds("train-lm", options, precision, steps_a_round, learner.first_loss());
  const auto tell = [&](const Progress&) { rounds.step_done(double(streams * chunk), learner.step_flops()); };
  const TemporaryFolder folder;
  if (!rounds.stop())
    Trainer({folder.path(), "lstm language model", precision}, params(learner.model), learner.work(), train_options())
        .run(rounds.stop(), tell);
  return rounds.rows();
}

}  // namespace stemma
