#include "stemma/text/tokenizer.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/base/json.h"
#include "stemma/base/parallel.h"
#include "stemma/base/random.h"
#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A small invented corpus with order, umlauts and Chinese.
std::string corpus() {
  std::string text;
  for (const auto who : {"The old farmer", "A young teacher", "Every student", "My sister", "Nobody"})
    for (const auto does : {"reads", "carries", "sells", "paints"})
      for (const auto what : {"a green book.", "the heavy boxes!", "some Käse für Jürgen.", "maps of the city?"})
        text += str(who, " ", does, " ", what, "\n");
  for (const auto who : {"我", "你们", "那个老师"})
    for (const auto does : {"喜欢看书。", "昨天卖了三本书，", "在学校画画。", "把书给学生。"})
      text += str(who, does, "\n");
  return text;
}

Tokenizer train(const TokenizerOptions& options) {
  const auto text = corpus();
  return Tokenizer::train(options, lines_of_text(text));
}

const std::string sentences[] = {"The young sister sells heavy maps.",
                                 "  Nobody \t reads　Käse?  ",
                                 "那个学生喜欢看书。",
                                 "我昨天 sells books，三本书。",
                                 "Ka\u0308se ▁ für ①",
                                 "",
                                 "a"};

TEST(Tokenizer, RoundTripsWhenAllIsKnown) {
  for (const std::string kind : {"bpe", "unigram", "char"})
    for (const bool chinese : {false, true})
      for (const std::string form : {"nfkc", "nfc", "none"}) {
        const auto t = train({.kind = kind,
                              .vocabulary = 120,
                              .normalize = form,
                              .chinese_characters = chinese,
                              .byte_fallback = false,
                              .shrink = true});
        for (const auto& sentence : sentences) {
          const auto ids = t.encode(sentence);
          if (std::find(ids.begin(), ids.end(), t.unk()) != ids.end()) continue;
          EXPECT_EQ(t.decode(ids), t.normalized(sentence)) << kind << " " << form;
        }
        EXPECT_EQ(t.decode(t.encode(sentences[0])), sentences[0]) << kind;
        EXPECT_EQ(t.decode(t.encode(sentences[2])), t.normalized(sentences[2])) << kind;
        EXPECT_TRUE(t.encode("").empty());
        EXPECT_EQ(t.decode({}), "");
      }
}

TEST(Tokenizer, Normalises) {
  const auto t = train({.vocabulary = 120});
  EXPECT_EQ(t.normalized("  Ka\u0308se　①▁x\n"), "Käse 1 x");
  EXPECT_EQ(train({.vocabulary = 120, .normalize = "nfc"}).normalized("Ka\u0308se ①"), "Käse ①");
  EXPECT_EQ(train({.vocabulary = 120, .normalize = "none"}).normalized("Ka\u0308se  ①"), "Ka\u0308se ①");
  const auto lower = train({.vocabulary = 100, .lower = true});
  EXPECT_EQ(lower.decode(lower.encode("The KÄSE.")), "the käse.");
}

TEST(Tokenizer, IdsAndPieces) {
  for (const std::string kind : {"bpe", "unigram", "word", "char"}) {
    const auto t = train({.kind = kind, .vocabulary = 90, .shrink = true});
    EXPECT_EQ(t.unk(), 0);
    EXPECT_EQ(t.bos(), 1);
    EXPECT_EQ(t.eos(), 2);
    EXPECT_EQ(t.piece(2), "</s>");
    EXPECT_LE(t.size(), 90);
    for (int32_t i = 3; i < t.size(); ++i) EXPECT_EQ(t.id(t.piece(i)), i) << kind;
    EXPECT_EQ(t.id("never there"), t.unk());
    const auto ids = t.encode("The old farmer paints maps");
    const auto pieces = t.encode_pieces("The old farmer paints maps");
    ASSERT_EQ(ids.size(), pieces.size());
    for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(t.piece(ids[i]), pieces[i]) << kind;
    EXPECT_EQ(t.decode(std::vector<int32_t>{1}), "");
    EXPECT_THAT(error_of([&] { t.piece(int32_t(t.size())); }), HasSubstr("is not below"));
    EXPECT_THAT(error_of([&] { t.decode(std::vector<int32_t>{-1}); }), HasSubstr("id -1"));
    EXPECT_THAT(error_of([&] { t.encode("ab\xFF"); }), HasSubstr("not valid UTF-8 at byte 3"));
    // Text that spells a special does not make one.
    for (const int32_t id : t.encode("</s> <s>")) EXPECT_TRUE(id != t.bos() && id != t.eos()) << kind;
  }
}

