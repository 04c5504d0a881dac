// stemma doctor: what this machine can do, measured, and what stemma makes of it.
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <thread>

#include "stemma/base/files.h"
#include "stemma/base/json.h"
#include "stemma/base/parallel.h"
#include "stemma/base/version.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/terminal.h"
#include "stemma/ops/libraries.h"
#include "stemma/ops/product.h"
#include "stemma/tasks/training_plan.h"
#include "stemma/tensor/memory.h"

namespace stemma {

namespace {

#ifdef __clang__
constexpr const char* compiler = __VERSION__;  // "Debian Clang 14.0.6"
#else
constexpr const char* compiler = "GCC " __VERSION__;
#endif

struct Processor {
  std::string model = "unknown";
  std::vector<std::string> features;  // those that matter here
};

Processor processor() {
  Processor out;
  if (!exists("/proc/cpuinfo")) return out;
  std::istringstream lines(read_file("/proc/cpuinfo"));
  std::vector<std::string> flags;
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(": ");
    if (colon == line.npos) continue;
    if (line.starts_with("model name")) out.model = line.substr(colon + 2);
    if (!line.starts_with("flags") || !flags.empty()) continue;
    std::istringstream words(line.substr(colon + 2));
    for (std::string word; words >> word;) flags.push_back(word);
  }
  for (const char* name : {"avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16",
                           "amx_tile", "amx_bf16", "amx_int8"})
    if (std::find(flags.begin(), flags.end(), name) != flags.end()) out.features.push_back(name);
  return out;
}

// Billions of bytes a second, reading and writing, with all threads; the best of five copies of 256 MB.
double memory_rate() {
  const int64_t n = int64_t{128} << 20;
  const auto from = allocate(size_t(n)), to = allocate(size_t(n));
  char *a = static_cast<char*>(from.get()), *b = static_cast<char*>(to.get());
  const auto fill = [&](int64_t begin, int64_t end) { std::memset(a + begin, 1, size_t(end - begin)); };
  const auto copy = [&](int64_t begin, int64_t end) { std::memcpy(b + begin, a + begin, size_t(end - begin)); };
  parallel_for(n, 1 << 20, fill);
  double best = 0;
  for (int i = 0; i < 5; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    parallel_for(n, 1 << 20, copy);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    best = std::max(best, 2 * double(n) / seconds / 1e9);
  }
  return best;
}

Json product_rates() {
  Json::Array out;
  for (const auto& [m, what] : {std::pair{1, "one row, as when stepping"}, std::pair{2048, "a batch, as in training"}})
    for (const Type type : {Type::f32, Type::bf16})
      out.push_back(Json::object({{"precision", name_of(type)},
                                  {"rows", m},
                                  {"inner", 512},
                                  {"columns", 2048},
                                  {"gflops", product_rate(type, m, 2048, 512)},
                                  {"what", what}}));
  return out;
}

std::string joined(const Json& list) {
  std::string out;
  for (const auto& item : list.array()) out += str(out.empty() ? "" : " ", item.text());
  return out.empty() ? "none" : out;
}

std::string text_of(const Json& d) {
  Table table({"this machine", ""});
  table.add({"processor", d["processor"].text()});
  table.add({"features", joined(d["features"])});
  table.add({"threads", str(d["threads"].integer(), " of ", d["cores"].integer(), " cores (OpenMP)")});
  table.add({"memory free", str(with_commas(d["memory_available"].integer() >> 20), " MiB")});
  table.add({"memory rate", str(fixed(d["memory_gb_per_second"].number(), 1), " GB/s")});
  table.add({"kernels", str(joined(d["kernel_levels"]), " (Highway ", d["highway"].text(), ")")});
  table.add({"oneDNN", str(d["onednn"].text(), ", ", d["onednn_isa"].text())});
  for (const auto& r : d["products"].array())
    table.add({str("products, ", r["precision"].text()),
               str(fixed(r["gflops"].number(), 1), " GFLOP/s: [", r["rows"].integer(), " x 512] [512 x 2048], ",
                   r["what"].text())});
  table.add({"precision", str(d["precision"].text(), " products in training, ", d["prediction_precision"].text(),
                              " in prediction")});
  table.add({"system", d["system"].text()});
  table.add({"stemma", str(d["stemma"].text(), ", compiled by ", d["compiler"].text())});
  return table.text();
}

std::string system_name() {
  utsname name{};
  return ::uname(&name) == 0 ? str(name.sysname, " ", name.release, " ", name.machine) : "unknown";
}

}  // namespace

int doctor_command(const Words& words) {
  bool json = false;
  Machine machine;
  CommandLine line("doctor", "Says what this machine can do: processor, libraries, measured rates, chosen precision.",
                   "  stemma doctor\n  stemma doctor --threads 1 --json\n");
  line.flag("--json", json, "one object");
  machine.declare(line);
  if (!line.parse(words)) return 0;
  const MachineScope scope(machine);
  const auto cpu = processor();
  const auto used = libraries();
  const Json out = Json::object({{"stemma", version},
                                 {"compiler", compiler},
                                 {"system", system_name()},
                                 {"processor", cpu.model},
                                 {"features", cpu.features},
                                 {"cores", std::thread::hardware_concurrency()},
                                 {"threads", threads()},
                                 {"memory_available", system_memory_available()},
                                 {"memory_gb_per_second", memory_rate()},
                                 {"kernel_levels", used.simd_levels},
                                 {"highway", used.highway},
                                 {"onednn", used.onednn},
                                 {"onednn_isa", used.onednn_isa},
                                 {"products", product_rates()},
                                 {"precision", name_of(resolve_precision(machine.precision))},
                                 {"prediction_precision", name_of(precision())}});
  std::fputs(json ? (out.dump() + "\n").c_str() : text_of(out).c_str(), stdout);
  return 0;
}

}  // namespace stemma
