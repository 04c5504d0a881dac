// A tagger: an encoder, the row of each word's first token, a layer, and a linear-chain CRF or a softmax; beside it,
// where sentences have an intent, pooling and a layer (joint slot filling and intent detection, Liu & Lane 2016).
#pragma once
#include "stemma/nn/crf.h"
#include "stemma/tasks/network.h"
#include "stemma/tasks/tag_labels.h"

namespace stemma {

using Sentences = std::vector<std::vector<std::string>>;  // words; none is empty

struct EncodedSentences {
  EncodedTexts parts;                 // what the encoder reads at once; a sentence too long for it is several
  std::vector<int64_t> begins = {0};  // sentence i is the parts [begins[i], begins[i + 1])
  Ragged words;                       // of each sentence: the row of each word's first token, from its own first row

  int64_t size() const { return words.size(); }
  int64_t length(int64_t i) const { return int64_t(words[i].size()); }  // words
  int64_t tokens(int64_t i) const { return parts.ids.splits[begins[i + 1]] - parts.ids.splits[begins[i]]; }
  TokenCost cost(int64_t i) const { return {tokens(i), length(i)}; }
};

struct TagTargets {
  Ragged tags;                   // -1: a tag that the network does not know
  std::vector<int32_t> intents;  // -1: none, or not known
};

struct TagAnswer {
  std::vector<int32_t> tags;
  std::vector<double> probabilities;  // of each word's tag: the CRF's marginal, or the softmax
  std::vector<double> intents;        // probabilities; empty: there are none
};

class TagModel : public TextNetwork {
 public:
  // Error naming the option that does not fit.
  TagModel(const TaskRecipe& recipe, const TagLabels& labels, Lexer lexer);

  EncodedSentences encode(const Sentences& sentences) const;
  struct Outputs {
    Tensor scores;   // [N, tags], a sequence of words for each sentence
    Tensor intents;  // [B, intents] logits; empty: there are none
  };
  Outputs outputs(const EncodedSentences& x, std::span<const int64_t> index) const;
  // The sum over the sentences `index`, of which those with a tag that is not known are left out.
  Loss loss(const Outputs& y, const TagTargets& targets, std::span<const int64_t> index, float smoothing = 0) const;
  std::vector<TagAnswer> decode(const Outputs& y) const;
  // That of a sentence does not depend on the others. `look`, when given, sees the outputs and answers of each batch.
  using Look = std::function<void(const Outputs&, const std::vector<TagAnswer>&, std::span<const int64_t> index)>;
  std::vector<TagAnswer> answer(const EncodedSentences& x, const Look& look = nullptr) const;

  // From now on, in training, the tokens that x holds once are read as <unk> so often.
  void forget_rare(const EncodedSentences& x);
  const std::optional<Crf>& crf() const { return head_.crf; }

 private:
  struct Head {
    Linear tags;
    std::optional<Crf> crf;
    Pooling pool;
    Linear intent;
    FIELDS(tags, crf, pool, intent)
  };
  void walk_head(const ParamFn& f) override;
  Tensor tag_loss(const Tensor& scores, const Tensor& targets, float smoothing) const;
  Tensor intent_loss(const Tensor& logits, const TagTargets& targets, std::span<const int64_t> index) const;
  CrfWeights transitions() const;
  TagHead options_;
  TagLabels labels_;
  Head head_;
  std::shared_ptr<const LegalLabels> legal_;
  int64_t longest_ = 0;        // tokens that the encoder reads at once; 0: any
  std::vector<uint8_t> rare_;  // by token
};

}  // namespace stemma
