#include "stemma/base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <csignal>
#include <vector>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class Files : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::string path_ = directory_.file("x");
};

TEST_F(Files, AreWrittenAndRead) {
  const std::string text("a\0b\n", 4);
  write_file(path_, text);
  EXPECT_EQ(read_file(path_), text);
  EXPECT_EQ(MappedFile(path_).bytes(), text);
  EXPECT_EQ(file_size(path_), 4);
  EXPECT_TRUE(exists(path_));
  EXPECT_FALSE(is_directory(path_));
  EXPECT_FALSE(exists(path_ + ".tmp"));
  remove_file(path_);
  remove_file(path_);
  EXPECT_FALSE(exists(path_));
}

TEST_F(Files, AnEmptyFileMaps) {
  write_file(path_, "");
  EXPECT_EQ(MappedFile(path_).bytes(), "");
  EXPECT_EQ(read_file(path_), "");
}

TEST_F(Files, AMappingOutlivesItsFileAndItsFirstOwner) {
  write_file(path_, "abc");
  MappedFile copy;
  {
    const MappedFile file(path_);
    copy = file;
  }
  remove_file(path_);
  EXPECT_EQ(copy.bytes(), "abc");
}

TEST_F(Files, ErrorsNamePathAndReason) {
  const auto missing = str("cannot read ", path_, ": No such file or directory");
  EXPECT_EQ(error_of([&] { read_file(path_); }), missing);
  EXPECT_EQ(error_of([&] { MappedFile{path_}; }), missing);
  EXPECT_EQ(error_of([&] { file_size(path_); }), missing);
  EXPECT_EQ(error_of([&] { LineReader{path_}; }), missing);
  EXPECT_THAT(error_of([&] { MappedFile{directory_.path()}; }), EndsWith("not a plain file"));
  EXPECT_THAT(error_of([&] { LineReader{directory_.path()}; }), EndsWith("it is a directory"));
  EXPECT_THAT(error_of([&] { write_file(directory_.file("no/x"), ""); }), HasSubstr("No such file or directory"));
  EXPECT_THAT(error_of([&] { write_file(directory_.path(), ""); }), HasSubstr("Is a directory"));
}

TEST_F(Files, DirectoriesAreMadeToAnyDepth) {
  make_directories(directory_.file("a/b//c/"));
  make_directories(directory_.file("a/b/c"));
  EXPECT_TRUE(is_directory(directory_.file("a/b/c")));
  write_file(path_, "");
  EXPECT_THAT(error_of([&] { make_directories(path_); }), HasSubstr("a file is in the way"));
  EXPECT_THAT(error_of([&] { make_directories(path_ + "/y"); }), HasSubstr("Not a directory"));
}

TEST(Paths, JoinAndBaseName) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(base_name("a/b.txt"), "b.txt");
  EXPECT_EQ(base_name("a/b//"), "b");
  EXPECT_EQ(base_name("b"), "b");
  EXPECT_EQ(base_name("/"), "");
}

class AtomicWrite : public Files {
 protected:
  AtomicWrite() { write_file(path_, "old"); }
  void expect_old() {
    EXPECT_EQ(read_file(path_), "old");
    EXPECT_FALSE(exists(path_ + ".tmp"));
    write_file(path_, "new");  // and the way is free for the next
    EXPECT_EQ(read_file(path_), "new");
  }
};

TEST_F(AtomicWrite, WithoutCommitNothingHappened) {
  {
    AtomicFile file(path_);
    file.write("half");
    EXPECT_EQ(file.position(), 4);
    EXPECT_EQ(read_file(path_), "old");
  }
  expect_old();
}

TEST_F(AtomicWrite, AFullDiskLeavesTheOldFile) {
  ASSERT_EQ(::symlink("/dev/full", (path_ + ".tmp").c_str()), 0);
  EXPECT_EQ(error_of([&] { write_file(path_, "new"); }),
            str("cannot write ", path_, ": No space left on device (free some space and try again)"));
  expect_old();
}

TEST_F(AtomicWrite, APipeIsWrittenToAndStays) {
  const std::string pipe = path_ + ".pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  write_file(pipe, "through");
  char read[16] = {};
  EXPECT_EQ(::read(reader, read, sizeof read), 7);
  EXPECT_STREQ(read, "through");
  ::close(reader);
  struct stat info;
  ASSERT_EQ(::stat(pipe.c_str(), &info), 0);
  EXPECT_TRUE(S_ISFIFO(info.st_mode));
}

