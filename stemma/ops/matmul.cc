// matmul    y = op(A) op(B)
//   dA = dy op(B)^T, transposed when A was;  dB = op(A)^T dy, likewise.  Added in place: beta = 1.
#include "stemma/ops/product.h"

namespace stemma {

namespace {

// dx = op(a) op(b), added to what is there; empty: x wants none.
void add_product(const Tensor& x, const Tensor& a, const Tensor& b, Transposed t) {
  if (const auto dx = gradient_of(x)) product(a, b, dx.grad, {.transposed = t, .beta = dx.fresh ? 0.0f : 1.0f});
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, Transposed t) {
  const int64_t m = t.a ? a.cols() : a.rows(), k = t.a ? a.rows() : a.cols();
  check((t.b ? b.cols() : b.rows()) == k, "matmul of ", a, t.a ? " transposed" : "", " and ", b,
        t.b ? " transposed" : "", ": the inner sizes differ");
  Tensor y(m, t.b ? b.rows() : b.cols(), Type::f32, t.a ? Splits() : a.splits());
  product(a, b, y, {.transposed = t});
  return record(y, {a, b}, [a, b, t](const Tensor& dy) {
    if (t.a)
      add_product(a, b, dy, {.a = t.b, .b = true});
    else
      add_product(a, dy, b, {.b = !t.b});
    if (t.b)
      add_product(b, dy, a, {.a = true, .b = t.a});
    else
      add_product(b, a, dy, {.a = !t.a});
    return Grads{};
  });
}

}  // namespace stemma
