#include "stemma/data/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using Rows = std::vector<std::vector<std::string>>;

class TableTest : public testing::Test {
 protected:
  Rows read(const std::string& name, const std::string& text, std::vector<std::string> columns,
            const TableOptions& options = {}) {
    write_file(directory.file(name), text);
    TableReader reader(directory.file(name), std::move(columns), options);
    Rows rows;
    for (std::vector<std::string> cells; reader.next(cells);) rows.push_back(cells);
    return rows;
  }
  std::string error(const std::string& name, const std::string& text, std::vector<std::string> columns,
                    const TableOptions& options = {}) {
    auto message = error_of([&] { read(name, text, columns, options); });
    if (const auto at = message.find(directory.path()); at != message.npos)
      message.erase(at, directory.path().size() + 1);
    return message;
  }
  TemporaryDirectory directory;
};

TEST_F(TableTest, TsvByNameAndByNumberWithoutQuoting) {
  const std::string text = "\xEF\xBB\xBFlabel\ttext\r\n1\t\"a\" b\r\n\r\n0\t\r\n";
  EXPECT_EQ(read("a.tsv", text, {"text", "label"}), (Rows{{"\"a\" b", "1"}, {"", "0"}}));
  EXPECT_EQ(read("a.tsv", text, {"2"}), (Rows{{"text"}, {"\"a\" b"}, {""}}));
  EXPECT_EQ(read("a.txt", text, {"2"}, {.header = "yes"}), (Rows{{"\"a\" b"}, {""}}));
}

TEST_F(TableTest, CsvOfRfc4180) {
  const std::string text = "id,text\n1,\"a, \"\"b\"\"\nc\"\n2,\"\"\n3,plain \"quote\"\n";
  EXPECT_EQ(read("a.csv", text, {"text", "id"}), (Rows{{"a, \"b\"\nc", "1"}, {"", "2"}, {"plain \"quote\"", "3"}}));
  EXPECT_EQ(read("a.csv", "a,b\n", {}), (Rows{{"a", "b"}}));
}

TEST_F(TableTest, JsonLinesByPath) {
  const std::string text = "{\"a\": {\"b\": \"x\"}, \"n\": 1.5, \"l\": [\"p\", 2]}\n\n";
  EXPECT_EQ(read("a.jsonl", text, {"a.b", "n", "l"}), (Rows{{"x", "1.5", "[\"p\", 2]"}}));
  EXPECT_EQ(error("a.jsonl", "\n{\"text\": \"x\"}\n", {"txt"}),
            "a.jsonl:2: key 'txt' is missing (did you mean 'text'?)");
  EXPECT_EQ(error("a.jsonl", "{\"text\": null}", {"text"}), "a.jsonl:1: 'text' is null");
  EXPECT_EQ(error("a.jsonl", "{\"a\": 1}", {"a.b"}), "a.jsonl:1: 'a.b' is not there: expected an object, found 1");
  EXPECT_EQ(error("a.jsonl", "[1]", {"a"}), "a.jsonl:1: expected an object, found [1]");
  EXPECT_THAT(error("a.jsonl", "{", {"a"}), testing::StartsWith("a.jsonl:1:2: not valid JSON"));
}

TEST_F(TableTest, RaggedRowsAreNamed) {
  EXPECT_EQ(error("a.tsv", "a\tb\nc\n", {"1"}), "a.tsv:2: 1 columns, expected 2 as in the first row");
  EXPECT_EQ(error("a.csv", "a\n\"x\ny\",z\n", {"1"}),
            "a.csv:2: 2 columns, expected 1 as in the first row (more_columns allows longer rows)");
  EXPECT_EQ(read("a.tsv", "a\tb\nc\td\te\n", {"2"}, {.more_columns = true}), (Rows{{"b"}, {"d"}}));
  EXPECT_EQ(error("a.tsv", "a\tb\nc\n", {"1"}, {.more_columns = true}),
            "a.tsv:2: 1 columns, expected 2 as in the first row");
}

TEST_F(TableTest, OtherDefectsAreNamed) {
  EXPECT_EQ(error("a.csv", "label,text\n", {"lable"}), "a.csv:1: there is no column 'lable' (did you mean 'label'?)");
  EXPECT_EQ(error("a.csv", "label,text\n", {"3"}), "a.csv:1: there is no column 3; the first row has 2");
  EXPECT_EQ(error("a.csv", "a\n\n\"b\nc\n", {"1"}), "a.csv:3: a quote that opens in this row is never closed");
  EXPECT_EQ(error("a.csv", "\"a\"b\n", {"1"}),
            "a.csv:1: text behind the closing quote of column 1; write a quote as \"\"");
  EXPECT_EQ(error("a.tsv", "a\nb\xFF\n", {"1"}), "a.tsv:2: not valid UTF-8 at byte 2; convert the text to UTF-8");
  EXPECT_EQ(error("a.tsv", "a\n", {"1"}, {.format = "tvs"}), "table format: unknown value 'tvs' (did you mean 'tsv'?)");
  EXPECT_THAT(error("a.tsv", "a\n", {"text"}, {.header = "no"}), testing::HasSubstr("header=no"));
  EXPECT_THAT(error("a.csv",
                    "\"" + std::string(TableReader::max_row / 2, 'a') + "\n" +
                        std::string(TableReader::max_row / 2 + 9, 'a') + "\nx\n",
                    {"1"}),
              testing::HasSubstr("is not closed within 1048576 bytes"));
}

TEST_F(TableTest, FormatByName) {
  EXPECT_EQ(table_format("x.csv.gz", "auto"), "csv");
  EXPECT_EQ(table_format("x.jsonl", "auto"), "jsonl");
  EXPECT_EQ(table_format("x.csv", "tsv"), "tsv");
  EXPECT_EQ(table_format("x", "auto"), "tsv");
}

TEST_F(TableTest, AHeaderHasALabelThatDoesNotComeAgain) {
  const auto path = directory.file("a.tsv");
  write_file(path, "text\tlabel\na\t1\nb\t1\n");
  EXPECT_TRUE(looks_like_header(path, {"2"}, {}));
  write_file(path, "a\t0\na\t1\nb\t1\nc\t0\n");
  EXPECT_FALSE(looks_like_header(path, {"2"}, {}));
  write_file(path, "a\t0\na\t1\n");
  EXPECT_FALSE(looks_like_header(path, {"2"}, {}));
  write_file(path, "a\tscore\na\t1.5\n");
  EXPECT_TRUE(looks_like_header(path, {"2", true}, {}));
  EXPECT_TRUE(can_look_ahead(path));
  for (const char* once : {"-", "/dev/null"}) EXPECT_FALSE(can_look_ahead(once)) << once;
  EXPECT_FALSE(looks_like_header("-", {"2"}, {}));
}

}  // namespace
}  // namespace stemma