TEST(Tokenizer, TokensCoverTheNormalisedText) {
  for (const std::string kind : {"bpe", "unigram", "char"}) {
    const auto t = train({.kind = kind, .vocabulary = 110, .shrink = true});
    const std::string text = "Ka\u0308se  你们喜欢 the dragon";
    const auto normal = t.normalized(text);
    const auto tokens = t.encode_tokens(text);
    int64_t at = 0;
    std::vector<int32_t> ids;
    for (const auto& token : tokens) {
      EXPECT_EQ(token.begin, at) << kind;
      at = token.end;
      ids.push_back(token.id);
    }
    EXPECT_EQ(at, int64_t(normal.size())) << kind;
    EXPECT_EQ(ids, t.encode(text)) << kind;
  }
}

TEST(Tokenizer, UnknownCharacters) {
  const auto plain = train({.vocabulary = 120});
  const auto ids = plain.encode("The ж");
  EXPECT_EQ(ids.back(), plain.unk());
  EXPECT_EQ(plain.decode(ids), "The ⁇");
  EXPECT_EQ(plain.encode_pieces("The ж").back(), "ж");
  const auto bytes = train({.vocabulary = 400, .byte_fallback = true, .shrink = true});
  EXPECT_EQ(bytes.decode(bytes.encode("The жираф")), "The жираф");
}

TEST(Tokenizer, Words) {
  const auto t = train({.kind = "word", .vocabulary = 1000});
  EXPECT_THAT(t.encode_pieces("The  old farmer reads."), ElementsAre("The", "old", "farmer", "reads."));
  EXPECT_EQ(t.decode(t.encode("My sister reads maps")), "My sister reads maps");
  EXPECT_EQ(t.decode(t.encode("My dragon reads")), "My ⁇ reads");
  const auto c = train({.kind = "word", .vocabulary = 1000, .chinese_characters = true});
  EXPECT_THAT(c.encode_pieces("我喜欢 old books三本"), ElementsAre("我", "喜", "欢", "old", "books", "三", "本"));
  EXPECT_EQ(c.decode(c.encode("你们喜欢三本 old maps 书")), "你们喜欢三本old maps书");
  const auto tokens = c.encode_tokens("我 old书");
  ASSERT_EQ(tokens.size(), 3u);
  EXPECT_EQ(tokens[1].begin, 4);
  EXPECT_EQ(tokens[1].end, 7);
  EXPECT_LT(train({.kind = "word", .vocabulary = 1000, .min_count = 17}).size(), t.size());
}

TEST(Tokenizer, ChineseCharactersAreNeverMerged) {
  for (const std::string kind : {"bpe", "unigram"}) {
    const auto merged = train({.kind = kind, .vocabulary = 300, .shrink = true});
    const auto apart = train({.kind = kind, .vocabulary = 300, .chinese_characters = true, .shrink = true});
    EXPECT_LT(merged.encode("那个老师喜欢看书。").size(), 9u) << kind;
    EXPECT_THAT(apart.encode_pieces("喜欢看书"), ElementsAre("▁", "喜", "欢", "看", "书")) << kind;
  }
}

