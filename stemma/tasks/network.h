// The network of a task on texts, whichever task and whichever encoder: how it begins, what teaching it must know of
// it, how a trained one comes back, and what its answers depend on.
#pragma once
#include <memory>

#include "stemma/models/encoder.h"
#include "stemma/nn/pooling.h"
#include "stemma/tasks/encoded_texts.h"
#include "stemma/tasks/lesson.h"
#include "stemma/train/checkpoint.h"

namespace stemma {

// The run of which a network is part.
struct NetworkRun {
  const TaskRecipe& recipe;
  const std::string& directory;
  bool resume = false;
};

// A task's network inherits this: a lexer and an encoder, on which it puts its own layers.
class TextNetwork {
 public:
  virtual ~TextNetwork() = default;
  const Lexer& lexer() const { return lexer_; }
  const std::string& architecture() const { return architecture_; }  // what checkpoints are marked with
  Params params() const;

  // Weights are drawn by recipe.train.seed; words that the file recipe.vectors knows begin with its vectors (any format
  // of vectors/vector_file.h), unless a run goes on, whose checkpoint holds them. Error: vectors of another dimension,
  // an encoder without an embedding of words.
  void begin(const NetworkRun& run, const TaskCallbacks& calls);
  // Parameters that were made Unfilled come to lie in the mapped file that trained_weights (train/checkpoint.h) names.
  void load(const std::string& path);
  // What is the same in every task's: parameters, vocabulary, saving the lexer. The network must outlive it.
  Lesson lesson(const NetworkRun& run) const;

 protected:
  struct Mark {
    std::string task, head, outputs;  // what else tells this architecture from others
  };
  TextNetwork(const TaskRecipe& recipe, Lexer lexer);
  void mark(const TaskRecipe& recipe, const Mark& mark);
  virtual void walk_head(const ParamFn& f) = 0;  // the layers on the encoder, with their names
  EncodedTexts no_texts() const;                 // as the encoder reads them

  Lexer lexer_;
  std::unique_ptr<Encoder> encoder_;

 private:
  void walk(const ParamFn& f) { encoder_->walk("encoder", f), walk_head(f); }
  bool reads_letters_ = false;
  std::string task_, architecture_;
};

// That of the run which goes on, or what `learn` makes of the training text; or of these texts.
Lexer begin_lexer(const NetworkRun& run, const std::function<Lexer()>& learn);
Lexer begin_lexer(const NetworkRun& run, const std::vector<std::string_view>& texts);

// A Network is made of a recipe, `more`, and a lexer. Error when training it needs more memory than there is.
template <class Network, class... More>
std::unique_ptr<Network> begin_network(const NetworkRun& run, const TaskCallbacks& calls, const Lexer& lexer,
                                       const More&... more) {
  auto out = within_memory(run.recipe.train, [&] { return std::make_unique<Network>(run.recipe, more..., lexer); });
  out->begin(run, calls);
  return out;
}
template <class Network, class... More>
std::unique_ptr<Network> load_network(const TaskRecipe& recipe, const std::string& directory, const More&... more) {
  const std::string weights = trained_weights(directory);
  const Unfilled on;
  auto out = std::make_unique<Network>(recipe, more..., Lexer::load(directory));
  out->load(weights);
  return out;
}

// head.pooling of a recipe: as nn/pooling.h has it, or auto: what suits the encoder. Error naming the option.
void check_pooling(const std::string& pooling);
Pooling make_pooling(const std::string& pooling, const Encoder& encoder, int64_t attention_width = 0);

// Gradient x input (Simonyan et al. 2014; Denil et al. 2014) of a score [1, 1]: for each text that an encoder read, in
// that order, how much the score would fall, to first order, if the vector of each of its tokens were zero.
std::vector<std::vector<double>> influences(const std::function<Tensor()>& score);

}  // namespace stemma
