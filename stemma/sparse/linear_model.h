// Linear models on sparse features: one class of several, many labels, or a score. Knows no texts.
//   z = x W + b
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/sparse/sparse_matrix.h"

namespace stemma {

struct LinearOptions {
  // softmax:  all classes at once, as scikit-learn's LogisticRegression (softmax_regression.h)
  // logistic: each class against the rest, by LIBLINEAR; p_k = σ(z_k) / Σ σ(z_j), as scikit-learn's solver "liblinear".
  //           For many labels each is a question of its own, and p_k = σ(z_k)
  // svm:      as logistic with the squared hinge loss; answers are margins, no probabilities
  // svr:      support vector regression of a score with the squared epsilon-insensitive loss
  // auto:     softmax for classes, logistic for many labels, svr for scores
  std::string loss = "auto";
  // Of LIBLINEAR: primal | dual | auto: dual for svm and svr when features outnumber texts.
  std::string solver = "auto";
  double C = 1;          // what a text's loss counts beside the weights' squares
  double tolerance = 0;  // softmax: of the mean loss's gradient, 0: 1e-4; else LIBLINEAR's eps (liblinear.h)
  double epsilon = 0.1;  // svr: errors up to this cost nothing
  std::string class_weights = "none";  // balanced: a class of few texts counts as much as one of many
  int64_t seed = 1;                    // of the dual solver's order
  FIELDS(loss, solver, C, tolerance, epsilon, class_weights, seed)
};

enum class Outcome { classes, labels, score };

struct LinearModel {
  Outcome outcome = Outcome::classes;
  std::string loss = "softmax";            // never auto
  int64_t features = 0, outputs = 0;       // outputs: classes, labels, or 1
  std::shared_ptr<const float[]> weights;  // [features, outputs]
  std::vector<float> bias;                 // [outputs]

  bool has_probabilities() const { return loss == "softmax" || loss == "logistic"; }
  std::vector<float> margins(const SparseMatrix& x) const;  // z [rows, outputs]
  std::vector<float> predict(const SparseMatrix& x) const;  // probabilities where the loss has them, else z
};

// y [rows], each in [0, classes), each of which must occur. Two classes are one question, its answers w and -w.
LinearModel fit_classes(const SparseMatrix& x, std::span<const int32_t> y, int64_t classes,
                        const LinearOptions& options);
// y [rows]: the labels of each row, perhaps none; every label must be on some rows and not on all.
LinearModel fit_labels(const SparseMatrix& x, std::span<const std::vector<int32_t>> y, int64_t labels,
                       const LinearOptions& options);
LinearModel fit_scores(const SparseMatrix& x, std::span<const double> y, const LinearOptions& options);

}  // namespace stemma