TEST(Tokenizer, SaveAndLoad) {
  const auto directory = testing::TempDir() + "tokenizer_save";
  for (const std::string kind : {"bpe", "unigram", "word", "char"}) {
    const auto t = train({.kind = kind, .vocabulary = 100, .lower = true, .shrink = true});
    t.save(directory, "source");
    const auto again = Tokenizer::load(join_path(directory, "source"));
    EXPECT_EQ(again.fingerprint(), t.fingerprint()) << kind;
    EXPECT_EQ(again.encode(sentences[3]), t.encode(sentences[3])) << kind;
    EXPECT_EQ(again.options().lower, true);
  }
  const auto t = train({.vocabulary = 100});
  t.save(directory);
  EXPECT_EQ(Tokenizer::load(directory).fingerprint(), t.fingerprint());
  EXPECT_EQ(Tokenizer::load(directory + "/tokenizer.model").fingerprint(), t.fingerprint());
  // A bare .model of anybody's.
  write_file(directory + "/other.model", read_file(directory + "/tokenizer.model"));
  const auto bare = Tokenizer::load(directory + "/other.model");
  EXPECT_EQ(bare.options().kind, "sentencepiece");
  EXPECT_EQ(bare.encode(sentences[0]), t.encode(sentences[0]));
  bare.save(directory, "copy");
  EXPECT_EQ(Tokenizer::load(join_path(directory, "copy")).fingerprint(), bare.fingerprint());
}

TEST(Tokenizer, DamagedFiles) {
  const auto directory = testing::TempDir() + "tokenizer_bad";
  EXPECT_THAT(error_of([&] { Tokenizer::load(directory + "/none"); }), HasSubstr("no tokenizer at"));
  train({.vocabulary = 100}).save(directory);
  const auto model = read_file(directory + "/tokenizer.model");
  for (const auto& damaged : {model.substr(0, model.size() / 2), model + "x", std::string()}) {
    write_file(directory + "/tokenizer.model", damaged);
    EXPECT_THAT(error_of([&] { Tokenizer::load(directory); }), HasSubstr("tokenizer.model: damaged"));
  }
  write_file(directory + "/bare.model", "not a model \x01\x02");
  EXPECT_THAT(error_of([&] { Tokenizer::load(directory + "/bare.model"); }),
              HasSubstr("bare.model: not a SentencePiece model"));
  write_file(directory + "/bare.model", "");
  EXPECT_THAT(error_of([&] { Tokenizer::load(directory + "/bare.model"); }), HasSubstr("not a SentencePiece model"));
  write_file(directory + "/tokenizer.options.json", "{\"options\": {\"kind\": \"bpe\", \"lowr\": true}}");
  EXPECT_THAT(error_of([&] { Tokenizer::load(directory); }), HasSubstr("unknown key 'lowr' (did you mean 'lower'?)"));
  EXPECT_THAT(error_of([] { Tokenizer().encode("a"); }), HasSubstr("none is trained or loaded"));
}

// Bytes of a foreign model changed at random: it loads or is refused, and the process lives.
TEST(Tokenizer, DamagedForeignModels) {
  const auto directory = testing::TempDir() + "tokenizer_foreign";
  train({.vocabulary = 100}).save(directory);
  const auto model = read_file(directory + "/tokenizer.model");
  int64_t refused = 0;
  for (uint64_t i = 0; i < 60; ++i) {
    auto damaged = model;
    for (uint64_t j = 0; j < 8; ++j) {
      const auto draw = philox(i, j);
      damaged[draw[0] % damaged.size()] = char(draw[1]);
    }
    write_file(directory + "/foreign.model", damaged);
    const auto error = error_of([&] { Tokenizer::load(directory + "/foreign.model").encode(sentences[0]); });
    refused += error != "no error";
  }
  EXPECT_GT(refused, 0);
}

