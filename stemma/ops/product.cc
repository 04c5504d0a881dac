// Which kernel makes which product. Measured with AVX-512 on one core, in 10^9 operations a second:
//                                Zen 5                             Sapphire Rapids, forwards and both gradients
//   f32, 512 rows and more       oneDNN 225..245, OpenBLAS 120     own panels 130..175, oneDNN 100..165 (not alone)
//   f32, 1 / 8 / 32 rows         own dot products 62 / 180 / 181, oneDNN 63 / 209 / 164
//   bf16, rounding included      oneDNN 410..440                   oneDNN 415..530, own tiles 650..1000
// So f32 is ours with AVX-512, and elsewhere oneDNN's from some rows on where no bias, fixed order of k or mixed types
// ask for ours; bf16 goes to our tiles where the processor has AMX, to oneDNN where it has only AVX512-BF16.
#include "stemma/ops/product.h"

#include <algorithm>
#include <chrono>

#include "stemma/base/parallel.h"
#include "stemma/ops/amx.h"
#include "stemma/ops/dnnl.h"
#include "stemma/ops/dots.h"
#include "stemma/ops/gemm.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/panels.h"
#include "stemma/tensor/kernel.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/product.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

// Rows of f32, rounded to bf16.
void round_rows(const MatrixView& x, const Tensor& to) {
  parallel_for(to.rows(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* const from = static_cast<const float*>(x.data) + i * x.stride;
      bf16* const row = to.data<bf16>() + i * to.cols();
      for_vectors(to.cols(), [&](int64_t j, int64_t left) { store(load(from + j, left), row + j, left); });
    }
  });
}

