#include "stemma/models/encoder.h"

#include "stemma/models/bag.h"
#include "stemma/models/erased.h"
#include "stemma/models/recurrent_encoder.h"
#include "stemma/models/text_cnn.h"
#include "stemma/models/transformer_encoder.h"

namespace stemma {

namespace {

template <class E>
class ErasedEncoder : public Encoder {
 public:
  ErasedEncoder(std::string name, E encoder) : name_(std::move(name)), encoder_(std::move(encoder)) {}
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
  const char* pooling() const override { return E::pooling; }
  void walk(const std::string& path, const ParamFn& f) override { stemma::walk(path, encoder_, f); }
  const std::string& name() const override { return name_; }
  Json config() const override { return to_json(encoder_.config); }

 private:
  std::string name_;
  E encoder_;
};

using Encoders = Catalogue<Encoder, TokenCounts>;

template <class E, class... Kind>
Encoders::Entry entry(const std::string& name, Kind... kind) {
  return Encoders::entry<ErasedEncoder<E>, E>(name, kind...);
}

const Encoders& encoders() {  // oldest first
  static const Encoders list(
      {
          entry<Bag>("bag"),                            // Mikolov et al. 2013; Iyyer et al. 2015
          entry<RecurrentEncoder>("rnn", Cell::rnn),    // Elman 1990
          entry<RecurrentEncoder>("lstm", Cell::lstm),  // Hochreiter & Schmidhuber 1997
          entry<RecurrentEncoder>("gru", Cell::gru),    // Cho et al. 2014
          entry<TextCnn>("textcnn"),                    // Kim 2014
          entry<TransformerEncoder>("transformer"),     // Vaswani et al. 2017
      },
      "encoder");
  return list;
}

}  // namespace

std::vector<std::string> encoder_names() { return encoders().names(); }

Json default_encoder_config(const std::string& name) { return encoders().find(name).defaults; }

std::unique_ptr<Encoder> make_encoder(const std::string& name, const Json& config, const TokenCounts& counts) {
  check(counts.words > 0, "an encoder needs a vocabulary");
  return encoders().find(name).make(config, counts);
}

}  // namespace stemma
