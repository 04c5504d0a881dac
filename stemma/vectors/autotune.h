// The options of a classifier found by trying: each trial changes some of the best ones so far by chance, boldly at
// first and carefully in the end, and is measured on documents that no trial learned from. With a budget of time, and
// of bytes when the model must be small.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "stemma/vectors/compress.h"
#include "stemma/vectors/labelled_corpus.h"
#include "stemma/vectors/vector_model.h"

namespace stemma {

struct TuningDocument {
  std::string text;
  std::vector<std::string> labels;  // without fastText's prefix
};

struct AutotuneOptions {
  VectorOptions first = {.model = "supervised", .loss = "softmax", .min_count = 1};  // of the first trial
  double seconds = 300;                                                              // for all trials
  int64_t trials = 0;  // at most; 0: as many as time allows
  int64_t bytes = 0;   // of the file at most, quantised (.ftz); 0: not quantised
  uint64_t seed = 1;   // the same trials for the same seed and scores
  FIELDS(first, seconds, trials, bytes, seed)
};
struct AutotuneTrial {
  VectorOptions options;
  int32_t piece = 0;        // of the quantiser; 0: none
  double score = 0;         // accuracy, or micro-averaged F1 at one half where documents have several labels
  double seconds = 0;       // of training, compression and scoring
  bool best = false;        // of all so far
  std::string failed = {};  // why there is no score; empty: there is
  FIELDS(options, piece, score, seconds, best, failed)
};
struct Autotuned {
  VectorModel model;  // of the best trial
  AutotuneTrial best;
  std::vector<AutotuneTrial> trials;
};
// Returns early on `stop` when some trial has ended. Error: no validation document with a label, no trial that worked.
Autotuned autotune(const LabelledCorpus& corpus, const std::vector<TuningDocument>& valid,
                   const AutotuneOptions& options, const std::atomic<bool>& stop,
                   const std::function<void(const AutotuneTrial&)>& report = nullptr);

// What a trial is measured by.
double classifier_score(const VectorModel& model, const std::vector<TuningDocument>& documents);

}  // namespace stemma
