#include "stemma/tasks/training_plan.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/choice.h"
#include "stemma/base/parallel.h"
#include "stemma/ops/product.h"

namespace stemma {

std::string in_units(int64_t bytes) {
  const double gib = double(bytes) / double(1 << 30);
  return gib >= 1 ? str(std::round(gib * 10) / 10, " GiB") : str(bytes >> 20, " MiB");
}

int64_t copies(const TrainOptions& o) {
  return 2 +
         (o.optimizer.name == "sgd"         ? 1
          : o.optimizer.name == "adafactor" ? 0
                                            : 2) +
         (o.ema > 0 || o.non_monotone > 0 ? 1 : 0);
}

void TrainingPlan::fill(const Params& params, const TrainOptions& options, Type type) {
  precision = name_of(type);
  parameters = count(params);
  threads = stemma::threads();
  weights_bytes = parameters * 4;
  training_bytes = weights_bytes * (copies(options) - 1);
  available_bytes = system_memory_available();
  for (const auto& [n, what] : {std::pair{double(options.steps), "steps"}, std::pair{double(options.epochs), "epochs"},
                                std::pair{options.minutes, "minutes"}})
    if (n > 0) limit += str(limit.empty() ? "" : " or ", n, " ", what);
  if (options.early_stopping > 0)
    limit +=
        str(limit.empty() ? "" : " or ", options.early_stopping, " validations without a better ", options.stop_on);
}

void TrainingPlan::check_weights() const {
  check(fixed_bytes() < available_bytes, "this model needs ", in_units(fixed_bytes()),
        " for weights and optimiser, but ", in_units(available_bytes), " are free; choose a smaller model");
}

void TrainingPlan::check_batch(const std::string& smaller_how) const {
  const int64_t needed = fixed_bytes() + activation_bytes;
  check(needed < available_bytes, "a batch needs about ", in_units(needed), ", but ", in_units(available_bytes),
        " are free; try ", smaller_how);
}

Type resolve_precision(const std::string& precision) {
  check_choice("precision", precision, {"auto", "f32", "bf16"});
  return precision == "bf16" || (precision == "auto" && native_bf16() && !deterministic()) ? Type::bf16 : Type::f32;
}

TrainOptions resolved(TrainOptions options) {
  const Deterministic kernels(options.deterministic);
  options.precision = name_of(resolve_precision(options.precision));
  return options;
}

void check_place_of_run(const std::string& directory, bool resume) {
  check(!resume || is_directory(directory), "nothing to resume: there is no directory ", directory);
  check(resume || !Trainer::can_resume(directory), directory,
        " holds a run already: continue it with --resume, or choose another --out");
}

int64_t measure_activations(const Params& params, Type precision, const std::function<Tensor()>& loss) {
  Random random{1};
  const Training on(random);
  const Precision scope(precision);
  reset_memory_peak();
  const int64_t before = memory_use().now;
  backward(loss());
  for (const auto& p : params) clear_grad(p.w);
  const int64_t gradients = count(params) * 4;  // counted elsewhere
  return std::max<int64_t>(memory_use().peak - before - gradients, 0);
}

}  // namespace stemma
