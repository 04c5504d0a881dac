// Files of fastText 0.9.2 and gensim, made by tools/golden/vectors.py, and what these programs say of them.
#include "stemma/vectors/vector_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "stemma/base/json.h"
#include "stemma/base/testing.h"
#include "stemma/vectors/classifier.h"
#include "stemma/vectors/compress.h"
#include "stemma/vectors/fasttext_file.h"
#include "stemma/vectors/neighbours.h"

namespace stemma {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::string golden(const std::string& name) { return str(STEMMA_SOURCE_DIR "/tests/golden/vectors/", name); }
const Json& answers() {
  static const Json all = Json::parse(read_file(golden("answers.json")));
  return all;
}
const std::vector<std::string> fasttext_files{"skipgram.bin", "cbow_tree.bin", "softmax.bin",   "tree.bin",
                                              "each.bin",     "negatives.bin", "quantized.ftz", "pruned.ftz"};

void expect_near(const std::vector<float>& found, const Json& wanted, double tolerance = 2e-5) {
  ASSERT_EQ(found.size(), wanted.array().size());
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], wanted.array()[i].number(), tolerance) << i;
}
void expect_vectors(const VectorModel& model, const Json& vectors) {
  for (const auto& [word, wanted] : vectors.object()) {
    SCOPED_TRACE(word);
    expect_near(model.word_vector(word), wanted);
  }
}
void expect_neighbours(const std::vector<Neighbour>& found, const Json& wanted, const Lexicon& lexicon,
                       double tolerance = 2e-5) {
  ASSERT_EQ(found.size(), wanted.array().size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(lexicon.text(found[i].id), wanted.array()[i].array()[0].text());
    EXPECT_NEAR(found[i].score, wanted.array()[i].array()[1].number(), tolerance);
  }
}

TEST(FastText, VectorsOfKnownAndUnknownWordsAreItsOwn) {
  for (const auto& name : fasttext_files) {
    SCOPED_TRACE(name);
    const auto model = load_vectors(golden(name));
    const Json& said = answers()[name];
    EXPECT_EQ(model.dimension(), said["dimension"].integer());
    ASSERT_EQ(model.lexicon.words(), int64_t(said["words"].array().size()));
    for (int32_t i = 0; i < model.lexicon.words(); ++i)
      EXPECT_EQ(model.lexicon.text(i), said["words"].array()[size_t(i)].text());
    expect_vectors(model, said["vectors"]);
    for (const auto& [text, wanted] : said["sentences"].object()) expect_near(text_vector(model, text), wanted);
  }
}

TEST(FastText, NeighboursAreItsOwn) {
  const auto model = load_vectors(golden("skipgram.bin"));
  const Neighbours neighbours(model);
  for (const auto& [word, wanted] : answers()["skipgram.bin"]["nearest"].object())
    expect_neighbours(neighbours.nearest(word, 5), wanted, model.lexicon);
}

TEST(FastText, LabelsAndProbabilitiesAreItsOwn) {
  int texts = 0;
  for (const auto& name : fasttext_files) {
    if (!answers()[name].find("labels")) continue;
    SCOPED_TRACE(name);
    const auto model = load_vectors(golden(name));
    const Classifier classifier(model);
    for (const auto& [text, wanted] : answers()[name]["labels"].object()) {
      SCOPED_TRACE(text);
      const auto found = classifier.predict(text, 100);
      ASSERT_EQ(found.size(), wanted.array().size());
      for (size_t i = 0; i < found.size(); ++i, ++texts) {
        // Its table of sigmoids makes some labels equally probable; their order is accident.
        const auto& list = wanted.array();
        const auto same = std::find_if(list.begin(), list.end(),
                                       [&](const Json& guess) { return guess.array()[0].text() == found[i].label; });
        ASSERT_NE(same, list.end());
        EXPECT_NEAR(found[i].probability, same->array()[1].number(), 1e-5);
        EXPECT_NEAR(found[i].probability, list[i].array()[1].number(), 1e-5);
      }
      EXPECT_EQ(classifier.predict(text, 1).size(), std::min<size_t>(1, found.size()));
      EXPECT_TRUE(classifier.predict(text, 9, 1.1).empty());
    }
  }
  EXPECT_GT(texts, 60);
  EXPECT_THAT(error_of([] { Classifier{load_vectors(golden("skipgram.bin"))}; }), HasSubstr("no labels"));
}

