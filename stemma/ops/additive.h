// The kernels of additive attention, one step of all sequences; equations in additive.cc. additive_attention records
// them, recurrent.cc runs them step by step.
#pragma once
#include "stemma/ops/ops.h"
#include "stemma/tensor/kernel.h"

namespace stemma {

// The rows of keys and memory that each sequence looks at: row[begin[i]] .. row[begin[i + 1] - 1].
struct SourceRows {
  std::vector<int64_t> row, begin;
};

struct AdditiveStep {
  Tensor q;                // [n, a], of the first n sequences
  Tensor keys, memory, v;  // [M, a], [M, m], [1, a]
  const SourceRows& rows;
  Tensor weights;  // out: a number for each listed row of the n sequences
  Tensor context;  // out: [n, m]
  Device device() const { return q.device(); }
};
struct AdditiveStepBack {
  Tensor q, keys, memory, v;
  const SourceRows& rows;
  Tensor weights;         // of forward; used up
  Tensor dcontext;        // [n, m]
  Tensor dq;              // out
  Tensor dkeys, dmemory;  // added to; no two sequences may look at the same row
  Tensor dv;              // [n, a], a row for each sequence; added to
  Device device() const { return q.device(); }
};
extern const Kernel<void(const AdditiveStep&)> additive_step;
extern const Kernel<void(const AdditiveStepBack&)> additive_step_back;

}  // namespace stemma
