// A fastText classifier through the library: example_classify TRAIN TEST [FIELD=VALUE ...]. Files in fastText's form
// ("__label__x some words"); fields are those of VectorOptions, threads, seed and out (a file for the model), as
// rate=0.5 word_ngrams=2 threads=2 out=model.bin. Prints one line of JSON: seconds before and in training, accuracy.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/base/json.h"
#include "stemma/base/parallel.h"
#include "stemma/vectors/classifier.h"
#include "stemma/vectors/supervised.h"

using namespace stemma;

namespace {

// f(words behind the labels, labels) for each line.
template <class F>
void each_document(const std::string& path, F&& f) {
  LineReader reader(path);
  for (std::string line; reader.next(line);) {
    std::string_view text = line;
    std::vector<std::string> labels;
    while (text.starts_with(label_prefix)) {
      const size_t end = std::min(text.find(' '), text.size());
      labels.emplace_back(text.substr(label_prefix.size(), end - label_prefix.size()));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    f(text, labels);
  }
}

struct Request {
  std::string train, test, out = {};
  Json fields = to_json(classifier_options());
  uint64_t seed = 1;
};
Request read_request(const std::vector<std::string>& words) {
  check(words.size() >= 2, "usage: example_classify TRAIN TEST [FIELD=VALUE ...]");
  Request request{.train = words[0], .test = words[1]};
  for (size_t i = 2; i < words.size(); ++i) {
    const size_t equals = words[i].find('=');
    check(equals != words[i].npos, "'", words[i], "' is not FIELD=VALUE");
    const auto name = words[i].substr(0, equals), value = words[i].substr(equals + 1);
    const auto number = [&] { return Json::parse(value, words[i]); };
    if (name == "threads")
      set_threads(int(number().integer()));
    else if (name == "seed")
      request.seed = uint64_t(number().integer());
    else if (name == "out")
      request.out = value;
    else
      request.fields[name] = name == "loss" ? Json(value) : number();
  }
  return request;
}

double accuracy(const Classifier& classifier, const std::string& path) {
  double right = 0, documents = 0;
  each_document(path, [&](std::string_view text, const std::vector<std::string>& labels) {
    const auto guesses = classifier.predict(text);  // none of a text without any known word
    const auto best = guesses.empty() ? "" : guesses[0].label;
    right += std::any_of(labels.begin(), labels.end(), [&](auto& label) { return best == str(label_prefix, label); });
    ++documents;
  });
  return right / documents;
}

void run(const Request& request) {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto seconds = [](auto time) { return std::chrono::duration<double>(time).count(); };
  const auto start = now();
  LabelledCorpus corpus;
  each_document(request.train,
                [&](std::string_view text, const std::vector<std::string>& labels) { corpus.add(text, labels); });
  const auto options = from_json<VectorOptions>(request.fields, "the command line");
  VectorModel model = new_classifier(options, corpus, request.seed);
  const auto ready = now();
  VectorRun once{.seed = request.seed};
  train_classifier(model, corpus, once, false);
  const auto trained = now();
  const Classifier classifier(model);
  const auto said = Json::object({{"words", corpus.running_words() * options.epochs},
                                  {"reading", seconds(ready - start)},
                                  {"seconds", seconds(trained - ready)},
                                  {"accuracy", accuracy(classifier, request.test)}});
  if (!request.out.empty()) classifier.save(request.out);
  std::printf("%s\n", said.dump().c_str());
}

}  // namespace

int main(int count, char** words) {
  try {
    run(read_request({words + 1, words + count}));
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
