// Element by element. One table of functions of one argument (y, and its derivative from y or x), one of functions of
// two arguments, whose second may be a row, a column or a scalar:
//
//   y = f(x)     dx = dy f'(x)
//   y = a + b    da = dy          db = fold(dy)               fold: the sum over what was repeated
//   y = a - b    da = dy          db = -fold(dy)
//   y = a b      da = dy b        db = fold(dy a)
//   y = a / b    da = dy / b      db = -fold(dy y / b)
//   y = max(a, b)    da = dy [a >= b]    db = dy - da
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/elementwise.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "stemma/ops/elementwise.h"
#include "stemma/ops/past-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

// The table: value and slope. Rows whose slope takes y keep the output for backward, the others the input.
struct Exp {
  static V value(V x) { return exp(x); }
  static V slope(V y) { return y; }
};
struct Log {
  static V value(V x) { return log(x); }
  static V slope(V x) { return hn::Div(all(1), x); }
};
struct Sqrt {
  static V value(V x) { return hn::Sqrt(x); }
  static V slope(V y) { return hn::Div(all(0.5f), y); }
};
struct Square {
  static V value(V x) { return hn::Mul(x, x); }
  static V slope(V x) { return hn::Add(x, x); }
};
struct Tanh {
  static V value(V x) { return tanh(x); }
  static V slope(V y) { return hn::NegMulAdd(y, y, all(1)); }
};
struct Sigmoid {
  static V value(V x) { return sigmoid(x); }
  static V slope(V y) { return hn::NegMulAdd(y, y, y); }
};
struct Relu {
  static V value(V x) { return hn::IfThenElse(hn::Lt(x, all(0)), all(0), x); }  // NaN stays
  static V slope(V y) { return hn::IfThenElseZero(hn::Gt(y, all(0)), all(1)); }
};
struct Gelu {
  static V value(V x) { return hn::Mul(x, normal(x).cdf); }
  static V slope(V x) {
    const Normal n = normal(x);
    return hn::MulAdd(x, n.density, n.cdf);
  }
};
struct GeluTanh {  // x (1 + tanh u) / 2 = x sigmoid(2 u),  2 u = k (x + 0.044715 x^3),  k = 2 sqrt(2 / pi)
  static constexpr float k = 1.5957691216f, cubic = 0.044715f;
  static V value(V x) {
    const V x2 = hn::Mul(x, x);
    return hn::Mul(x, sigmoid(hn::Mul(hn::Mul(x, all(k)), hn::MulAdd(x2, all(cubic), all(1)))));
  }
  static V slope(V x) {
    const V x2 = hn::Mul(x, x), kx = hn::Mul(x, all(k));
    const V s = sigmoid(hn::Mul(kx, hn::MulAdd(x2, all(cubic), all(1))));
    const V du = hn::Mul(kx, hn::MulAdd(x2, all(3 * cubic), all(1)));
    return hn::MulAdd(hn::NegMulAdd(s, s, s), du, s);
  }
};
struct Silu {
  static V value(V x) { return hn::Mul(x, sigmoid(x)); }
  static V slope(V x) {
    const V s = sigmoid(x);
    return hn::MulAdd(hn::NegMulAdd(s, s, s), x, s);
  }
};

template <class F>
void values(const float* x, const Out& y, int64_t n) {
  write_vectors(y, n, std::array{x + ahead}, [&](int64_t i, int64_t left) { return F::value(load(x + i, left)); });
}
template <class F>
void slopes(const float* kept, const float* dy, const Out& dx, int64_t n) {
  write_vectors(dx, n, std::array{kept + ahead, dy + ahead},
                [&](int64_t i, int64_t left) { return hn::Mul(load(dy + i, left), F::slope(load(kept + i, left))); });
}

// In the order of `Function`.
constexpr decltype(&values<Exp>) value_table[] = {values<Exp>,      values<Log>,     values<Sqrt>, values<Square>,
                                                  values<Tanh>,     values<Sigmoid>, values<Relu>, values<Gelu>,
                                                  values<GeluTanh>, values<Silu>};
constexpr decltype(&slopes<Exp>) slope_table[] = {slopes<Exp>,      slopes<Log>,     slopes<Sqrt>, slopes<Square>,
                                                  slopes<Tanh>,     slopes<Sigmoid>, slopes<Relu>, slopes<Gelu>,
                                                  slopes<GeluTanh>, slopes<Silu>};
