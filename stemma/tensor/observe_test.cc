#include "stemma/tensor/observe.h"

#include <gtest/gtest.h>

#include "stemma/tensor/tape.h"

namespace stemma {
namespace {

using Seen = std::vector<std::string>;
Listener noting(Seen& seen) {
  return [&seen](const std::string& path, const Tensor& x) { seen.push_back(str(path, " ", x)); };
}
void layer(int64_t i) {
  const At here("layer", i);
  observe("attention", Tensor(2, 3));
}

TEST(Observe, PathsSayWhere) {
  Seen seen;
  {
    const Listening on(noting(seen));
    EXPECT_TRUE(observing());
    observe("input", Tensor(1, 1));
    const At here("encoder");
    layer(0);
    layer(1);
    observe("nothing", Tensor());
    observe("output", Tensor(1, 2));
  }
  EXPECT_EQ(seen, (Seen{"input [1, 1]", "encoder.layer.0.attention [2, 3]", "encoder.layer.1.attention [2, 3]",
                        "encoder.output [1, 2]"}));
}

TEST(Observe, NobodyListens) {
  EXPECT_FALSE(observing());
  layer(0);
  const At here("silent");
  Seen seen;
  const Listening on(noting(seen));
  layer(1);
  EXPECT_EQ(seen, Seen{"layer.1.attention [2, 3]"}) << "what began in silence has no name";
}

TEST(Observe, TheInnerListenerHearsAlone) {
  Seen outer, inner;
  const Listening on(noting(outer));
  {
    const Listening also(noting(inner));
    layer(0);
  }
  layer(1);
  EXPECT_EQ(inner, Seen{"layer.0.attention [2, 3]"});
  EXPECT_EQ(outer, Seen{"layer.1.attention [2, 3]"});
}

TEST(Observe, ValuesComeWithoutTheirGradient) {
  bool tracked = true;
  const Listening on([&](const std::string&, const Tensor& x) { tracked = x.tracked(); });
  observe("weight", parameter(Tensor(1, 1)));
  EXPECT_FALSE(tracked);
}

}  // namespace
}  // namespace stemma
