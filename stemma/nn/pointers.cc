#include "stemma/nn/pointers.h"

#include <algorithm>

namespace stemma {

PointerLoss pointer_loss(const Tensor& scores, const std::vector<int64_t>& wanted) {
  check(scores.cols() == 1 && int64_t(wanted.size()) == scores.sequences(), "pointer_loss of ", scores, " for ",
        wanted.size(), " sequences");
  PointerLoss out;
  std::vector<int64_t> row;
  for (int64_t b = 0; b < scores.sequences(); ++b) {
    row.push_back(scores.begin(b) + wanted[size_t(b)]);
    check(wanted[size_t(b)] >= 0 && row.back() < scores.end(b), "pointer_loss: sequence ", b, " has no row ",
          wanted[size_t(b)]);
    const float *s = scores.data(), *best = std::max_element(s + scores.begin(b), s + scores.end(b));
    out.correct += best == s + row.back();
  }
  // log sum e^s - s of the wanted one, both below the greatest.
  const Tensor z = scores - spread(segment_max(scores.detach()), scores.splits());
  out.total = sum(log(segment_sum(exp(z)))) - sum(gather(z, row));
  return out;
}

Tensor append_rows(const Tensor& x, const Tensor& last) {
  check(last.rows() == x.sequences(), "append_rows of ", last, " to ", x);
  std::vector<int64_t> index, lengths;
  for (int64_t b = 0; b < x.sequences(); ++b) {
    for (int64_t i = x.begin(b); i < x.end(b); ++i) index.push_back(i);
    index.push_back(x.rows() + b);
    lengths.push_back(x.end(b) - x.begin(b) + 1);
  }
  return gather(vstack({x, last}), index, splits_of_lengths(lengths));
}

}  // namespace stemma
