// The matrix products of a model, counted: what a step could not do without, on the rows that are there. The product
// limit of a workload is the time that these alone would take at the best rate measured on this machine.
#pragma once
#include "stemma/data/batches.h"
#include "stemma/models/rnn_search.h"
#include "stemma/models/transformer.h"

namespace stemma {

// Sums over sentence pairs of s source and t target rows.
struct PairSums {
  double s = 0, t = 0;            // rows
  double ss = 0, tt = 0, st = 0;  // s^2; t (t + 1) / 2, what causal attention looks at; s t
  PairSums& add(int64_t source, int64_t target);
};
PairSums sums_of(const ParallelBatch& batch);  // as trained on: one row more than the target has ids

// Multiplications (each with its addition) of the products of one pass forwards. Training does three times as many:
// each product has one for dx and one for dW.
double products_forward(const Transformer::Config& c, const PairSums& n, int64_t vocabulary);
double products_forward(const RnnSearch::Config& c, const PairSums& n, int64_t vocabulary);  // LSTM cells

// The best rate of products of many rows in this precision, in GFLOP/s, with all threads.
double best_product_rate(Type precision);

}  // namespace stemma
