// A linear-chain CRF over the labels of a tagger: its parameters and, from the names of the labels, which may follow
// which.
#pragma once
#include "stemma/base/tags.h"
#include "stemma/nn/module.h"
#include "stemma/ops/crf.h"

namespace stemma {

// Null for `free`. A label that is not of the scheme is an Error naming it.
std::shared_ptr<const LegalLabels> legal_labels(const std::vector<std::string>& labels, TagScheme scheme);

struct Crf {
  Param A, start, end;  // [K, K] from row to column; [1, K]; [1, K]
  FIELDS(A, start, end)
  // What is not legal is never predicted. In training it counts only when `trained_freely`: text whose own labels break
  // the scheme has no likelihood otherwise.
  std::shared_ptr<const LegalLabels> legal;
  bool trained_freely = false;

  Crf() = default;
  explicit Crf(int64_t labels, std::shared_ptr<const LegalLabels> legal = {})
      : A(labels, labels, {Init::uniform, 0.1f}),
        start(1, labels, {Init::uniform, 0.1f}),
        end(1, labels, {Init::uniform, 0.1f}),
        legal(std::move(legal)) {}
  // scores: [N, K], ragged; targets: [N, 1] i32
  CrfLoss loss(const Tensor& scores, const Tensor& targets) const {
    return crf(scores, {A, start, end, trained_freely ? nullptr : legal}, targets);
  }
  CrfPaths best(const Tensor& scores) const { return best_labels(scores, {A, start, end, legal}); }
  CrfMarginals marginals(const Tensor& scores) const { return label_marginals(scores, {A, start, end, legal}); }
};

}  // namespace stemma
