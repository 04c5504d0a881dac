// What a task knows of an encoder: token rows in, a vector for each token out. A concrete encoder E is a plain struct:
//
//   struct E {
//     struct Config { ... FIELDS(...) };
//     static constexpr const char* pooling = "max";   // how its rows become one vector of a text, see nn/pooling.h
//     E(const Config&, const TokenCounts&);
//     int64_t width() const;                          // of a row
//     Tensor operator()(const TokenRows&) const;      // [N, width], the splits of the ids
//     int64_t backwards() const;                      // optional: how many last columns were read back to front
//     int64_t longest() const;                        // optional: tokens it has positions for
//     FIELDS(...)                                     // parameters
//   };
//
// encoder.cc lists them, oldest first. An encoder never asks what task it is for.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "stemma/base/json.h"
#include "stemma/nn/token_input.h"

namespace stemma {

class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual Tensor operator()(const TokenRows& x) const = 0;
  virtual int64_t width() const = 0;
  virtual int64_t backwards() const = 0;  // columns whose reading of a text ends at its first row; 0: none
  virtual int64_t longest() const = 0;    // 0: any number of tokens
  virtual void walk(const std::string& path, const ParamFn& f) = 0;
  virtual const char* pooling() const = 0;  // unless somebody says otherwise
  virtual const std::string& name() const = 0;
  virtual Json config() const = 0;
};

std::vector<std::string> encoder_names();
// All keys present. Error with the nearest name when unknown.
Json default_encoder_config(const std::string& name);
// Parameters have their initial values only after `initialise`. Error naming the field that does not fit.
std::unique_ptr<Encoder> make_encoder(const std::string& name, const Json& config, const TokenCounts& counts);

}  // namespace stemma
