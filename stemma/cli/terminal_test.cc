#include "stemma/cli/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "stemma/base/check.h"
#include "stemma/text/unicode.h"

namespace stemma {
namespace {
constexpr Terminal person = {true, Terminal::none, 80}, coloured = {true, Terminal::true_colour, 80};

TEST(Terminal, APipeHasNoColourAndIsNotRedrawn) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Terminal t = terminal_of(ends[1]);
  EXPECT_FALSE(t.interactive);
  EXPECT_EQ(t.colour, Terminal::none);
  close(ends[0]), close(ends[1]);
}

TEST(Terminal, ATerminalHasColoursUnlessNoColorSaysNo) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) GTEST_SKIP() << "no pseudo-terminals here";
  const int screen = open(ptsname(master), O_RDWR | O_NOCTTY);
  if (screen < 0) GTEST_SKIP() << "no pseudo-terminals here";
  setenv("TERM", "xterm", 1), setenv("COLORTERM", "truecolor", 1), setenv("COLUMNS", "123", 1), unsetenv("NO_COLOR");
  EXPECT_TRUE(terminal_of(screen).interactive);
  EXPECT_EQ(terminal_of(screen).colour, Terminal::true_colour);
  EXPECT_EQ(terminal_of(screen).columns, 123);
  unsetenv("COLORTERM");
  EXPECT_EQ(terminal_of(screen).colour, Terminal::few);
  setenv("NO_COLOR", "1", 1);
  EXPECT_EQ(terminal_of(screen).colour, Terminal::none);
  EXPECT_TRUE(terminal_of(screen).interactive);
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(terminal_of(screen).interactive);
  unsetenv("NO_COLOR"), unsetenv("COLUMNS"), unsetenv("TERM");
  close(screen), close(master);
}

TEST(Numbers, AreShortAndReadable) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
  EXPECT_EQ(with_commas(-1234), "-1,234");
  EXPECT_EQ(with_commas(-123), "-123");
  EXPECT_EQ(in_short(999), "999");
  EXPECT_EQ(in_short(12345), "12.3k");
  EXPECT_EQ(in_short(999700), "1.0M");
  EXPECT_EQ(in_short(4.25e6), "4.2M");
  EXPECT_EQ(in_short(0.5), "0.5");
  EXPECT_EQ(clock_time(83.4), "1:23");
  EXPECT_EQ(clock_time(3661), "1:01:01");
  EXPECT_EQ(fixed(96.349, 1), "96.3");
  EXPECT_EQ(fixed(NAN, 1), "–");
}

TEST(Table, AlignsNumbersRightAndCountsChineseAsTwoColumns) {
  Table table({"system", "parameters", "BLEU", "source"});
  table.add({"rnn", "412,345", "61.2", "我是学生"});
  table.add({"transformer", "1,998,001", "–", "茶"});
  table.add({"short"});
  EXPECT_EQ(table.text(),
            "system       parameters  BLEU  source\n"
            "rnn             412,345  61.2  我是学生\n"
            "transformer   1,998,001     –  茶\n"
            "short\n");
  EXPECT_EQ(table.text(person).substr(0, table.text(person).find('\n', 40) + 1),
            "system       parameters  BLEU  source\n"
            "───────────────────────────────────────\n");
  EXPECT_EQ(table.text(coloured).substr(0, 4), "\033[1m");
}

TEST(HeatMap, ShowsShadesWithUprightLabels) {
  const HeatMap map = {{"tea", "我 like"}, {"我", "abcde", "é"}, {{1, 0.5, 0}, {0.25, 0, 0.75}}};
  EXPECT_EQ(heat_map(map, person),
            "          a\n"
            "          b\n"
            "          c\n"
            "          d\n"
            "        我e é\n"
            "    tea ██▒▒\n"
            "我 like ░░  ▓▓\n");
}

