// For tests only: the numbers that tools/golden/models.py draws from names, and comparison with what it found.
#pragma once
#include <map>

#include "stemma/base/files.h"
#include "stemma/base/json.h"
#include "stemma/nn/layers.h"
#include "stemma/nn/module_test.h"

namespace stemma::golden {

constexpr int64_t width = 4, heads = 2, feed_forward = 6, vocabulary = 7;
inline const std::vector<int64_t> target_lengths = {2, 4, 1}, source_lengths = {3, 1, 2};

// The numbers that the script draws from a name.
inline Tensor numbers(const std::string& name, int64_t rows, int64_t cols) {
  uint64_t x = 7;
  for (const unsigned char c : name) x = (31 * x + c) % 2147483647;
  Tensor t(rows, cols);
  for (int64_t i = 0; i < t.size(); ++i) {
    x = x * 48271 % 2147483647;
    t.data()[i] = float(2 * double(x) / 2147483647 - 1);
  }
  return t;
}
inline Tensor ids(const std::string& name, const std::vector<int64_t>& lengths) {
  std::vector<int32_t> out;
  for (size_t b = 0; b < lengths.size(); ++b)
    for (const float v : numbers(str(name, " ", b), 1, lengths[b]).values())
      out.push_back(int32_t((double(v) + 1) / 2 * vocabulary));
  return Tensor::ids(out, splits_of_lengths(lengths));
}
template <HasFields M>
M drawn(M module) {
  walk("", module, [](const std::string& path, Param& p) {
    const auto values = numbers(path, p.w.rows(), p.w.cols()).values();
    std::copy(values.begin(), values.end(), p.w.data());
  });
  return module;
}
inline Embedding drawn_embedding() {  // tied: named after the first of its names
  struct Named {
    Embedding embed;
    FIELDS(embed)
  };
  return drawn(Named{Embedding(vocabulary, width, {})}).embed;
}
inline Tensor input(const std::string& name, const std::vector<int64_t>& lengths) {
  const auto splits = splits_of_lengths(lengths);
  return parameter(numbers(name, splits->back(), width)).with_splits(splits);
}

inline void expect_near(const Tensor& found, const Json& wanted, const std::string& what) {
  ASSERT_TRUE(bool(found)) << what;
  ASSERT_EQ(found.size(), int64_t(wanted.array().size())) << what;
  for (int64_t i = 0; i < found.size(); ++i) {
    const double w = wanted.array()[size_t(i)].number();
    EXPECT_NEAR(found.data()[i], w, 2e-5 * std::max(1.0, std::abs(w))) << what << ", element " << i;
  }
}

// Outputs, and the gradients of all parameters and inputs, which are all that the script has.
inline void expect_golden(const std::string& name, const Params& leaves, const std::map<std::string, Tensor>& outputs) {
  SCOPED_TRACE(name);
  static const Json all = Json::parse(read_file(str(STEMMA_SOURCE_DIR, "/tests/golden/models.json")));
  const Json& wanted = all[name];
  ASSERT_EQ(outputs.size(), wanted["outputs"].object().size());
  Tensor loss = Tensor::zeros(1, 1);
  for (const auto& [key, y] : outputs) {
    expect_near(y, wanted["outputs"][key], key);
    loss = loss + sum(y * numbers("d " + key, y.rows(), y.cols()));
  }
  const Json* gradients = wanted.find("gradients");
  if (!gradients) return;
  backward(loss);
  ASSERT_EQ(leaves.size(), gradients->object().size());
  for (const auto& [path, w] : leaves) expect_near(grad(w), (*gradients)[path], "gradient of " + path);
}

}  // namespace stemma::golden
