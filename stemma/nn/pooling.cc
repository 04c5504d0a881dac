#include "stemma/nn/pooling.h"

#include "stemma/base/choice.h"

namespace stemma {

Pooling::Pooling(const PoolingShape& s) : shape(s) {
  check_choice("pooling", s.pooling, {"last", "first", "max", "mean", "attention"});
  if (s.pooling != "attention") return;
  const int64_t a = s.attention_width ? s.attention_width : s.width;
  W = Linear(s.width, a);
  v = Param(1, a, {Init::xavier});
}

// Row `last` or first of each sequence; zeros where there is none.
static Tensor edge_rows(const Tensor& h, bool last) {
  std::vector<int64_t> from, to;
  for (int64_t s = 0; s < h.sequences(); ++s)
    if (h.begin(s) < h.end(s)) from.push_back(last ? h.end(s) - 1 : h.begin(s)), to.push_back(s);
  const Tensor found = gather(h, from);
  return int64_t(to.size()) == h.sequences() ? found : scatter_add(found, to, h.sequences());
}

Tensor Pooling::operator()(const Tensor& h) const {
  if (shape.pooling == "max") return segment_max(h);
  if (shape.pooling == "mean") return segment_mean(h);
  if (shape.pooling != "attention") {
    const bool last = shape.pooling == "last";
    const int64_t forwards = h.cols() - shape.backwards;
    if (shape.backwards == 0) return edge_rows(h, last);
    return hstack({edge_rows(cols(h, 0, forwards), last), edge_rows(cols(h, forwards, shape.backwards), !last)});
  }
  const Tensor a = segment_softmax(linear(W(h, Activation::tanh), v));
  observe("pooling", a);
  return segment_sum(h * a);
}

}  // namespace stemma