TEST(HeatMap, NarrowLabelsLieFlatAndWideMapsWrap) {
  const HeatMap flat = {{"a"}, {"the", "cat"}, {{1, 0}}};
  EXPECT_EQ(heat_map(flat, person), "  the cat\na ████\n");
  const HeatMap wide = {{"a"}, {"the", "cat", "sat"}, {{1, 0.5, 1}}};
  EXPECT_EQ(heat_map(wide, {true, Terminal::none, 6}),
            "  t c\n  h a\n  e t\na ██▒▒\n"
            "\n  s\n  a\n  t\na ██\n");
}

TEST(HeatMap, ColourIsABackgroundAndEndsAfterEachCell) {
  const HeatMap map = {{"a"}, {"x", "y"}, {{0, 1}}};
  EXPECT_EQ(heat_map(map, coloured), "  x y\na \033[48;2;16;18;48m  \033[0m\033[48;2;253;235;165m  \033[0m\n");
  EXPECT_EQ(heat_map(map, {true, Terminal::few, 80}), "  x y\na \033[48;5;17m  \033[0m\033[48;5;229m  \033[0m\n");
}

TEST(HeatMap, RefusesSizesThatDoNotFitAndShowsWhatIsNotANumber) {
  EXPECT_THROW(heat_map({{"a"}, {"x"}, {{1, 2}}}), Error);
  EXPECT_THROW(heat_map({{"a", "b"}, {"x"}, {{1}}}), Error);
  EXPECT_EQ(heat_map({{"a"}, {"x", "y"}, {{NAN, 1}}}), "  x y\na ? ██\n");
  EXPECT_EQ(heat_map({}), "");
}

TEST(Sparkline, GoesFromSmallestToLargest) {
  EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline({0, 0, 7, 7}, 2), "▁█");
  EXPECT_EQ(sparkline({1, NAN, 2}), "▁·█");
  EXPECT_EQ(sparkline({3, 3}), "▄▄");
  EXPECT_EQ(sparkline({}), "");
}

TEST(ProgressBar, LineSaysShareRateAndTimeLeft) {
  const HowFar a = {.label = "rnn", .done = 1250, .total = 5000, .seconds = 10, .unit = "steps", .note = "loss 2.31"};
  EXPECT_EQ(progress_line(a), "rnn   25%  1,250/5,000 steps  125/s  0:30 left  loss 2.31");
  EXPECT_EQ(progress_line(a, person), "rnn  ━━━━┄┄┄┄┄┄┄┄┄┄┄┄   25%  1,250/5,000 steps  125/s  0:30 left  loss 2.31");
  EXPECT_LT(display_width(progress_line(a, {true, Terminal::none, 40})), 40);
  const HowFar unknown = {.label = "read", .done = 12, .total = 0, .seconds = 2, .unit = "lines", .note = ""};
  EXPECT_EQ(progress_line(unknown), "read  12 lines  6/s");
}

TEST(ProgressBar, IsRedrawnTenTimesASecondForAPersonAndSeldomInALog) {
  const auto lines = [](const Terminal& terminal) {
    ProgressBar progress(terminal);
    int64_t count = 0;
    for (int64_t i = 0; i < 2000; ++i)
      count +=
          !progress
               .update({.label = "x", .done = i, .total = 2000, .seconds = double(i) / 64, .unit = "steps", .note = ""})
               .empty();
    return count;
  };
  EXPECT_EQ(lines(person), 286);  // every seventh of 64 a second
  EXPECT_EQ(lines({}), 3);        // at 0, 15 and 30 seconds
  ProgressBar progress(person);
  const HowFar done = {.label = "x", .done = 2, .total = 2, .seconds = 4, .unit = "steps", .note = ""};
  EXPECT_EQ(progress.finish(done), "\r\033[Kx  ━━━━━━━━━━━━━━━━  100%  2/2 steps  0.5/s  0:04\n");
}

}  // namespace
}  // namespace stemma
