#include "stemma/bench/ops.h"

#include <map>
#include <tuple>

#include "stemma/base/parallel.h"
#include "stemma/base/profile.h"
#include "stemma/bench/machine.h"
#include "stemma/ops/ops.h"
#include "stemma/ops/product.h"
#include "stemma/ops/update.h"
#include "stemma/tensor/elements.h"

namespace stemma {

namespace {

using Op = std::function<Tensor(const std::vector<Tensor>&)>;

struct Place {
  std::string op, pass, shape;
};

class Table {
 public:
  explicit Table(const BenchOptions& options) : options_(options) {}

  // Against a plain move of the same bytes; and, when the arithmetic itself takes longer, `compute`, its time on data
  // in the near caches.
  void moving(const Place& place, const Timing& t, const Moving& m, double compute = 0) {
    const double move = time_of(m).best, limit = std::max(move, compute);
    Json row = begin(place, t);
    row["rate"] = 1e-9 * m.bytes() / t.best, row["unit"] = "GB/s";
    row["limit"] = 1e-9 * m.bytes() / limit;
    row["by"] = limit > move ? "arithmetic" : level_of(int64_t(m.bytes()) / threads()).name;
    end(std::move(row), 100 * limit / t.best, m.reads == 1 && m.writes == 0 ? 85 : 75);
  }
  void computing(const Place& place, const Timing& t, double flops, double best_rate, double goal) {
    Json row = begin(place, t);
    row["rate"] = 1e-9 * flops / t.best, row["unit"] = "GFLOP/s";
    row["limit"] = best_rate, row["by"] = "products";
    end(std::move(row), 100 * flops / t.best / (1e9 * best_rate), goal);
  }
  int64_t rounds() const { return options_.rounds; }
  BenchRows rows;

