#include <csignal>
#include <cstdlib>

#include "stemma/base/check.h"
#include "stemma/base/parallel.h"
#include "stemma/cli/commands.h"
#include "stemma/tasks/training_plan.h"
#include "stemma/tensor/memory.h"

namespace stemma {

namespace {
std::atomic<bool> stop{false};
void on_signal(int) {
  if (stop.exchange(true)) std::_Exit(130);
}
}  // namespace

const std::atomic<bool>& stop_requested() {
  static const bool installed = [] {
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    return true;
  }();
  return static_cast<void>(installed), stop;
}

MachineScope::MachineScope(const Machine& machine)
    // Rounding to bf16 makes a tiny difference of sums a visible one, so answers would depend a little on their batch:
    // training may take that by itself, prediction only when asked.
    : deterministic_(machine.deterministic),
      precision_(machine.precision == "auto" ? Type::f32 : resolve_precision(machine.precision)) {
  if (machine.threads < 0 || machine.threads > 4096)
    throw UsageError(str("--threads: ", machine.threads, " is not between 0 and 4096"));
  set_threads(int(machine.threads));
  set_memory_limit(system_memory_available() / 20 * 19);  // an Error is kinder than the kernel's out-of-memory killer
}

}  // namespace stemma