void unary(Function f, const float* x, const Out& y, int64_t n) { value_table[int(f)](x, y, n); }
void unary_slope(Function f, const float* kept, const float* dy, const Out& dx, int64_t n) {
  slope_table[int(f)](kept, dy, dx, n);
}

// ---- two arguments --------------------------------------------------------------------------------------------------
struct Add {
  static V value(V a, V b) { return hn::Add(a, b); }
};
struct Subtract {
  static V value(V a, V b) { return hn::Sub(a, b); }
};
struct Multiply {
  static V value(V a, V b) { return hn::Mul(a, b); }
};
struct Divide {
  static V value(V a, V b) { return hn::Div(a, b); }
};
struct Maximum {
  static V value(V a, V b) { return hn::IfThenElse(hn::Lt(a, b), b, a); }
};
struct NotLess {
  static V value(V a, V b) { return hn::IfThenElseZero(hn::Ge(a, b), all(1)); }
};

template <class F>
void with_row(const float* a, const float* b, const Out& y, int64_t n) {
  write_vectors(y, n, std::array{a + ahead, b + ahead},
                [&](int64_t i, int64_t left) { return F::value(load(a + i, left), load(b + i, left)); });
}
template <class F>
void with_scalar(const float* a, const float* b, const Out& y, int64_t n) {
  const V c = all(*b);
  write_vectors(y, n, std::array{a + ahead}, [&](int64_t i, int64_t left) { return F::value(load(a + i, left), c); });
}
// In the order of `Pair`.
constexpr decltype(&with_row<Add>) row_table[] = {with_row<Add>,    with_row<Subtract>, with_row<Multiply>,
                                                  with_row<Divide>, with_row<Maximum>,  with_row<NotLess>};
constexpr decltype(&with_row<Add>) scalar_table[] = {with_scalar<Add>,    with_scalar<Subtract>, with_scalar<Multiply>,
                                                     with_scalar<Divide>, with_scalar<Maximum>,  with_scalar<NotLess>};
void binary(int f, bool scalar, const float* a, const float* b, const Out& y, int64_t n) {
  (scalar ? scalar_table : row_table)[f](a, b, y, n);
}