TEST(FastText, WrittenAgainAreTheSameBytes) {
  const TemporaryDirectory directory;
  for (const auto& name : fasttext_files) {
    SCOPED_TRACE(name);
    const auto model = load_vectors(golden(name));
    const auto path = directory.file(name);
    save_vectors(model, path, VectorFormat::fasttext);
    if (!model.pruned) {  // the kept buckets have no order
      EXPECT_TRUE(read_file(path) == read_file(golden(name)));
    } else {
      EXPECT_EQ(file_size(path), file_size(golden(name)));
      const auto again = load_vectors(path);
      EXPECT_EQ(again.kept_buckets, model.kept_buckets);
      EXPECT_EQ(again.word_vector("cats"), model.word_vector("cats"));
    }
  }
}

TEST(Gensim, FilesAreReadAndAnswersAreTheSame) {
  const Json& said = answers()["word2vec"];
  for (const char* name : {"word2vec.txt", "word2vec.bin"}) {
    SCOPED_TRACE(name);
    const auto model = load_vectors(golden(name));
    expect_vectors(model, said["vectors"]);
    const Neighbours n(model);
    expect_neighbours(n.nearest("cat", 5), said["nearest"], model.lexicon);
    const std::vector<std::string> abc{"cat", "dog", "hammer"};
    // gensim takes the mean of the three, of length 1
    const auto sum = n.analogy(abc, 5, Neighbours::Analogy::add);
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(model.lexicon.text(sum[i].id), said["add"].array()[i].array()[0].text());
    // gensim adds 1e-6 where the paper adds 1e-3
    expect_neighbours(n.analogy(abc, 5, Neighbours::Analogy::multiply), said["multiply"], model.lexicon, 2e-3);
    const std::vector<std::string> group{"cat", "dog", "horse", "drill"};
    EXPECT_EQ(group[n.odd_one_out(group)], said["odd"].text());
  }
  expect_vectors(load_vectors(golden("gensim.bin")), answers()["gensim.bin"]["vectors"]);
}

TEST(VectorFiles, EveryFormatComesBackBitByBit) {
  const TemporaryDirectory directory;
  const auto model = load_vectors(golden("skipgram.bin"));
  for (const char* name : {"text", "binary", "glove", "fasttext"}) {
    SCOPED_TRACE(name);
    const auto path = directory.file(name);
    save_vectors(model, path, vector_format(name));
    const auto again = load_vectors(path);
    ASSERT_EQ(again.lexicon.words(), model.lexicon.words());
    for (int32_t i = 0; i < model.lexicon.words(); ++i) {
      EXPECT_EQ(again.lexicon.text(i), model.lexicon.text(i));
      EXPECT_EQ(again.word_vector(model.lexicon.text(i)), model.word_vector(model.lexicon.text(i)));
    }
  }
  EXPECT_THAT(error_of([] { vector_format("txt"); }), HasSubstr("'text'"));
}

TEST(VectorFiles, WordsWithSpacesOrTwice) {
  const TemporaryDirectory directory;
  write_file(directory.file("glove"), "the 1 2\n. . 3 4\n1 5 6\nthe 7 8\n");
  const auto model = load_vectors(directory.file("glove"));
  EXPECT_EQ(model.lexicon.words(), 3);
  EXPECT_EQ(model.word_vector(". ."), (std::vector<float>{3, 4}));
  EXPECT_EQ(model.word_vector("1"), (std::vector<float>{5, 6}));
  EXPECT_EQ(model.word_vector("the"), (std::vector<float>{1, 2}));  // the first counts
  EXPECT_THAT(error_of([&] { save_vectors(model, directory.file("out"), VectorFormat::text); }), HasSubstr("'. .'"));
  EXPECT_FALSE(exists(directory.file("out")));
}

class BadVectors : public testing::Test {
 protected:
  std::string refusal(const std::string& content) {
    write_file(path_, content);
    return error_of([&] { load_vectors(path_); });
  }
  TemporaryDirectory directory_;
  std::string path_ = directory_.file("v");
};

TEST_F(BadVectors, TextSaysFileLineAndWhat) {
  EXPECT_EQ(refusal("2 3\na 1 2 3\nb 1 2\n"), path_ + ":3: 'b' is not number 1 of 3");
  EXPECT_EQ(refusal("2 3\na 1 2 3\nb 1 x 3\n"), path_ + ":3: 'x' is not number 2 of 3");
  EXPECT_EQ(refusal("2 3\na 1 2 3\nb 1 nan 3\n"), path_ + ":3: 'nan' is not number 2 of 3");
  EXPECT_EQ(refusal("3 3\na 1 2 3\nb 1 2 3\n"), path_ + ": the header promises 3 vectors, there are 2");
  EXPECT_EQ(refusal("a 1 2 3\nb 1 2 3 4\nc 1 2\n"), path_ + ":3: 'c' is not number 1 of 3");
  EXPECT_EQ(refusal("2 3\na 1 2 3\n1 2 3\n"), path_ + ":3: no word before its 3 numbers");
  EXPECT_EQ(refusal(""), path_ + " is empty");
  EXPECT_EQ(refusal("no numbers here\n"),
            path_ + ":1: neither a header (words, dimension) nor a word with its numbers");
  EXPECT_EQ(refusal("0 3\n"), path_ + " holds no vector");
  EXPECT_THAT(error_of([&] { load_vectors(directory_.path()); }), HasSubstr("no model.bin"));
  EXPECT_THAT(error_of([] { load_vectors("/none"); }), HasSubstr("/none"));
}