TEST(Tokenizer, TheSameWhateverTheThreads) {
  const int before = threads();
  for (const std::string kind : {"bpe", "unigram"}) {
    set_threads(1);
    const auto one = train({.kind = kind, .vocabulary = 110, .shrink = true});
    set_threads(4);
    Tokenizer other;
    std::thread([&] { other = train({.kind = kind, .vocabulary = 110, .shrink = true}); }).join();
    EXPECT_EQ(one.fingerprint(), other.fingerprint());
  }
  set_threads(before);
}

TEST(Tokenizer, ConcurrentCallsAgree) {
  const auto t = train({.kind = "unigram", .vocabulary = 80});
  std::vector<std::thread> pool;
  std::atomic<int> wrong = 0;
  const auto expected = t.encode(sentences[3]);
  for (int k = 0; k < 4; ++k)
    pool.emplace_back([&, copy = t] {
      for (int i = 0; i < 200; ++i) wrong += copy.encode(sentences[3]) != expected;
    });
  for (auto& thread : pool) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Tokenizer, Silent) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  const auto t = train({.kind = "unigram", .vocabulary = 80});
  EXPECT_THROW(train({.vocabulary = 10}), Error);
  t.decode(t.encode("ж"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(Tokenizer, SamplesLongCorpora) {
  int64_t given = 0;
  const auto endless = [&](std::string& line) {
    line = str("word", given % 50, " of line ", given);
    return given++ < 20'000;
  };
  const auto t = Tokenizer::train({.kind = "word", .training_lines = 100}, endless);
  EXPECT_GT(t.size(), 100);  // the numbers of a hundred lines, from all over the corpus
  EXPECT_LT(t.size(), 160);
}

TEST(Tokenizer, ClearErrors) {
  EXPECT_EQ(error_of([] { train({.kind = "bqe"}); }), "text.kind: unknown value 'bqe' (did you mean 'bpe'?)");
  EXPECT_THAT(error_of([] { train({.normalize = "nfd"}); }), HasSubstr("text.normalize: unknown value 'nfd'"));
  EXPECT_THAT(error_of([] { train({.vocabulary = 2}); }), HasSubstr("text.vocabulary = 2: must be over 3"));
  EXPECT_THAT(error_of([] { train({.character_coverage = 0.5f}); }), HasSubstr("text.character_coverage = 0.5"));
  EXPECT_THAT(error_of([] { train({.kind = "word", .min_count = 1000}); }), HasSubstr("lower min_count"));
  EXPECT_THAT(error_of([] { train({.vocabulary = 20}); }), HasSubstr("vocabulary 20 is too small"));
  EXPECT_THAT(error_of([] { Tokenizer::train({}, lines_of_text("\n \n")); }),
              HasSubstr("no text to train the tokenizer on: 2 lines, all empty"));
  EXPECT_THAT(error_of([] { Tokenizer::train({}, lines_of_text("fine\nb\xFF")); }),
              HasSubstr("training text, line 2: not valid UTF-8 at byte 2"));
}

TEST(Tokenizer, VocabularyLargerThanTheTextSupports) {
  for (const std::string kind : {"bpe", "unigram"}) {
    const auto message = error_of([&] { train({.kind = kind, .vocabulary = 8000}); });
    constexpr std::string_view start = "vocabulary 8000 is larger than the training text supports: at most ";
    ASSERT_TRUE(message.starts_with(start)) << message;
    EXPECT_EQ(message.find('\n'), message.npos);
    const int most = std::stoi(message.substr(start.size()));
    EXPECT_EQ(train({.kind = kind, .vocabulary = most}).size(), most);  // the advice works
    EXPECT_EQ(train({.kind = kind, .vocabulary = 8000, .shrink = true}).size(), most);
  }
}

TEST(LineSource, FilesOneAfterTheOther) {
  const auto a = testing::TempDir() + "lines_a", b = testing::TempDir() + "lines_b";
  write_file(a, "one\ntwo");
  write_file(b, "three\n");
  const auto next = lines_of({a, b});
  std::string line, all;
  while (next(line)) all += line + "|";
  EXPECT_EQ(all, "one|two|three|");
}

}  // namespace
}  // namespace stemma
