// Whatever the files of a tfidf model hold, one that is accepted answers every text without harm. The input is its
// files, parted by the byte 0x1E: tfidf.json, n-grams of words, of characters, tfidf.safetensors.
#include "stemma/sparse/text_model.h"

#include <algorithm>

#include "stemma/base/check.h"
#include "stemma/base/json.h"
#include "stemma/base/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  const auto part = [&] {
    const std::string_view first = rest.substr(0, rest.find('\x1e'));
    rest.remove_prefix(std::min(rest.size(), first.size() + 1));
    return std::string(first);
  };
  stemma::TextModelFiles files;
  files.json = part();
  for (int kind = 0; kind < 2; ++kind)
    if (std::string terms = part(); !terms.empty()) files.terms.push_back(std::move(terms));
  try {
    const auto model = stemma::TextModelFiles::read(files, stemma::SafetensorsFile(rest, "fuzz"), "fuzz");
    const std::vector<std::string> texts{"the cat and käse 面包", "", "\xff \\ dog\n"};
    const stemma::Texts none;
    static_cast<void>(model.predict({.texts = texts, .others = model.pairs() ? stemma::Texts(texts) : none}));
    static_cast<void>(model.heaviest(0, 5));
  } catch (const stemma::Error&) {}
  return 0;
}
