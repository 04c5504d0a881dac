// TextCNN. Kim 2014, "Convolutional neural networks for sentence classification"; child of the bag, which sees no
// order: a filter is a soft n-gram.
#pragma once
#include "stemma/nn/token_input.h"

namespace stemma {

struct TextCnn {
  static constexpr const char* pooling = "max";
  struct Config {
    TokenInputShape input;
    std::vector<int64_t> widths = {3, 4, 5};  // in tokens; section 3.1
    int64_t filters = 100;                    // of each width
    FIELDS(input, widths, filters)
  };
  struct Filters {
    Param W, b;  // [filters, width * in]
    FIELDS(W, b)
  };
  TokenInput input;
  std::vector<Filters> of_width;
  FIELDS(input, of_width)
  Config config;

  TextCnn(const Config& c, const TokenCounts& counts) : input(c.input, counts), config(c) {
    check(!c.widths.empty() && c.filters > 0, "widths, filters: at least one of each");
    for (const int64_t w : c.widths) {
      check(w > 0, "widths: ", w, " is not positive");
      of_width.push_back({Param(c.filters, w * input.width(), {Init::xavier}), Param(1, c.filters)});
    }
  }
  int64_t width() const { return config.filters * int64_t(of_width.size()); }
  // c_i = f(w x_{i - (h - 1) / 2 ..} + b), eq. 2, with rows beyond the text zero; its max over time is eq. 4.
  Tensor operator()(const TokenRows& x) const {
    const Tensor e = input(x);
    std::vector<Tensor> maps;
    for (size_t k = 0; k < of_width.size(); ++k) {
      const int64_t w = config.widths[k];
      maps.push_back(relu(conv(e, of_width[k].W, of_width[k].b, {.width = w, .before = (w - 1) / 2})));
    }
    const Tensor y = hstack(maps);
    observe("filters", y);
    return y;
  }
};

}  // namespace stemma
