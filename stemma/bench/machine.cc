#include "stemma/bench/machine.h"

#include <dlfcn.h>
#include <unistd.h>

#include <array>

#include "stemma/base/parallel.h"
#include "stemma/ops/bandwidth.h"
#include "stemma/ops/dnnl.h"
#include "stemma/tensor/memory.h"

namespace stemma {

namespace {

// ---- memory ---------------------------------------------------------------------------------------------------------
int64_t cache_bytes(int name, int64_t otherwise) {
  const long n = ::sysconf(name);
  return n > 0 ? int64_t(n) : otherwise;
}

std::vector<Level> find_levels() {
  const int64_t first = cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 32 << 10);
  const int64_t second = cache_bytes(_SC_LEVEL2_CACHE_SIZE, 512 << 10);
  const int64_t third = cache_bytes(_SC_LEVEL3_CACHE_SIZE, 16 << 20);
  const int64_t most = system_memory_available() / 4;  // of servers' caches of hundreds of MB a part is ours
  return {{"L1", first, first / 2},
          {"L2", second, second / 2},
          {"L3", third, std::min<int64_t>(third / 2, 16 << 20)},
          {"memory", INT64_MAX, std::min(most, std::max<int64_t>(4 * third, 256 << 20))}};
}

Json memory_row(const Level& level, int64_t rounds) {
  Json row = Json::object({{"memory", level.name}, {"KiB a thread", level.test >> 10}, {"threads", threads()}});
  const auto rate = [&](int64_t reads, int64_t writes) {
    const int64_t all = level.name == "memory" ? level.test : level.test * threads();
    const Moving moving{reads, writes, all / 4 / (reads + writes)};
    return 1e-9 * moving.bytes() / time_of_moving(moving, rounds).best;
  };
  row["read GB/s"] = rate(1, 0), row["write GB/s"] = rate(0, 1);
  row["copy GB/s"] = rate(1, 1), row["triad GB/s"] = rate(2, 1);
  return row;
}

// ---- products -------------------------------------------------------------------------------------------------------
// OpenBLAS, when it is installed; the program does not need it.
struct OpenBlas {
  using Product = void (*)(int order, int ta, int tb, int m, int n, int k, float alpha, const float* a, int lda,
                           const float* b, int ldb, float beta, float* c, int ldc);
  Product product = nullptr;
  void (*set_threads)(int) = nullptr;

  OpenBlas() {
    void* library = ::dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    product = reinterpret_cast<Product>(::dlsym(library, "cblas_sgemm"));
    set_threads = reinterpret_cast<void (*)(int)>(::dlsym(library, "openblas_set_num_threads"));
  }
};

double openblas_rate(const ProductShape& s, int64_t rounds) {
  static const OpenBlas library;
  if (!library.product || !library.set_threads) return 0;
  const Tensor a = Tensor::full(s.m, s.k, 1), b = Tensor::full(s.n, s.k, 1), c(s.m, s.n);
  library.set_threads(threads());
  constexpr int row_major = 101, plain = 111, transposed = 112;
  return s.flops() * 1e-9 / time_of(rounds, [&] {
                              library.product(row_major, plain, transposed, int(s.m), int(s.n), int(s.k), 1, a.data(),
                                              int(s.k), b.data(), int(s.k), 0, c.data(), int(s.n));
                            }).best;
}

Json product_row(const ProductShape& s, Type type, int64_t rounds) {
  const auto rates = product_rates(s, type, rounds);
  Json row = Json::object({{"product", str(s.m, " x ", s.n, " x ", s.k)},
                           {"type", name_of(type)},
                           {"threads", threads()},
                           {"ours GFLOP/s", rates.ours},
                           {"oneDNN GFLOP/s", rates.onednn}});
  row["OpenBLAS GFLOP/s"] = rates.openblas > 0 ? Json(rates.openblas) : Json("-");
  row["% of best"] = 100 * rates.ours / rates.best();
  return row;
}

constexpr std::array<ProductShape, 3> large_products = {{{1024, 1024, 1024}, {4096, 1024, 256}, {4096, 2048, 512}}};

// With one thread, then with all.
template <class F>
void with_threads(F&& f) {
  const int all = threads();
  set_threads(1);
  f();
  set_threads(all);
  if (all > 1) f();
}

}  // namespace

std::vector<Level> memory_levels() {
  static const std::vector<Level> levels = find_levels();
  return levels;
}

const Level& level_of(int64_t bytes) {
  static const std::vector<Level> levels = find_levels();
  for (const auto& level : levels)
    if (bytes <= level.holds) return level;
  return levels.back();
}

Timing time_of_moving(const Moving& m, int64_t rounds) {
  Streams streams;
  for (int64_t i = 0; i < m.reads; ++i) streams.from.push_back(Tensor::full(m.elements, 1, 1));
  for (int64_t i = 0; i < m.writes; ++i) streams.to.push_back(Tensor::full(m.elements, 1, 1));
  streams.times = std::clamp<int64_t>((1 << 18) / std::max<int64_t>(m.elements, 1), 1, 64);
  volatile float used = 0;
  const auto time = [&](bool past) {
    streams.past = past;
    Timing out = time_of(rounds, [&] { used = stream(streams); });
    out.best /= double(streams.times), out.median /= double(streams.times);
    return out;
  };
  const Timing through = time(false);
  if (m.writes == 0 || m.bytes() < 16e6) return through;  // what is small stays in the caches
  const Timing past = time(true);
  return past.best < through.best ? past : through;
}

ProductRates product_rates(const ProductShape& s, Type type, int64_t rounds) {
  ProductRates out;
  const Precision on(type);
  const Tensor a = Tensor::full(s.m, s.k, 1), b = Tensor::full(s.n, s.k, 1), c(s.m, s.n);
  out.ours = 1e-9 * s.flops() / time_of(rounds, [&] { product(a, b, c, {.transposed = {.b = true}}); }).best;
  if (type == Type::f32 || native_bf16())
    out.onednn = 1e-9 * s.flops() / time_of(rounds, dnnl_prepared(type, s.m, s.n, s.k)).best;
  if (type == Type::f32) out.openblas = openblas_rate(s, rounds);
  return out;
}

double best_library_rate(Type type, int64_t rounds) {
  double best = 0;
  for (const ProductShape& s : large_products) best = std::max(best, product_rates(s, type, rounds).best());
  return best;
}

BenchRows bench_machine(const BenchOptions& options) {
  BenchRows out;
  with_threads([&] {
    for (const Type type : {Type::f32, Type::bf16})
      for (const ProductShape& s : large_products) out.push_back(product_row(s, type, options.rounds));
  });
  with_threads([&] {
    for (const auto& level : memory_levels()) out.push_back(memory_row(level, options.rounds));
  });
  return out;
}

}  // namespace stemma
