#include "stemma/data/running_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RunningTextTest : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) {
    write_file(directory.file(name), text);
    return directory.file(name);
  }
  Tokenizer words() {
    return Tokenizer::train({.kind = "word", .vocabulary = 100, .normalize = "none"},
                            lines_of_text("a a a b b <unk>\n"));
  }
  TemporaryDirectory directory;
};

TEST_F(RunningTextTest, ALineEndsWithEos) {
  const auto k = words();
  const auto text = read_running_text({file("a.txt", " a b \n\n"), file("b.txt", "x <unk>")}, k);
  EXPECT_THAT(text.ids, ElementsAre(k.encode("a")[0], k.encode("b")[0], k.eos(), k.eos(), k.unk(), k.unk(), k.eos()));
  EXPECT_EQ(text.report.lines, 3);
  EXPECT_EQ(text.report.tokens, 7);
  EXPECT_EQ(text.report.unknown, 2);
  EXPECT_EQ(text.report.words, 4);
  EXPECT_EQ(text.report.bytes, 15);
}

TEST_F(RunningTextTest, AParagraphEndsAtABlankLineOrItsFile) {
  const auto k = words();
  const auto a = k.encode("a")[0], b = k.encode("b")[0], end = k.eos();
  const auto one = file("a.txt", "\na\nb\n\n\nb\n"), two = file("b.txt", "a\n");
  EXPECT_THAT(read_running_text({one, two}, k, {"paragraph"}).ids, ElementsAre(a, b, end, b, end, a, end));
  EXPECT_THAT(read_running_text({one, two}, k, {"none"}).ids, ElementsAre(a, b, b, a));
}

TEST_F(RunningTextTest, DefectsAreNamed) {
  const auto k = words();
  EXPECT_THAT(error_of([&] { read_running_text({file("a.txt", "a\n\xFF\n")}, k); }),
              HasSubstr("a.txt:2: not valid UTF-8 at byte 1"));
  EXPECT_THAT(error_of([&] { read_running_text({file("a.txt", "")}, k); }), HasSubstr("a.txt: there is no text"));
  EXPECT_EQ(error_of([&] { read_running_text({"x"}, k, {"lines"}); }),
            "eos: there is no 'lines' (did you mean 'line'?)");
  EXPECT_THAT(error_of([&] { read_running_text({directory.file("absent")}, k); }), HasSubstr("absent"));
}

}  // namespace
}  // namespace stemma