 private:
  static Json begin(const Place& p, const Timing& t) {
    return Json::object(
        {{"op", p.op}, {"pass", p.pass}, {"shape", p.shape}, {"best us", 1e6 * t.best}, {"median us", 1e6 * t.median}});
  }
  void end(Json row, double share, double goal) {
    row["% of limit"] = share, row["goal %"] = goal, row["reached"] = share >= goal ? "yes" : "no";
    rows.push_back(std::move(row));
  }
  Timing time_of(const Moving& m) {
    const std::tuple key(m.reads, m.writes, m.elements);
    if (const auto found = moves_.find(key); found != moves_.end()) return found->second;
    Timing out = time_of_moving(m, options_.rounds);
    if (m.writes > 0 && m.reads + m.writes > 2) {  // many streams at once are sometimes slower than two
      const Moving copy{1, 1, m.elements * (m.reads + m.writes) / 2};
      out.best = std::min(out.best, time_of_moving(copy, options_.rounds).best);
    }
    return moves_[key] = out;
  }
  const BenchOptions& options_;
  std::map<std::tuple<int64_t, int64_t, int64_t>, Timing> moves_;
};

std::string text(int64_t rows, int64_t cols) { return str(rows, " x ", cols); }

Tensor random(int64_t rows, int64_t cols, Splits splits = {}) {
  Tensor x(rows, cols, Type::f32, std::move(splits));
  Random rng{uint64_t(rows * cols)};
  for (int64_t i = 0; i < std::min<int64_t>(x.size(), 4096); ++i) x.data()[i] = rng.normal();
  for (int64_t i = 4096; i < x.size(); ++i) x.data()[i] = x.data()[i - 4096];
  return x;
}

// A tensor inside a graph: its gradient is taken and forgotten.
Tensor inner(const Tensor& x) {
  static const Tensor leaf = parameter(Tensor(1, 1));
  return record(x.detach(), {leaf}, [](const Tensor&) { return Grads{}; });
}

struct Passes {
  Timing forward, backward;
};
Passes time_passes(const Op& f, const std::vector<Tensor>& inputs, int64_t rounds) {
  Random rng{1};
  const Training on(rng);
  const auto forward = [&] {
    const NoGrad off;
    return f(inputs);
  };
  const Tensor dy = random(forward().rows(), forward().cols());
  Passes out{.forward = time_of(rounds, forward), .backward = {}};
  const auto once = [&] {
    std::vector<Tensor> x;
    for (const auto& input : inputs) x.push_back(input.type() == Type::i32 ? input : inner(input));
    const Tensor y = f(x);
    return seconds_of([&] { backward(y, dy); });
  };
  once();
  std::vector<double> all;
  for (int64_t i = 0; i < rounds; ++i) {
    double best = once();
    for (double spent = best; spent < 2e-3; spent += best) best = std::min(best, once());
    all.push_back(best);
  }
  out.backward = timing_of(std::move(all));
  return out;
}

// ---- row-wise ops ---------------------------------------------------------------------------------------------------
struct RowWise {
  const char* name;
  Op f;
  int64_t inputs = 1;                                    // of the full shape
  std::vector<std::pair<int64_t, int64_t>> others = {};  // rows (0: all) and columns (0: all) of the smaller ones
  int64_t outputs = 1;                                   // written in forward, what is kept included
  int64_t backward_reads = 1, backward_writes = 1;       // tensors of the full shape; 0 and 0: nothing is done
};

std::vector<Tensor> inputs_of(const RowWise& op, int64_t rows, int64_t cols) {
  std::vector<Tensor> x;
  for (int64_t i = 0; i < op.inputs; ++i) x.push_back(random(rows, cols));
  for (const auto& [r, c] : op.others) x.push_back(random(r ? r : rows, c ? c : cols));
  return x;
}

void add_row_wise(Table& table, const RowWise& op, int64_t rows, int64_t cols) {
  // So many that the call itself does not count, so few that the near caches hold them.
  const int64_t near = std::max<int64_t>(1, (16 << 10) / cols);
  const auto few = time_passes(op.f, inputs_of(op, near, cols), table.rounds());
  const auto all = time_passes(op.f, inputs_of(op, rows, cols), table.rounds());
  const double scale = double(rows) / double(near);
  const std::string shape = text(rows, cols);
  table.moving({op.name, "forward", shape}, all.forward, {op.inputs, op.outputs, rows * cols},
               few.forward.best * scale);
  if (op.backward_writes > 0)
    table.moving({op.name, "backward", shape}, all.backward, {op.backward_reads, op.backward_writes, rows * cols},
                 few.backward.best * scale);
}

std::vector<RowWise> row_wise_ops() {
  using X = const std::vector<Tensor>&;
  return {
      {.name = "add", .f = [](X x) { return x[0] + x[1]; }, .inputs = 2, .backward_writes = 0},
      {.name = "multiply",
       .f = [](X x) { return x[0] * x[1]; },
       .inputs = 2,
       .backward_reads = 3,
       .backward_writes = 2},
      {.name = "add a row", .f = [](X x) { return x[0] + x[1]; }, .others = {{1, 0}}, .backward_writes = 0},
      {.name = "relu", .f = [](X x) { return relu(x[0]); }, .backward_reads = 2},
      {.name = "exp", .f = [](X x) { return exp(x[0]); }, .backward_reads = 2},
      {.name = "tanh", .f = [](X x) { return tanh(x[0]); }, .backward_reads = 2},
      {.name = "sigmoid", .f = [](X x) { return sigmoid(x[0]); }, .backward_reads = 2},
      {.name = "gelu", .f = [](X x) { return gelu(x[0]); }, .backward_reads = 2},
      {.name = "silu", .f = [](X x) { return silu(x[0]); }, .backward_reads = 2},
      {.name = "dropout", .f = [](X x) { return dropout(x[0], 0.1f); }},
      {.name = "layer_norm",
       .f = [](X x) { return layer_norm(x[0], x[1], x[2]); },
       .others = {{1, 0}, {1, 0}},
       .backward_reads = 2},
      {.name = "rms_norm", .f = [](X x) { return rms_norm(x[0], x[1]); }, .others = {{1, 0}}, .backward_reads = 2},
      {.name = "residual_norm",
       .f = [](X x) { return residual_norm(x[0], x[1], {.g = x[2], .b = x[3], .dropout = 0.1f}); },
       .inputs = 2,
       .others = {{1, 0}, {1, 0}},
       .outputs = 2,
       .backward_reads = 2,
       .backward_writes = 2},
      {.name = "softmax", .f = [](X x) { return softmax(x[0]); }, .backward_reads = 2},
      {.name = "log_softmax", .f = [](X x) { return log_softmax(x[0]); }, .backward_reads = 2},
  };
}

void add_reductions(Table& table, int64_t rows, int64_t cols) {
  const Tensor x = random(rows, cols);
  const auto time = [&](const char* name, auto&& f) {
    table.moving({name, "forward", text(rows, cols)}, time_of(table.rounds(), f), {1, 0, rows * cols});
  };
  const NoGrad off;
  time("sum_rows", [&] { return sum_rows(x); });
  time("sum_cols", [&] { return sum_cols(x); });
  time("argmax", [&] { return argmax(x); });
  time("sum_of_squares", [&] { return sum_of_squares(x); });
}

void add_embedding(Table& table, int64_t rows, int64_t cols) {
  const Tensor E = random(8000, cols);
  std::vector<int32_t> ids;
  Random rng{1};
  for (int64_t i = 0; i < rows; ++i) ids.push_back(int32_t(rng.below(8000)));
  const Tensor index = Tensor::ids(ids);
  const NoGrad off;
  table.moving({"embedding", "forward", text(rows, cols)}, time_of(table.rounds(), [&] { return embedding(E, index); }),
               {1, 1, rows * cols});
}

// All parameters of a model as one tensor, as the optimiser has them.
void add_updates(Table& table, int64_t parameters) {
  const Tensor w = random(parameters, 1), g = random(parameters, 1), m = random(parameters, 1);
  const Tensor v = Tensor::full(parameters, 1, 1);
  const std::string shape = text(parameters, 1);
  table.moving({"adam", "", shape}, time_of(table.rounds(), [&] { adam(w, g, m, v, {.lr = 1e-9}); }),
               {4, 3, parameters});
  table.moving({"sgd", "", shape}, time_of(table.rounds(), [&] { sgd(w, g, m, {.lr = 1e-9, .momentum = 0.9}); }),
               {3, 2, parameters});
  table.moving({"move_average", "", shape}, time_of(table.rounds(), [&] { move_average(m, w, 0.9); }),
               {2, 1, parameters});
}

// The row-wise part of cross entropy: losses and their gradient in place of a block of logits.
void add_cross_entropy(Table& table, int64_t rows, int64_t vocabulary, int64_t width) {
  const Tensor x = random(rows, width), W = random(vocabulary, width);
  const Tensor targets = Tensor::ids(std::vector<int32_t>(size_t(rows), 7));
  std::vector<double> seconds;
  for (int64_t i = 0; i <= table.rounds(); ++i) {
    const Profile profile;
    cross_entropy(inner(x), inner(W), {}, targets, 0.1f);
    for (const auto& line : summary(profile.events()))
      if (line.path == "cross_entropy / cross_entropy" && i > 0) seconds.push_back(line.own);
  }
  table.moving({"cross_entropy", "both", str(text(rows, vocabulary), ", logits alone")}, timing_of(std::move(seconds)),
               {1, 1, rows * vocabulary});
}

// ---- products -------------------------------------------------------------------------------------------------------
void add_linear(Table& table, int64_t rows, int64_t out, int64_t in) {
  const Op f = [](const std::vector<Tensor>& x) { return linear(x[0], x[1]); };
  const auto t = time_passes(f, {random(rows, in), random(out, in)}, table.rounds());
  const auto best = [&](const ProductShape& s) {
    return s.flops() / (1e9 * product_rates(s, precision(), table.rounds()).best());
  };
  const ProductShape y{rows, out, in}, dx{rows, in, out}, dW{out, in, rows};
  const std::string shape = str(rows, " x ", out, " x ", in);
  table.computing({"linear", "forward", shape}, t.forward, y.flops(), 1e-9 * y.flops() / best(y), 95);
  table.computing({"linear", "backward", shape}, t.backward, 2 * y.flops(), 2e-9 * y.flops() / (best(dx) + best(dW)),
                  95);
}

// Weights that do not fit the near caches, as in decoding: the time is that of reading them.
void add_few_rows(Table& table, int64_t rows, int64_t out, int64_t in, Type type) {
  const int64_t layers = std::max<int64_t>(1, (96 << 20) / (out * in * bytes_of(type)));
  std::vector<Tensor> W;
  for (int64_t i = 0; i < layers; ++i) W.push_back(cast(random(out, in), type));
  const Tensor x = random(rows, in);
  const NoGrad off;
  const auto t = time_of(table.rounds(), [&] {
    for (const auto& w : W) linear(x, w);
  });
  table.moving({str("linear, ", name_of(type), " W"), "forward", str(rows, " x ", out, " x ", in)}, t,
               {1, 0, layers * out * in * bytes_of(type) / 4});
}

void add_attention(Table& table, int64_t tokens, int64_t length, int64_t width, int64_t heads, bool causal) {
  const int64_t n = std::max<int64_t>(1, tokens / length);
  const Splits splits = splits_of_lengths(std::vector<int64_t>(size_t(n), length));
  const Op f = [=](const std::vector<Tensor>& x) {
    return attention(x[0], x[1], x[2], {.heads = heads, .causal = causal});
  };
  const Tensor x = random(n * length, width, splits);
  const auto t = time_passes(f, {x, x, x}, table.rounds());
  const double pairs = double(n) * double(causal ? length * (length + 1) / 2 : length * length);
  const double flops = 4 * pairs * double(width);  // Q K^T and P V; backward has five such products
  const double best = best_library_rate(precision(), table.rounds());
  const std::string shape = str(n, " of ", length, ", ", heads, " x ", width / heads);
  const char* name = causal ? "attention, causal" : "attention";
  table.computing({name, "forward", shape}, t.forward, flops, best, 60);
  table.computing({name, "backward", shape}, t.backward, 2.5 * flops, best, 60);
}

void add_recurrent(Table& table, const char* name, int64_t gates, const Op& f, int64_t n, int64_t length, int64_t h) {
  const Splits splits = splits_of_lengths(std::vector<int64_t>(size_t(n), length));
  std::vector<Tensor> inputs{random(n * length, gates * h, splits), random(gates * h, h)};
  if (gates == 3) inputs.push_back(random(1, gates * h));
  const auto t = time_passes(f, inputs, table.rounds());
  const ProductShape step{n, gates * h, h}, back{n, h, gates * h}, dU{gates * h, h, n * length};
  const auto rate = [&](const ProductShape& s) { return product_rates(s, precision(), table.rounds()).best(); };
  const double flops = step.flops() * double(length);
  const std::string shape = str(n, " of ", length, ", ", h);
  table.computing({name, "forward", shape}, t.forward, flops, rate(step), 75);
  table.computing({name, "backward", shape}, t.backward, 2 * flops, 2 / (1 / rate(back) + 1 / rate(dU)), 75);
}

}  // namespace

BenchRows bench_ops(const BenchOptions& options) {
  Table table(options);
  const std::vector<std::pair<int64_t, int64_t>> sizes = {{4096, 256}, {4096, 1024}, {4096, 2048}, {128, 512}};
  for (const auto& op : row_wise_ops()) {
    options.say(op.name);
    for (const auto& [rows, cols] : sizes) add_row_wise(table, op, rows, cols);
  }
  for (const auto& [rows, cols] : sizes) add_reductions(table, rows, cols), add_embedding(table, rows, cols);
  options.say("updates, cross entropy");
  for (const int64_t parameters : {int64_t{7'500'000}, int64_t{48'000'000}}) add_updates(table, parameters);
  add_cross_entropy(table, 4096, 8000, 256);
  options.say("products");
  for (const auto& [out, in] :
       {std::pair<int64_t, int64_t>{256, 256}, {1024, 256}, {256, 1024}, {512, 512}, {2048, 512}})
    add_linear(table, 4096, out, in);
  for (const Type type : {Type::f32, Type::bf16})
    for (const int64_t rows : {1, 4, 8}) add_few_rows(table, rows, 2048, 512, type);
  options.say("attention, recurrence");
  for (const int64_t length : {13, 128, 512})
    for (const bool causal : {false, true}) add_attention(table, 4096, length, 256, 4, causal);
  const Op lstm_op = [](const std::vector<Tensor>& x) { return lstm(x[0], x[1]).y; };
  const Op gru_op = [](const std::vector<Tensor>& x) { return gru(x[0], x[1], x[2]).y; };
  add_recurrent(table, "lstm", 4, lstm_op, 300, 13, 256);
  add_recurrent(table, "lstm", 4, lstm_op, 20, 35, 650);
  add_recurrent(table, "gru", 3, gru_op, 300, 13, 256);
  return std::move(table.rows);
}

}  // namespace stemma