// C = beta C + turned^T
void add_turned(const ProductCall& p, const Tensor& turned) {
  constexpr int64_t rows = 16;
  const int64_t whole = padded(p.n);
  parallel_for(pieces(p.m, rows), std::max<int64_t>(1, (1 << 14) / (rows * p.n)), [&](int64_t begin, int64_t end) {
    const Tensor block(rows, whole);
    for (int64_t i = begin * rows; i < std::min(end * rows, p.m); i += rows) {
      const int64_t n = std::min(rows, p.m - i);
      transpose_scaled(turned.data() + i, p.m, p.n, n, 1, {block.data(), whole});
      for (int64_t r = 0; r < n; ++r) {
        float* const c = p.c + (i + r) * p.stride;
        for_vectors(p.n, [&](int64_t j, int64_t left) {
          const V sum = load(block.data() + r * whole + j, left);
          store(p.beta == 0 ? sum : hn::MulAdd(all(p.beta), load(c + j, left), sum), c + j, left);
        });
      }
    }
  });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

namespace {

HWY_EXPORT(round_rows);
HWY_EXPORT(add_turned);

// op(x) is [rows, cols]; memory holds the rounded copy.
MatrixView as_bf16(const MatrixView& x, int64_t rows, int64_t cols, Tensor& memory) {
  if (x.type == Type::bf16) return x;
  memory = x.transposed ? Tensor(cols, rows, Type::bf16) : Tensor(rows, cols, Type::bf16);
  HWY_DYNAMIC_DISPATCH(round_rows)(x, memory);
  return view(memory, x.transposed);
}

void bf16_product(const ProductCall& call) {
  ProductCall p = call;
  Tensor a, b;
  p.a = as_bf16(call.a, p.m, p.k, a);
  p.b = as_bf16(call.b, p.k, p.n, b);
  dnnl_product_bf16(p);
  finish_product(p);
}

// oneDNN is slow where a transposed A is wider than B: the gradient of W in x W^T that widens x. On Sapphire Rapids 130
// at 2,048 x 512 x 4,096, against 200 for C^T = B^T A.
bool better_turned(const ProductCall& p) { return p.a.transposed && !p.b.transposed && p.m >= 2 * p.n && p.k >= 1024; }
void turned_product(const ProductCall& p) {
  const Tensor c(p.n, p.m);
  ProductCall turned{.m = p.n, .n = p.m, .k = p.k, .a = p.b, .b = p.a, .c = c.data(), .stride = p.m, .alpha = p.alpha};
  turned.a.transposed = true, turned.b.transposed = false;
  dnnl_product_f32(turned);
  HWY_DYNAMIC_DISPATCH(add_turned)(p, c);
}

// What comes after the sums is cheaper while a block of C is near.
void f32_product(const ProductCall& p) {
  if (packed_is_best() || p.bias || p.residual || p.relu) return packed_product(p);
  better_turned(p) ? turned_product(p) : dnnl_product_f32(p);
}

// An empty sum.
void scale(const ProductCall& p) {
  for (int64_t i = 0; i < p.m; ++i)
    for (float* c = p.c + i * p.stride; c < p.c + i * p.stride + p.n; ++c) *c = p.beta == 0 ? 0 : p.beta * *c;
  finish_product(p);
}

// Which unit multiplies this in bf16, if any: tiles add in an order of k's own, oneDNN promises none.
enum class Unit { none, tiles, dnnl };
Unit bf16_unit(const ProductCall& p) {
  if (p.precision != Type::bf16 && (p.a.type != Type::bf16 || p.b.type != Type::bf16)) return Unit::none;
  if (p.alpha != 1 || (p.beta != 0 && p.beta != 1)) return Unit::none;
  return has_amx() ? Unit::tiles : native_bf16() && !p.deterministic ? Unit::dnnl : Unit::none;
}
bool all_f32(const ProductCall& p) {
  return p.a.type == Type::f32 && p.b.type == Type::f32 && p.precision == Type::f32;
}

void product_cpu(const ProductCall& p) {
  if (p.k == 0) return scale(p);
  if (in_panels(p)) return panel_product(p);
  const Unit unit = bf16_unit(p);
  // Up to so many rows dot products win over copying B. Their order of k is another one than that of the panels.
  const int64_t few = unit == Unit::none && !packed_is_best() ? 64 : 16;
  if (p.b.transposed && !p.deterministic && p.m <= few) return dot_product(p);
  if (unit == Unit::tiles) return amx_product(p);
  if (unit == Unit::dnnl) return bf16_product(p);
  if (all_f32(p) && !p.deterministic) return f32_product(p);
  packed_product(p);
}
// C is made aside and then rounded, where the unit cannot do it on the way.
void rounded_product(const ProductCall& call) {
  if (call.k > 0 && call.beta == 0 && !in_panels(call) && bf16_unit(call) == Unit::tiles) return amx_product(call);
  const std::shared_ptr<void> nobodys(std::shared_ptr<void>(), call.narrow);
  const Tensor narrow = Tensor::over(nobodys, call.m, call.stride, Type::bf16);
  const Tensor c = call.beta == 0 ? Tensor(call.m, call.stride) : cast(narrow, Type::f32);
  product_cpu(into(c, call));
  HWY_DYNAMIC_DISPATCH(round_rows)(view(c), narrow);
}
void any_product_cpu(const ProductCall& p) { p.narrow ? rounded_product(p) : product_cpu(p); }
constexpr Kernel<void(const ProductCall&)> kernel{"product", any_product_cpu, ON_CUDA(product_cuda)};

}  // namespace

MatrixView view(const Tensor& x, bool transposed) {
  return {x.raw(), x.cols(), x.type(), transposed, x.device(), x.panels()};
}

Cost cost_of(const ProductCall& p) {
  const double m = double(p.m), n = double(p.n), k = double(p.k);
  const auto operand = [](const MatrixView& x, double size) { return double(bytes_of(x.type)) * size; };
  const int element = p.narrow ? 2 : p.beta == 0 ? 4 : 8;  // of C, written and perhaps read
  return {.flops = 2 * m * n * k,
          .bytes = operand(p.a, m * k) + operand(p.b, k * n) + element * m * n,
          .sizes = str(p.m, " x ", p.n, " x ", p.k)};
}
ProductCall into(const Tensor& c, ProductCall call) {
  call.c = c.type() == Type::f32 ? c.data() : nullptr;
  call.narrow = c.type() == Type::f32 ? nullptr : c.data<bf16>();
  call.stride = c.cols();
  return call;
}
void product(const ProductCall& p) {
  if (p.m > 0 && p.n > 0) kernel(p);
}
void product(const Tensor& a, const Tensor& b, const Tensor& c, const ProductInto& how) {
  const auto [ta, tb] = how.transposed;
  const int64_t k = ta ? a.rows() : a.cols();
  check(c.rows() == (ta ? a.cols() : a.rows()) && c.cols() == (tb ? b.rows() : b.cols()) &&
            k == (tb ? b.cols() : b.rows()),
        "product of ", a, ta ? " transposed" : "", " and ", b, tb ? " transposed" : "", " into ", c);
  product(into(c, {.m = c.rows(),
                   .n = c.cols(),
                   .k = k,
                   .a = view(a, ta),
                   .b = view(b, tb),
                   .alpha = how.alpha,
                   .beta = how.beta}));
}

bool native_bf16() {
  static const bool native = __builtin_cpu_supports("avx512bf16");  // every processor with AMX has it too
  return native;
}

double product_rate(Type precision, int64_t m, int64_t n, int64_t k) {
  const Tensor a = Tensor::full(m, k, 1), b = Tensor::full(n, k, 1), c(m, n);
  const Precision on(precision);
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  double best = 0;  // of a tenth of a second: the first rounds wake the threads
  for (int round = 0; round < 5 || Clock::now() - begun < std::chrono::milliseconds(100); ++round) {
    const auto start = Clock::now();
    product(a, b, c, {.transposed = {.b = true}});
    const std::chrono::duration<double> seconds = Clock::now() - start;
    best = std::max(best, 2e-9 * double(m) * double(n) * double(k) / seconds.count());
  }
  return best;
}

}  // namespace stemma
#endif
