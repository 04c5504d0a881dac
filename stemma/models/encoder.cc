#include "stemma/models/encoder.h"

#include "stemma/models/bag.h"
#include "stemma/models/recurrent_encoder.h"
#include "stemma/models/text_cnn.h"
#include "stemma/models/transformer_encoder.h"

namespace stemma {

namespace {

template <class E>
class Erased : public Encoder {
 public:
  Erased(std::string name, E encoder) : name_(std::move(name)), encoder_(std::move(encoder)) {}
  Tensor operator()(const TokenRows& x) const override {
    const At here("encoder");
    return encoder_(x);
  }
  int64_t width() const override { return encoder_.width(); }
  int64_t backwards() const override {
    if constexpr (requires { encoder_.backwards(); }) return encoder_.backwards();
    return 0;
  }
  int64_t longest() const override {
    if constexpr (requires { encoder_.longest(); }) return encoder_.longest();
    return 0;
  }
  void walk(const std::string& path, const ParamFn& f) override { stemma::walk(path, encoder_, f); }
  const std::string& name() const override { return name_; }
  Json config() const override { return to_json(encoder_.config); }

 private:
  std::string name_;
  E encoder_;
};

struct Entry {
  std::string name, pooling;
  Json defaults;
  std::function<std::unique_ptr<Encoder>(const Json&, const TokenCounts&)> make;
};

template <class E>
Entry entry(const std::string& name, const std::string& pooling) {
  return {name, pooling, to_json(typename E::Config{}), [name](const Json& config, const TokenCounts& n) {
            return std::make_unique<Erased<E>>(name, E(from_json<typename E::Config>(config, name), n));
          }};
}
Entry recurrent(const std::string& name, Cell cell) {
  using E = RecurrentEncoder;
  return {name, "max", to_json(E::Config{}), [name, cell](const Json& config, const TokenCounts& n) {
            return std::make_unique<Erased<E>>(name, E(cell, from_json<E::Config>(config, name), n));
          }};
}

const std::vector<Entry>& entries() {  // oldest first
  static const std::vector<Entry> list = {
      entry<Bag>("bag", "mean"),                         // Mikolov et al. 2013; Iyyer et al. 2015
      recurrent("rnn", Cell::rnn),                       // Elman 1990
      recurrent("lstm", Cell::lstm),                     // Hochreiter & Schmidhuber 1997
      recurrent("gru", Cell::gru),                       // Cho et al. 2014
      entry<TextCnn>("textcnn", "max"),                  // Kim 2014
      entry<TransformerEncoder>("transformer", "mean"),  // Vaswani et al. 2017
  };
  return list;
}

const Entry& find(const std::string& name) {
  for (const auto& e : entries())
    if (e.name == name) return e;
  fail("unknown encoder '", name, "'", suggestion(name, encoder_names()));
}

}  // namespace

std::vector<std::string> encoder_names() {
  std::vector<std::string> names;
  for (const auto& e : entries()) names.push_back(e.name);
  return names;
}

Json default_encoder_config(const std::string& name) { return find(name).defaults; }
const std::string& default_pooling(const std::string& name) { return find(name).pooling; }

std::unique_ptr<Encoder> make_encoder(const std::string& name, const Json& config, const TokenCounts& counts) {
  check(counts.words > 0, "an encoder needs a vocabulary");
  return find(name).make(config, counts);
}

}  // namespace stemma
