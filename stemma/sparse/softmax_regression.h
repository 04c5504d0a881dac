// Multinomial logistic regression: all classes at once, the optimum of scikit-learn's LogisticRegression. What
// liblinear cannot do, which only tells one class from the rest.
//   minimise over W, b:   λ/2 ‖W‖² + C Σᵢ costᵢ (ln Σₖ exp zᵢₖ − zᵢ,yᵢ),   z = x W + b,   b free
// λ = 1; for two classes 2, so that the difference of their weights is what one logistic regression finds.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "stemma/sparse/sparse_matrix.h"

namespace stemma {

struct SoftmaxFit {
  std::vector<double> W;  // [features, classes]
  std::vector<double> b;  // [classes], sum 0
  int64_t steps = 0;      // of Newton's method
  double gradient = 0;    // the largest element of the gradient of the mean loss that is left
};
struct SoftmaxSettings {
  int64_t classes = 2;
  double C = 1;
  double tolerance = 1e-4;  // the gradient at which it ends
  int64_t most_steps = 100;
};

// y [x.rows] in [0, classes); costs [x.rows] weigh the texts. The same bits for any number of threads.
SoftmaxFit fit_softmax(const SparseMatrix& x, std::span<const int32_t> y, std::span<const double> costs,
                       const SoftmaxSettings& settings);

}  // namespace stemma
