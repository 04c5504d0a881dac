// f32: the BLAS-like call. bf16: one primitive for each way of transposing and adding, made for sizes known only at run
// time: as fast here as one for each shape, and batches of rows hardly ever have the same shape twice.
#include "stemma/ops/dnnl.h"

#include <dnnl.hpp>

#include <map>
#include <utility>

namespace stemma {

namespace {

using dnnl::memory;
constexpr auto later = DNNL_RUNTIME_DIM_VAL;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

memory::desc describe(int64_t rows, int64_t cols, int64_t stride, bool transposed, memory::data_type type) {
  return {{rows, cols}, type, transposed ? memory::dims{1, stride} : memory::dims{stride, 1}};
}

dnnl::matmul make(bool a_transposed, bool b_transposed, bool add) {
  dnnl::primitive_attr attributes;
  if (add) {
    dnnl::post_ops sum;
    sum.append_sum(1);
    attributes.set_post_ops(sum);
  }
  const auto bf16 = memory::data_type::bf16;
  return dnnl::matmul(
      {{describe(later, later, later, a_transposed, bf16), describe(later, later, later, b_transposed, bf16),
        describe(later, later, later, false, memory::data_type::f32)},
       attributes,
       engine()});
}

}  // namespace

void dnnl_product_bf16(const ProductCall& p) {
  check(p.alpha == 1 && (p.beta == 0 || p.beta == 1), "oneDNN product with alpha ", p.alpha, " and beta ", p.beta);
  try {
    // A primitive's scratch memory belongs to the thread that made it.
    static thread_local std::map<std::tuple<bool, bool, bool>, dnnl::matmul> made;
    static thread_local dnnl::stream stream(engine());
    const std::tuple key(p.a.transposed, p.b.transposed, p.beta == 1);
    auto found = made.find(key);
    if (found == made.end()) found = made.emplace(key, std::apply(make, key)).first;
    const auto operand = [](const MatrixView& x, int64_t rows, int64_t cols) {
      return memory(describe(rows, cols, x.stride, x.transposed, memory::data_type::bf16), engine(),
                    const_cast<void*>(x.data));
    };
    const memory c(describe(p.m, p.n, p.stride, false, memory::data_type::f32), engine(), p.c);
    found->second.execute(
        stream,
        {{DNNL_ARG_SRC, operand(p.a, p.m, p.k)}, {DNNL_ARG_WEIGHTS, operand(p.b, p.k, p.n)}, {DNNL_ARG_DST, c}});
    stream.wait();
  } catch (const dnnl::error& e) {
    fail("oneDNN: product [", p.m, ", ", p.k, "] [", p.k, ", ", p.n, "] failed: ", e.what());
  }
}

std::function<void()> dnnl_prepared(Type type, int64_t m, int64_t n, int64_t k) {
  const auto kind = type == Type::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
  const auto a = describe(m, k, k, false, kind), b = describe(k, n, k, true, kind);
  const auto c = describe(m, n, n, false, memory::data_type::f32);
  const dnnl::matmul made({{a, b, c}, engine()});
  const Tensor A = cast(Tensor::full(m, k, 1), type), B = cast(Tensor::full(n, k, 1), type), C(m, n);
  return [=] {
    dnnl::stream stream(engine());
    made.execute(stream, {{DNNL_ARG_SRC, memory(a, engine(), A.raw())},
                          {DNNL_ARG_WEIGHTS, memory(b, engine(), B.raw())},
                          {DNNL_ARG_DST, memory(c, engine(), C.raw())}});
    stream.wait();
  };
}

void dnnl_product_f32(const ProductCall& p) {
  const auto status = dnnl_sgemm(p.a.transposed ? 'T' : 'N', p.b.transposed ? 'T' : 'N', p.m, p.n, p.k, p.alpha,
                                 static_cast<const float*>(p.a.data), p.a.stride, static_cast<const float*>(p.b.data),
                                 p.b.stride, p.beta, p.c, p.stride);
  check(status == dnnl_success, "oneDNN: product [", p.m, ", ", p.k, "] [", p.k, ", ", p.n, "] failed with status ",
        int64_t(status));
}

}  // namespace stemma
