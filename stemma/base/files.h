// Files: whole reads, memory maps, line streams (plain or .gz), and writes that appear all at once or not at all.
// Every failure is an Error naming the path and the system's reason.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace stemma {

std::string read_file(const std::string& path);
bool exists(const std::string& path);
bool is_directory(const std::string& path);
int64_t file_size(const std::string& path);
void make_directories(const std::string& path);  // like mkdir -p
void remove_file(const std::string& path);       // absent is fine
std::string join_path(std::string_view directory, std::string_view name);
std::string base_name(std::string_view path);

// A read-only view of a whole file; copies share the mapping.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::string& path);
  std::string_view bytes() const { return bytes_; }
  const std::string& path() const { return path_; }
  // A pointer into bytes() that keeps the mapping.
  std::shared_ptr<void> at(const char* place) const { return {mapping_, const_cast<char*>(place)}; }
  void let_go() const;  // what was read leaves this process's memory, and comes back when it is read again

 private:
  std::string path_;
  std::shared_ptr<void> mapping_;
  std::string_view bytes_;
};

// Writes PATH.tmp, fsyncs, renames over PATH: a kill or a full disk at any moment leaves the old file intact.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();  // not committed: the temporary file is removed
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void write(const void* data, size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  int64_t position() const { return position_; }
  void commit();

 private:
  std::string path_, temporary_;
  int file_ = -1;
  int64_t position_ = 0;
};
void write_file(const std::string& path, std::string_view text);  // atomic

// Lines of a text file, gunzipped when the content is gzip, or of standard input ("-", as it comes). CRLF and a leading
// BOM are dropped. A line longer than `max_line` bytes is an Error with its number. Constant memory.
class LineReader {
 public:
  explicit LineReader(const std::string& path, size_t max_line = size_t{1} << 20);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  bool next(std::string& line);  // false at the end
  // As `next`, but a line longer than `max_line` comes in several parts: part_of_line() says that more of it follows.
  bool next_part(std::string& part);
  bool part_of_line() const;
  int64_t line_number() const;  // of the line last returned, from 1
  const std::string& path() const;

 private:
  bool read(std::string& line, bool whole);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stemma
