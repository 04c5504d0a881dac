// Linear-chain conditional random field, Lafferty et al. 2001, over K labels; the score of labels y for n rows s is
//   s(y) = start_{y_1} + sum_t s_{t, y_t} + sum_t A_{y_{t-1}, y_t} + end_{y_n}        Lample et al. 2016, eq. 1
// and p(y) = e^{s(y)} / sum_y' e^{s(y')}. A sequence without rows has one way of labelling it, of score 0.
#pragma once
#include <memory>
#include <vector>

#include "stemma/ops/ops.h"

namespace stemma {

// Which labels may follow which (1) and which may not (0): what is not legal has the score -infinity.
struct LegalLabels {
  std::vector<uint8_t> transitions, start, end;  // [K * K] from label i to j at i * K + j; [K]; [K]
};

struct CrfWeights {
  Tensor A, start, end;                           // [K, K] from row to column; [1, K]; [1, K]
  std::shared_ptr<const LegalLabels> legal = {};  // null: all are
};

// In what follows `scores` is [N, K], ragged. No legal labelling of a sequence, or a score that is not a number, is an
// Error.

struct CrfLoss {
  Tensor total;             // [1, 1]: the sum over sequences of -log p(y), differentiable
  std::vector<double> nll;  // of each sequence
};
// targets: [N, 1] i32. Targets that are not legal are an Error naming the row.
CrfLoss crf(const Tensor& scores, const CrfWeights& weights, const Tensor& targets);

// The labels of greatest score (Viterbi 1967), not recorded. Of equal ones that with the smaller label at the last
// place where they differ.
struct CrfPaths {
  std::vector<int32_t> labels;  // [N]
  std::vector<double> scores;   // s(y) of each sequence
};
CrfPaths best_labels(const Tensor& scores, const CrfWeights& weights);

// How sure it is; not recorded.
struct CrfMarginals {
  Tensor p;                       // [N, K]: the probability of each label at each row, over all labellings
  std::vector<double> log_total;  // of each sequence: log sum_y e^{s(y)}; so log p(y) = s(y) - log_total
};
CrfMarginals label_marginals(const Tensor& scores, const CrfWeights& weights);

}  // namespace stemma
