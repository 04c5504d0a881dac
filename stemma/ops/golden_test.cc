// Recurrences and multi-head attention against PyTorch: values and all gradients (tools/golden/recurrent_attention.py).
#include <map>

#include "stemma/base/files.h"
#include "stemma/base/json.h"
#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

using Named = std::map<std::string, Tensor>;

Matrix golden_matrix(const Json& json) {
  Matrix m(json["rows"].integer(), json["cols"].integer());
  read(json["values"], m.v, "values");
  return m;
}

// Runs f on the inputs of the case and compares outputs and gradients.
template <class F>
void expect_golden(const std::string& name, F&& f) {
  SCOPED_TRACE(name);
  const Json all = Json::parse(read_file(str(STEMMA_SOURCE_DIR, "/tests/golden/recurrent_attention.json")));
  const Json& wanted = all[name];
  std::vector<int64_t> lengths;
  read(wanted["lengths"], lengths, "lengths");
  Named inputs;
  for (const auto& [key, json] : wanted["inputs"].object()) inputs[key] = parameter(to_tensor(golden_matrix(json)));
  inputs["x"] = inputs["x"].with_splits(splits_of_lengths(lengths));
  const Named outputs = f(inputs);
  ASSERT_EQ(outputs.size(), wanted["outputs"].object().size());
  Tensor loss = Tensor::zeros(1, 1);
  for (const auto& [key, y] : outputs) {
    expect_near(y, golden_matrix(wanted["outputs"][key]), 1e-5, key);
    loss = loss + sum(y * to_tensor(golden_matrix(wanted["weights"][key])));
  }
  backward(loss);
  for (const auto& [key, x] : inputs)
    expect_near(grad(x), golden_matrix(wanted["gradients"][key]), 1e-5, "gradient of " + key);
}

TEST(Golden, recurrences_equal_pytorch) {
  at_each_level([] {
    expect_golden("rnn", [](Named& in) -> Named {
      const auto r = rnn(linear(in["x"], in["W"], {.b = in["b"]}) + in["b_u"], in["U"], in["h0"]);
      return {{"y", r.y}, {"h", r.h}};
    });
    expect_golden("lstm", [](Named& in) -> Named {
      const auto r = lstm(linear(in["x"], in["W"], {.b = in["b"]}) + in["b_u"], in["U"], in["h0"], in["c0"]);
      return {{"y", r.y}, {"h", r.h}, {"c", r.c}};
    });
    expect_golden("gru", [](Named& in) -> Named {
      const auto r = gru(linear(in["x"], in["W"], {.b = in["b"]}), in["U"], in["b_u"], in["h0"]);
      return {{"y", r.y}, {"h", r.h}};
    });
  });
}
TEST(Golden, multi_head_attention_equals_pytorch) {
  at_each_level([] {
    for (const bool causal : {false, true})
      expect_golden(causal ? "causal attention" : "attention", [&](Named& in) -> Named {
        const auto [Q, K, V] = split<3>(linear(in["x"], in["W"], {.b = in["b"]}));
        const auto y = attention(Q, K, V, {.heads = 2, .causal = causal});
        return {{"y", linear(y, in["W_o"], {.b = in["b_o"]})}};
      });
  });
}

}  // namespace
}  // namespace stemma
