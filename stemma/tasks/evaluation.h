// How well a translation system does on a test set: BLEU, chrF, perplexity, speed, BLEU by length of the source.
// Draws nothing.
#pragma once
#include <string>
#include <vector>

#include "stemma/tasks/translator.h"

namespace stemma {

struct LengthBucket {
  std::string range;  // words of the source (characters, when it is Chinese): "1-5"
  int64_t sentences = 0;
  double bleu = 0;
  FIELDS(range, sentences, bleu)
};

struct Evaluation {
  int64_t sentences = 0;
  double bleu = 0, chrf = 0;
  std::string bleu_signature, chrf_signature;
  double perplexity = 0;                                           // of the references, per target token, </s> counted
  double seconds = 0, tokens_per_second = 0, ms_per_sentence = 0;  // of translating; target tokens
  std::vector<LengthBucket> by_length;
  FIELDS(sentences, bleu, chrf, bleu_signature, chrf_signature, perplexity, seconds, tokens_per_second, ms_per_sentence,
         by_length)
};

struct Evaluated {
  Evaluation scores;
  std::vector<std::string> hypotheses;
};

// Errors: numbers of lines differ, no lines. `tokenize` (of BLEU) empty: bleu_tokenizer(target).
Evaluated evaluate(const Translator& system, const std::vector<std::string>& source,
                   const std::vector<std::string>& target, const DecodeOptions& options,
                   const std::string& tokenize = "");

// How BLEU should split this language: "zh" when most letters are Chinese, else "13a".
std::string bleu_tokenizer(const std::vector<std::string>& text);

// BLEU of the sentences in each range of source lengths, ranges without sentences left out.
std::vector<LengthBucket> bleu_by_length(const std::vector<std::string>& source,
                                         const std::vector<std::string>& hypotheses,
                                         const std::vector<std::string>& target, const std::string& tokenize);

}  // namespace stemma