TEST_F(BadVectors, BinaryOfEveryLengthIsRefused) {
  for (const char* name : {"word2vec.bin", "skipgram.bin", "pruned.ftz"}) {
    const auto whole = read_file(golden(name));
    for (size_t n = 8; n < whole.size(); n += 1 + n / 9) {
      const auto said = refusal(whole.substr(0, n));
      EXPECT_THAT(said, testing::StartsWith(path_)) << name << ' ' << n;
      EXPECT_EQ(said.find('\n'), said.npos) << said;
    }
  }
  EXPECT_THAT(refusal("99999999999 300\nword abc"), HasSubstr("ends too early"));
}

TEST_F(BadVectors, FastTextThatDoesNotAgreeWithItself) {
  const auto whole = read_file(golden("skipgram.bin"));
  const auto with = [&](size_t at, int32_t value) {
    auto bytes = whole;
    std::memcpy(&bytes[at], &value, sizeof value);
    return refusal(bytes);
  };
  EXPECT_THAT(with(4, 13), HasSubstr("format 13; known are 11 and 12"));
  EXPECT_THAT(with(8, 0), HasSubstr("the dimension: 0"));
  EXPECT_THAT(with(8, 9), HasSubstr("the width of the input table: 8"));
  EXPECT_THAT(with(32, 7), HasSubstr("the loss: 7"));
  EXPECT_THAT(with(40, 151), HasSubstr("input rows"));
  EXPECT_THAT(with(64, 2'000'000'000), HasSubstr("the number of words"));
  EXPECT_THAT(with(68, 3), HasSubstr("words and"));
}

TEST(Compress, FitsTheBytesAndKeepsTheAnswers) {
  const TemporaryDirectory directory;
  const auto path = directory.file("small.ftz");
  const auto model = load_vectors(golden("skipgram.bin"));
  VectorModel wide = model;  // enough rows to choose among
  wide.options.buckets = 3000;
  wide.input = VectorTable::uniform(model.lexicon.words() + 3000, 8, 1, 3);
  int64_t before = INT64_MAX;
  for (const int64_t bytes : {30'000, 16'000, 12'500}) {
    save_vectors(compressed(wide, {.bytes = bytes}), path, VectorFormat::fasttext);
    EXPECT_LE(file_size(path), bytes);
    EXPECT_GE(file_size(path), std::min<int64_t>(bytes, before) / 2);
    const auto small = load_vectors(path);
    EXPECT_EQ(small.lexicon.words(), wide.lexicon.words());
    before = file_size(path);
  }
  EXPECT_THAT(error_of([&] { compressed(wide, {.bytes = 5000}); }), HasSubstr("it takes"));
  EXPECT_THAT(error_of([&] { compressed(load_vectors(golden("word2vec.bin")), {}); }), HasSubstr("at least 256 rows"));
  EXPECT_THAT(error_of([&] { compressed(load_vectors(golden("pruned.ftz")), {}); }), HasSubstr("quantised already"));
}

TEST(Compress, ReconstructionIsNear) {
  const auto table = VectorTable::uniform(2000, 9, 1, 5);
  for (const bool norms : {false, true}) {
    const auto q = quantize(table.data(), 2000, 9, {.piece = 2, .norms = norms});
    double error = 0, size = 0;
    for (int64_t i = 0; i < 2000; ++i) {
      std::vector<float> row(9, 0.0f);
      q.add_row(i, 1, row.data());
      for (int64_t j = 0; j < 9; ++j) {
        error += std::pow(double(row[size_t(j)]) - table.row(i)[j], 2), size += std::pow(double(table.row(i)[j]), 2);
      }
    }
    EXPECT_LT(error, 0.02 * size);
  }
  EXPECT_EQ(quantize(table.data(), 2000, 9, {}).codes, quantize(table.data(), 2000, 9, {}).codes);
}

}  // namespace
}  // namespace stemma