// y = scale x + shift
void affine(float scale, float shift, const float* x, const Out& y, int64_t n) {
  write_vectors(y, n, std::array{x + ahead},
                [&](int64_t i, int64_t left) { return hn::MulAdd(load(x + i, left), all(scale), all(shift)); });
}
template <class From, class To>
void convert(const void* x, void* y, int64_t begin, int64_t n) {
  const auto* from = static_cast<const From*>(x) + begin;
  auto* to = static_cast<To*>(y) + begin;
  for_vectors(n, [&](int64_t i, int64_t left) { store(load(from + i, left), to + i, left); });
}
void narrow(const void* x, void* y, int64_t begin, int64_t n) { convert<float, bf16>(x, y, begin, n); }
void widen(const void* x, void* y, int64_t begin, int64_t n) { convert<bf16, float>(x, y, begin, n); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/tensor/kernel.h"

namespace stemma {

HWY_EXPORT(unary);
HWY_EXPORT(unary_slope);
HWY_EXPORT(binary);
HWY_EXPORT(affine);
HWY_EXPORT(narrow);
HWY_EXPORT(widen);

void apply(Function f, const float* x, float* y, int64_t n) { HWY_DYNAMIC_DISPATCH(unary)(f, x, y, n); }
void apply_slope(Function f, const float* kept, const float* dy, float* dx, int64_t n) {
  HWY_DYNAMIC_DISPATCH(unary_slope)(f, kept, dy, dx, n);
}
void accumulate(const float* x, float* y, int64_t n) { HWY_DYNAMIC_DISPATCH(binary)(0, false, y, x, y, n); }
bool keeps_output(Function f) {
  return f == Function::exp || f == Function::sqrt || f == Function::tanh || f == Function::sigmoid ||
         f == Function::relu;
}
Function function_of(Activation f) {
  switch (f) {
    case Activation::relu:
      return Function::relu;
    case Activation::gelu:
      return Function::gelu;
    case Activation::gelu_tanh:
      return Function::gelu_tanh;
    case Activation::silu:
      return Function::silu;
    case Activation::tanh:
      return Function::tanh;
    case Activation::sigmoid:
      return Function::sigmoid;
    case Activation::none:
      break;
  }
  fail("no function for activation ", int(f));
}

namespace {

enum class Pair : uint8_t { add, subtract, multiply, divide, maximum, not_less };

void unary_cpu(const Tensor& x, const Tensor& y, Function f) {
  const Out out(y);
  parallel_into(out, x.size(), element_grain, [&, from = x.data()](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(unary)(f, from + begin, out.from(begin), end - begin);
  });
}
void unary_slope_cpu(const Tensor& kept, const Tensor& dy, const Tensor& dx, Function f) {
  const Out out(dx);
  parallel_into(out, dy.size(), element_grain, [&, k = kept.data(), from = dy.data()](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(unary_slope)(f, k + begin, from + begin, out.from(begin), end - begin);
  });
}
void binary_cpu(const Tensor& a, const Tensor& b, const Tensor& y, Pair pair) {
  const auto kernel = HWY_DYNAMIC_DISPATCH(binary);
  const int f = int(pair);
  const float *pa = a.data(), *pb = b.data();
  const Out out(y);
  const int64_t d = a.cols();
  if (a.same_shape(b) || b.size() == 1) {
    const int64_t step = b.size() == 1 ? 0 : 1;
    parallel_into(out, a.size(), element_grain, [&](int64_t begin, int64_t end) {
      kernel(f, step == 0, pa + begin, pb + step * begin, out.from(begin), end - begin);
    });
  } else {
    const bool column = b.cols() == 1;
    parallel_into(out, a.rows(), row_grain(d), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) kernel(f, column, pa + i * d, column ? pb + i : pb, out.from(i * d), d);
    });
  }
}
void affine_cpu(const Tensor& x, const Tensor& y, float scale, float shift) {
  const Out out(y);
  parallel_into(out, x.size(), element_grain, [&, from = x.data()](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(affine)(scale, shift, from + begin, out.from(begin), end - begin);
  });
}
void cast_cpu(const Tensor& x, const Tensor& y) {
  const auto kernel = y.type() == Type::bf16 ? HWY_DYNAMIC_DISPATCH(narrow) : HWY_DYNAMIC_DISPATCH(widen);
  parallel_for(x.size(), element_grain,
               [&](int64_t begin, int64_t end) { kernel(x.raw(), y.raw(), begin, end - begin); });
}

constexpr Kernel<void(const Tensor& x, const Tensor& y, Function f)> unary_kernel{"elementwise", unary_cpu,
                                                                                  ON_CUDA(unary_cuda)};
constexpr Kernel<void(const Tensor& kept, const Tensor& dy, const Tensor& dx, Function f)> unary_slope_kernel{
    "elementwise backward", unary_slope_cpu, ON_CUDA(unary_slope_cuda)};
constexpr Kernel<void(const Tensor& a, const Tensor& b, const Tensor& y, Pair f)> binary_kernel{
    "elementwise of two", binary_cpu, ON_CUDA(binary_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& y, float scale, float shift)> affine_kernel{
    "scale and shift", affine_cpu, ON_CUDA(affine_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& y)> cast_kernel{"cast", cast_cpu, ON_CUDA(cast_cuda)};

Tensor unary_op(Function f, const Tensor& x) {
  Tensor y = Tensor::like(x);
  unary_kernel(x, y, f);
  return record(y, {x}, [f, kept = (keeps_output(f) ? y : x).detach()](const Tensor& dy) {
    Tensor dx = Tensor::like(dy);
    unary_slope_kernel(kept, dy, dx, f);
    return Grads{dx};
  });
}

Tensor binary_op(Pair f, const char* name, const Tensor& a, const Tensor& b) {
  check(a.same_shape(b) ||
            ((b.rows() == 1 || b.rows() == a.rows()) && (b.cols() == 1 || b.cols() == a.cols()) && f < Pair::maximum),
        a, " ", name, " ", b, ": the second must be of the same shape, one row, one column or [1, 1]");
  Tensor y = Tensor::like(a);
  binary_kernel(a, b, y, f);
  return y;
}
Tensor affine_op(const Tensor& x, float scale, float shift) {
  Tensor y = Tensor::like(x);
  affine_kernel(x, y, scale, shift);
  return record(y, {x}, [scale](const Tensor& dy) { return Grads{scale == 1 ? dy : scale * dy}; });
}

// The gradient of an operand [rows, cols] that was repeated to the shape of dy.
struct Shape {
  int64_t rows = 0, cols = 0;
};
Shape shape(const Tensor& x) { return {x.rows(), x.cols()}; }
Tensor fold(const Tensor& dy, Shape to) {
  if (dy.rows() == to.rows && dy.cols() == to.cols) return dy;
  if (to.rows == 1 && to.cols == 1) return sum(dy);
  return to.rows == 1 ? sum_rows(dy) : sum_cols(dy);
}
// x for the backward pass of another operand, which may not want it.
Tensor kept_for(const Tensor& other, const Tensor& x) { return other.tracked() ? x.detach() : Tensor(); }

}  // namespace

Tensor operator+(const Tensor& a, const Tensor& b) {
  return record(binary_op(Pair::add, "+", a, b), {a, b}, [to = shape(b), wanted = b.tracked()](const Tensor& dy) {
    return Grads{dy, wanted ? fold(dy, to) : Tensor()};
  });
}
Tensor operator-(const Tensor& a, const Tensor& b) {
  return record(binary_op(Pair::subtract, "-", a, b), {a, b}, [to = shape(b), wanted = b.tracked()](const Tensor& dy) {
    return Grads{dy, wanted ? -fold(dy, to) : Tensor()};
  });
}
Tensor operator*(const Tensor& a, const Tensor& b) {
  return record(binary_op(Pair::multiply, "*", a, b), {a, b},
                [a = kept_for(b, a), b = kept_for(a, b), to = shape(b)](const Tensor& dy) {
                  return Grads{b ? dy * b : Tensor(), a ? fold(dy * a, to) : Tensor()};
                });
}
Tensor operator/(const Tensor& a, const Tensor& b) {
  Tensor y = binary_op(Pair::divide, "/", a, b);
  return record(y, {a, b}, [y = kept_for(b, y), b = b.detach(), to = shape(b)](const Tensor& dy) {
    const Tensor da = dy / b;
    return Grads{da, y ? -fold(da * y, to) : Tensor()};
  });
}
Tensor maximum(const Tensor& a, const Tensor& b) {
  return record(binary_op(Pair::maximum, "maximum", a, b), {a, b}, [a = a.detach(), b = b.detach()](const Tensor& dy) {
    const Tensor da = dy * binary_op(Pair::not_less, "not less", a, b);
    return Grads{da, dy - da};
  });
}

Tensor operator+(const Tensor& x, float c) { return affine_op(x, 1, c); }
Tensor operator*(float c, const Tensor& x) { return affine_op(x, c, 0); }

Tensor exp(const Tensor& x) { return unary_op(Function::exp, x); }
Tensor log(const Tensor& x) { return unary_op(Function::log, x); }
Tensor sqrt(const Tensor& x) { return unary_op(Function::sqrt, x); }
Tensor square(const Tensor& x) { return unary_op(Function::square, x); }
Tensor tanh(const Tensor& x) { return unary_op(Function::tanh, x); }
Tensor sigmoid(const Tensor& x) { return unary_op(Function::sigmoid, x); }
Tensor relu(const Tensor& x) { return unary_op(Function::relu, x); }
Tensor gelu(const Tensor& x) { return unary_op(Function::gelu, x); }
Tensor gelu_tanh(const Tensor& x) { return unary_op(Function::gelu_tanh, x); }
Tensor silu(const Tensor& x) { return unary_op(Function::silu, x); }
Tensor activate(Activation f, const Tensor& x) { return f == Activation::none ? x : unary_op(function_of(f), x); }

Tensor cast(const Tensor& x, Type type) {
  if (x.type() == type) return x;
  check(x.type() != Type::i32 && type != Type::i32, "cast of ", x, " to ", name_of(type));
  Tensor y(x.rows(), x.cols(), type, x.splits());
  cast_kernel(x, y);
  return record(y, {x}, [from = x.type()](const Tensor& dy) { return Grads{cast(dy, from)}; });
}

}  // namespace stemma
#endif
