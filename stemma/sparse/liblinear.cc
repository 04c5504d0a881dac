#include "stemma/sparse/liblinear.h"

#include <linear.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "stemma/base/check.h"
#include "stemma/base/choice.h"
#include "stemma/base/fields.h"

namespace stemma {

struct Liblinear::Nodes {
  int64_t columns = 0;
  std::vector<feature_node> nodes;
  std::vector<feature_node*> rows;
};

Liblinear::Liblinear(const SparseMatrix& x) : nodes_(std::make_unique<Nodes>()) {
  check(x.rows() < INT32_MAX && x.columns < INT32_MAX - 1, "liblinear counts to 2^31: ", x.rows(), " texts, ",
        x.columns, " features");
  nodes_->columns = x.columns;
  nodes_->nodes.reserve(x.indices.size() + size_t(x.rows()) * 2);
  for (int64_t i = 0; i < x.rows(); ++i) {
    const auto row = x.row(i);
    for (size_t e = 0; e < row.indices.size(); ++e)
      nodes_->nodes.push_back({row.indices[e] + 1, double(row.values[e])});  // it counts from 1
    nodes_->nodes.push_back({int(x.columns) + 1, 1.0});                      // the bias
    nodes_->nodes.push_back({-1, 0.0});
  }
  for (int64_t i = 0; i < x.rows(); ++i) nodes_->rows.push_back(nodes_->nodes.data() + x.splits[size_t(i)] + i * 2);
}
Liblinear::~Liblinear() = default;

namespace {

int solver_of(const LiblinearSettings& s, bool more_features_than_texts) {
  check_choice("solver", s.solver, {"auto", "primal", "dual"});
  check_choice("loss", s.loss, {"logistic", "svm", "svr"});
  const bool by_shape = s.loss != "logistic" && more_features_than_texts;  // of logistic the primal is always quicker
  const bool dual = s.solver == "dual" || (s.solver == "auto" && by_shape);
  if (s.loss == "logistic") return dual ? L2R_LR_DUAL : L2R_LR;
  if (s.loss == "svm") return dual ? L2R_L2LOSS_SVC_DUAL : L2R_L2LOSS_SVC;
  return dual ? L2R_L2LOSS_SVR_DUAL : L2R_L2LOSS_SVR;
}

// What its own program ends at when nothing is asked for.
double usual_tolerance(int solver) {
  return solver == L2R_L2LOSS_SVR ? 1e-4 : solver == L2R_LR || solver == L2R_L2LOSS_SVC ? 0.01 : 0.1;
}

}  // namespace

std::vector<double> Liblinear::fit(std::span<const double> y, double positive_cost, double negative_cost,
                                   const LiblinearSettings& s) const {
  check(y.size() == nodes_->rows.size(), "liblinear: ", y.size(), " labels of ", nodes_->rows.size(), " texts");
  check(s.C > 0 && s.tolerance >= 0 && s.epsilon >= 0, "liblinear: C ", s.C, ", tolerance ", s.tolerance, ", epsilon ",
        s.epsilon, " must not be below 0");
  std::vector<double> targets(y.begin(), y.end());
  std::vector<feature_node*> rows = nodes_->rows;
  const problem data{int(y.size()), int(nodes_->columns) + 1, targets.data(), rows.data(), 1.0};
  std::vector<int> labels{1, -1};
  std::vector<double> costs{positive_cost, negative_cost};
  parameter settings{};
  settings.solver_type = solver_of(s, nodes_->columns > int64_t(y.size()));
  settings.eps = s.tolerance > 0 ? s.tolerance : usual_tolerance(settings.solver_type);
  settings.C = s.C, settings.p = s.epsilon;
  if (s.loss != "svr") settings.nr_weight = 2, settings.weight_label = labels.data(), settings.weight = costs.data();
  if (const char* wrong = check_parameter(&data, &settings)) fail("liblinear: ", wrong);

  static std::mutex generator;
  std::unique_lock lock(generator, std::defer_lock);
  const bool draws = settings.solver_type != L2R_LR && settings.solver_type != L2R_L2LOSS_SVC &&
                     settings.solver_type != L2R_L2LOSS_SVR;
  if (draws) lock.lock(), std::srand(s.seed);
  static std::once_flag silenced;
  std::call_once(silenced, [] { set_print_string_function([](const char*) {}); });
  model* fitted = train(&data, &settings);
  std::vector<double> w(fitted->w, fitted->w + nodes_->columns + 1);
  free_and_destroy_model(&fitted);
  return w;
}

}  // namespace stemma
