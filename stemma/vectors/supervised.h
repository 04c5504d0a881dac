// Training fastText's classifier (Joulin et al. 2017, "Bag of tricks for efficient text classification"): the mean of a
// document's rows (words, n-grams of letters and of words) predicts its labels by softmax, a Huffman tree, sampled
// negatives, or each label against all others.
#pragma once
#include <atomic>
#include <functional>

#include "stemma/vectors/labelled_corpus.h"
#include "stemma/vectors/race.h"
#include "stemma/vectors/vector_model.h"

namespace stemma {

// fastText's own: softmax, every word, no n-grams.
VectorOptions classifier_options();

// A classifier before its first step. Its words are those of the corpus and, without their labels, of `from`, whose
// vectors it begins with (nullptr: none). Error: fewer than two labels, an option out of range, another dimension.
VectorModel new_classifier(const VectorOptions& options, const LabelledCorpus& corpus, uint64_t seed,
                           const VectorModel* from = nullptr);

// Goes on from run.position until all epochs are learned, or `stop`, or a pause, as train_vectors does. Documents come
// in another order in each epoch; of several labels one is drawn each time, but for the loss `each`. True: all is done.
bool train_classifier(VectorModel& model, const LabelledCorpus& corpus, VectorRun& run, const std::atomic<bool>& stop,
                      const std::function<void(const VectorProgress&)>& report = nullptr);

}  // namespace stemma
