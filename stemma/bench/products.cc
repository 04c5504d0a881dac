#include "stemma/bench/products.h"

#include <algorithm>

#include "stemma/ops/product.h"

namespace stemma {

PairSums& PairSums::add(int64_t source, int64_t target) {
  const auto a = double(source), b = double(target);
  s += a, t += b, ss += a * a, tt += b * (b + 1) / 2, st += a * b;
  return *this;
}

PairSums sums_of(const ParallelBatch& batch) {
  PairSums out;
  for (int64_t i = 0; i < batch.source.size(); ++i)
    out.add(int64_t(batch.source[i].size()), int64_t(batch.target[i].size()) + 1);
  return out;
}

double products_forward(const Transformer::Config& c, const PairSums& n, int64_t vocabulary) {
  const auto d = double(c.width), f = double(c.feed_forward);
  const double feed = (c.activation == "swiglu" ? 3 : 2) * d * f;
  const double encoder = (4 * d * d + feed) * n.s + 2 * d * n.ss;  // Q, K, V, O; Q K^T and A V
  const double self = 4 * d * d * n.t + 2 * d * n.tt;
  const double cross = 2 * d * d * n.t + 2 * d * d * n.s + 2 * d * n.st;  // Q, O; K, V of the source
  return double(c.encoder_layers) * encoder + double(c.decoder_layers) * (self + cross + feed * n.t) +
         d * double(vocabulary) * n.t;
}

double products_forward(const RnnSearch::Config& c, const PairSums& n, int64_t vocabulary) {
  const auto e = double(c.embedding), h = double(c.encoder_width), w = double(c.width);
  const double directions = c.bidirectional ? 2 : 1, m = directions * h;
  const double a = c.attends() ? double(c.attention_width ? c.attention_width : c.width) : 0;
  double out = 0;
  for (int64_t i = 0; i < c.encoder_layers; ++i) out += directions * 4 * h * ((i ? m : e) + h) * n.s;
  for (int64_t i = 0; i < c.decoder_layers; ++i) out += 4 * w * ((i ? w : e) + w) * n.t;
  if (c.attends())  // keys; context into the gates; query; energies and context; readout
    out += m * a * n.s + 4 * w * m * n.t + w * a * n.t + (a + m) * n.st + w * (w + m + e) * n.t;
  return out + w * double(vocabulary) * n.t;
}

double best_product_rate(Type precision) {
  double best = 0;
  for (const int64_t m : {1024, 4096})
    for (const int64_t n : {512, 1024, 2048})
      for (const int64_t k : {512, 1024, 2048}) best = std::max(best, product_rate(precision, m, n, k));
  return best;
}

}  // namespace stemma
