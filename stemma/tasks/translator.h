// A translation system: recipe, tokenizers, model. Made new, or loaded from its directory (config.json,
// model.safetensors, tokenizers). Text in, text out.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "stemma/models/registry.h"
#include "stemma/tasks/recipe.h"

namespace stemma {

struct Translation {
  std::string text;
  double score = 0, log_probability = 0;
  std::vector<int32_t> ids;         // of the target, without </s>
  std::vector<std::string> pieces;  // what they are called
};

// Where one sentence's translation looked: one matrix [target pieces + </s>, source pieces + </s>] for each head.
struct AttentionMap {
  std::string name;  // "decoder.layers.0.cross", ...
  int64_t head = 0;
  Tensor weights;
};
struct Explanation {
  std::vector<std::string> source, target;  // pieces, </s> included
  std::vector<double> log_p;                // of each target piece
  std::vector<AttentionMap> maps;
};

struct Traced {
  std::vector<std::string> source, target;  // pieces, </s> included
  std::vector<int32_t> target_ids;          // </s> included
  struct Observed {
    std::string name;  // its path; a recurrent decoder repeats one for each step
    Tensor value;
  };
  std::vector<Observed> tensors;  // in the order of computation
};

class Translator;
struct Together {
  std::vector<const Translator*> others = {};  // an ensemble with these; Error when their vocabularies differ
  std::string prefix = {};                     // each translation begins with it
  int64_t first_line = 0;                      // the number of lines[0] in the whole input: sampling draws by it
  int64_t max_source = 0;                      // tokens; a longer line is an Error; 0: any
};

class Translator {
 public:
  // A new system with initial weights.
  Translator(Recipe recipe, Tokenizer source, Tokenizer target);
  // The weights lie in the mapped file, and once more packed for products; nothing can be trained.
  // Errors: no such directory, a file missing or damaged, weights of another architecture, NaN (which tensor).
  static Translator load(const std::string& directory);
  // config.json and the tokenizers; the weights are the trainer's to write.
  void save_description(const std::string& directory) const;

  // n best for each line, in order. An empty line has one empty translation.
  std::vector<std::vector<Translation>> translate(const std::vector<std::string>& lines, const DecodeOptions& options,
                                                  const Together& together = {}) const;
  std::vector<std::string> best(const std::vector<std::string>& lines, const DecodeOptions& options) const;
  // log p of a given translation of each line, its </s> counted.
  std::vector<double> score(const std::vector<std::string>& source, const std::vector<std::string>& target) const;
  // All that the model observes in itself while it reads a pair, then "logits" and "log_p" of every target position.
  // `target`: the ids of a Translation, which its text need not give again, or target().encode(text).
  Traced trace(const std::string& source, std::span<const int32_t> target) const;
  // The attention of a pair.
  Explanation explain(const std::string& source, std::span<const int32_t> target) const;

  // Sum over the target tokens of a batch, and what validation wants to know.
  Loss loss(const ParallelBatch& batch, float smoothing) const;
  // In NoGrad over all pairs: {loss per token without smoothing, correct, tokens}.
  struct Fit {
    double loss = 0;
    int64_t correct = 0, tokens = 0;
  };
  Fit fit(const TokenPairs& pairs) const;

  TranslationModel& model() const { return *model_; }
  const Recipe& recipe() const { return recipe_; }
  const Tokenizer& source() const { return source_; }
  const Tokenizer& target() const { return target_; }
  std::string architecture() const;  // what checkpoints are marked with

 private:
  Translator(Recipe recipe, Tokenizer source, Tokenizer target, std::unique_ptr<TranslationModel> model);
  std::vector<int32_t> encode_source(const std::string& line) const;
  Translation translation_of(const Hypothesis& h) const;
  std::vector<const TranslationModel*> ensemble(const std::vector<const Translator*>& others) const;
  Recipe recipe_;
  Tokenizer source_, target_;
  std::unique_ptr<TranslationModel> model_;
};

}  // namespace stemma
