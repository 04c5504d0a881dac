// The smallest program that stands on an installed Stemma.
#include <cstdio>

#include "stemma/base/json.h"

int main() {
  const auto json = stemma::Json::parse(R"({"greeting": "你好"})");
  std::puts(json["greeting"].text().c_str());
}