TEST_F(AtomicWrite, AFileSizeLimitInTheMiddleLeavesTheOldFile) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{100'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto error = error_of([&] { write_file(path_, std::string(1'000'000, 'x')); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_DFL);
  EXPECT_EQ(error, str("cannot write ", path_, ": File too large"));
  expect_old();
}

TEST_F(AtomicWrite, AKillInTheMiddleLeavesTheOldFile) {
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(path_);
    file.write("half");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_EQ(read_file(path_ + ".tmp"), "half");
  write_file(path_, "new");
  EXPECT_EQ(read_file(path_), "new");
  EXPECT_FALSE(exists(path_ + ".tmp"));
}

// ---- lines ---------------------------------------------------------------------------------------------------------

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);  // 16: with the gzip header
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data())), stream.avail_in = unsigned(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data()), stream.avail_out = unsigned(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class Lines : public Files {
 protected:
  std::vector<std::string> lines(std::string_view content, size_t max_line = 1000) {
    write_file(path_, content);
    LineReader reader(path_, max_line);
    std::vector<std::string> out;
    for (std::string line; reader.next(line);) {
      out.push_back(line);
      EXPECT_EQ(reader.line_number(), int64_t(out.size()));
    }
    return out;
  }
};

TEST_F(Lines, EndWithOrWithoutANewline) {
  EXPECT_THAT(lines(""), ElementsAre());
  EXPECT_THAT(lines("\n"), ElementsAre(""));
  EXPECT_THAT(lines("a"), ElementsAre("a"));
  EXPECT_THAT(lines("a\n\nb\n"), ElementsAre("a", "", "b"));
  EXPECT_THAT(lines("a\nb"), ElementsAre("a", "b"));
}

TEST_F(Lines, LoseCarriageReturnAndByteOrderMark) {
  EXPECT_THAT(lines("\xEF\xBB\xBF"
                    "a\r\n\r\nb\r"),
              ElementsAre("a", "", "b"));
  EXPECT_THAT(lines("a\n\xEF\xBB\xBF"
                    "b\rc\n"),
              ElementsAre("a",
                          "\xEF\xBB\xBF"
                          "b\rc"));
}

TEST_F(Lines, MayBeLongerThanTheBufferButNotThanTheLimit) {
  const std::string longest(200'000, 'x');
  EXPECT_THAT(lines(longest + "\nb\n", longest.size()), ElementsAre(longest, "b"));
  EXPECT_EQ(error_of([&] { lines("a\n" + longest + "x\n", longest.size()); }),
            str(path_, ": line 2 is longer than 200000 bytes; split it or remove it"));
}

TEST_F(Lines, ComeInPartsWhenTheyAreLong) {
  write_file(path_, "abcdefgh\r\nxy\n1234\n123456\r7");
  LineReader reader(path_, 4);
  std::vector<std::string> parts;
  for (std::string part; reader.next_part(part);)
    parts.push_back(str(reader.line_number(), part, reader.part_of_line() ? "+" : ""));
  EXPECT_THAT(parts, ElementsAre("1abcd+", "1efgh+", "1", "2xy", "31234", "41234+", "456\r7"));
}

TEST_F(Lines, AreUnzipped) {
  EXPECT_THAT(lines(gzip("a\nb\n")), ElementsAre("a", "b"));
  EXPECT_THAT(lines(gzip("a\nb\n") + gzip("c\n")), ElementsAre("a", "b", "c"));  // members follow each other
}

TEST_F(Lines, OfATruncatedOrDamagedArchiveAreAnError) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += str(i * 7919 % 10'007, "\n");
  const auto archive = gzip(text);
  EXPECT_EQ(lines(archive).size(), 20'000u);
  EXPECT_THAT(error_of([&] { lines(archive.substr(0, archive.size() / 2)); }),
              HasSubstr(str(path_, ": compressed data")));
  EXPECT_THAT(error_of([&] { lines(archive.substr(0, archive.size() - 4)); }), HasSubstr(str(path_, ": ")));
  auto damaged = archive;
  damaged[archive.size() / 2] ^= 0x10;
  EXPECT_THAT(error_of([&] { lines(damaged); }), HasSubstr(str(path_, ": cannot read after line ")));
}

}  // namespace
}  // namespace stemma
