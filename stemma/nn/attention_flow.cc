#include "stemma/nn/attention_flow.h"

namespace stemma {

AttentionFlow::AttentionFlow(int64_t d)
    : w_h(1, d, {Init::xavier}), w_u(1, d, {Init::xavier}), w_hu(1, d, {Init::xavier}) {}

// For each row of Q the row of K, in its sequence, that it has the greatest product with.
static std::vector<int64_t> best_rows(const Tensor& Q, const Tensor& K) {
  const NoGrad off;
  std::vector<int64_t> out;
  for (int64_t b = 0; b < Q.sequences(); ++b) {
    const auto part = [b](const Tensor& x) { return x.row_view(x.begin(b), x.end(b) - x.begin(b)); };
    check(K.begin(b) < K.end(b), "attention flow: question ", b, " of ", K, " has no row");
    for (const int32_t j : argmax(matmul(part(Q), part(K), {.b = true}))) out.push_back(K.begin(b) + j);
  }
  return out;
}

AttentionFlow::Flow AttentionFlow::operator()(const Tensor& H, const Tensor& U) const {
  check(H.sequences() == U.sequences() && H.cols() == U.cols() && H.cols() == w_h.w.cols(), "attention flow of ", H,
        " and ", U, " by w of ", w_h.w);
  const Tensor Q = H * w_hu + w_u;
  const Tensor read = attention(Q, U, U, {.scale = 1});
  const Tensor greatest = linear(H, w_h) + sum_cols(Q * gather(U, best_rows(Q, U), Q.splits()));
  const Tensor b = segment_softmax(greatest);
  observe("query to context", b);
  const Tensor context = segment_sum(H * b);
  return {hstack({H, read, H * read, H * spread(context, H.splits())}), context};
}

}  // namespace stemma
