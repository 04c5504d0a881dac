// LIBLINEAR (Fan et al. 2008), silenced, with its random order seeded: one weight vector at a time, of one class
// against the rest or of a score. Its bias is a feature that is always 1, and regularised, as in scikit-learn's solver
// "liblinear". Knows nothing of texts or labels' names.
//   minimise over w:   1/2 ‖w‖² + C Σᵢ costᵢ loss(yᵢ, w · xᵢ)
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "stemma/sparse/sparse_matrix.h"

namespace stemma {

struct LiblinearSettings {
  std::string loss = "logistic";  // logistic: ln(1 + e^-yz) | svm: max(0, 1 - yz)² | svr: max(0, |y - z| - epsilon)²
  // primal (trust region Newton) | dual (coordinate descent) | auto: dual for svm and svr when features outnumber texts
  std::string solver = "auto";
  double C = 1, epsilon = 0.1;
  // Its eps; 0: what its own program takes for the solver, 0.01 for a primal, 0.1 for a dual, 1e-4 for primal svr.
  double tolerance = 0;
  uint32_t seed = 1;  // of the dual's random order
};

class Liblinear {
 public:
  explicit Liblinear(const SparseMatrix& x);  // copies x into the form it wants
  ~Liblinear();
  Liblinear(const Liblinear&) = delete;
  Liblinear& operator=(const Liblinear&) = delete;

  // y [rows]: +1 and -1, both of which must occur; for svr any numbers. `positive_cost` weighs the texts of +1,
  // `negative_cost` those of -1. Returns w and, last, the bias. Several threads may call it at once; the dual solver
  // draws from the one generator of the C library, so only one of them is at work then.
  std::vector<double> fit(std::span<const double> y, double positive_cost, double negative_cost,
                          const LiblinearSettings& settings) const;

 private:
  struct Nodes;
  std::unique_ptr<Nodes> nodes_;
};

}  // namespace stemma
