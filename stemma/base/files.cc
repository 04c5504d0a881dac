#include "stemma/base/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "stemma/base/check.h"

namespace stemma {

namespace {

[[noreturn]] void fail_with_errno(std::string_view what, const std::string& path) {
  const int code = errno;
  fail(what, " ", path, ": ", std::strerror(code), code == ENOSPC ? " (free some space and try again)" : "");
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool is_directory(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

int64_t file_size(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) fail_with_errno("cannot read", path);
  return info.st_size;
}

void make_directories(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto part = path.substr(0, end);
    if (!part.empty() && ::mkdir(part.c_str(), 0777) != 0 && errno != EEXIST) fail_with_errno("cannot create", part);
    if (end == path.npos) break;
  }
  check(is_directory(path), "cannot create ", path, ": a file is in the way");
}

void remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail_with_errno("cannot remove", path);
}

std::string join_path(std::string_view directory, std::string_view name) {
  return directory.empty() || directory.back() == '/' ? str(directory, name) : str(directory, "/", name);
}

std::string base_name(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string read_file(const std::string& path) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) fail_with_errno("cannot read", path);
  std::string text;
  char buffer[1 << 16];
  for (ssize_t n; (n = ::read(file.fd, buffer, sizeof buffer)) != 0;) {
    if (n < 0) fail_with_errno("cannot read", path);
    text.append(buffer, size_t(n));
  }
  return text;
}

MappedFile::MappedFile(const std::string& path) : path_(path) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) fail_with_errno("cannot read", path);
  struct stat info;
  if (::fstat(file.fd, &info) != 0) fail_with_errno("cannot read", path);
  check(S_ISREG(info.st_mode), "cannot read ", path, ": not a plain file");
  const auto size = size_t(info.st_size);
  if (size == 0) return;
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (start == MAP_FAILED) fail_with_errno("cannot map", path);
  mapping_ = {start, [size](void* p) { ::munmap(p, size); }};
  bytes_ = {static_cast<const char*>(start), size};
}

void MappedFile::let_go() const {
  if (mapping_) ::madvise(mapping_.get(), bytes_.size(), MADV_DONTNEED);
}

// A device or a pipe is written to as it is: a rename would put a file in its place.
static bool takes_what_is_written(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

AtomicFile::AtomicFile(const std::string& path) : path_(path), temporary_(path + ".tmp") {
  if (takes_what_is_written(path)) temporary_.clear();
  const std::string& written = temporary_.empty() ? path_ : temporary_;
  file_ = ::open(written.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) fail_with_errno("cannot write", written);
}

AtomicFile::~AtomicFile() {
  if (file_ < 0) return;
  ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, size_t size) {
  for (auto* p = static_cast<const char*>(data); size > 0;) {
    const ssize_t n = ::write(file_, p, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_with_errno("cannot write", path_);
    p += n, size -= size_t(n), position_ += n;
  }
}

void AtomicFile::commit() {
  if (!temporary_.empty() && ::fsync(file_) != 0) fail_with_errno("cannot write", path_);
  if (::close(std::exchange(file_, -1)) != 0) fail_with_errno("cannot write", path_);
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_with_errno("cannot write", path_);
  const auto slash = path_.rfind('/');  // the rename itself must survive a power cut
  Descriptor directory{::open(slash == path_.npos ? "." : path_.substr(0, slash + 1).c_str(), O_RDONLY | O_CLOEXEC)};
  if (directory.fd >= 0) ::fsync(directory.fd);
}

void write_file(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

struct LineReader::State {
  std::string path;
  size_t max_line;
  gzFile file = nullptr;  // null: standard input, which is read as it comes, so that lines can be answered at once
  std::string buffer;
  size_t begin = 0, end = 0;  // unread bytes of the buffer
  int64_t line = 0;
  bool open_line = false;  // the last part did not end its line

  bool fill() {
    const ssize_t n = file ? gzread(file, buffer.data(), unsigned(buffer.size()))
                           : ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && !file) fail_with_errno("cannot read", path);
    if (n < 0) {
      int code = 0;
      const char* why = gzerror(file, &code);
      fail(path, ": cannot read after line ", line, ": ", code == Z_ERRNO ? std::strerror(errno) : why);
    }
    begin = 0, end = size_t(n);
    return n > 0;
  }
};

LineReader::LineReader(const std::string& path, size_t max_line) : state_(std::make_unique<State>()) {
  state_->path = path == "-" ? "standard input" : path;
  state_->max_line = max_line;
  check(!is_directory(path), "cannot read ", path, ": it is a directory");
  if (path != "-" && !(state_->file = gzopen(path.c_str(), "rb"))) fail_with_errno("cannot read", path);
  state_->buffer.resize(1 << 16);
}
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader::~LineReader() {
  if (state_ && state_->file) gzclose(state_->file);
}

bool LineReader::next(std::string& line) { return read(line, true); }
bool LineReader::next_part(std::string& part) { return read(part, false); }
bool LineReader::part_of_line() const { return state_->open_line; }

bool LineReader::read(std::string& line, bool whole) {
  State& s = *state_;
  const bool first = !std::exchange(s.open_line, false);
  line.clear();
  for (bool any = !first;; any = true) {
    if (s.begin == s.end && !s.fill()) {
      int code = 0;
      if (s.file) gzerror(s.file, &code);
      check(code != Z_BUF_ERROR, s.path, ": compressed data ends too early after line ", s.line);
      if (!any) return false;
      break;
    }
    const char* from = s.buffer.data() + s.begin;
    const auto* newline = static_cast<const char*>(std::memchr(from, '\n', s.end - s.begin));
    const size_t n = newline ? size_t(newline - from) : s.end - s.begin;
    if (line.size() + n > s.max_line) {
      check(!whole, s.path, ": line ", s.line + 1, " is longer than ", s.max_line, " bytes; split it or remove it");
      const size_t room = s.max_line - line.size();
      line.append(from, room);
      s.begin += room, s.open_line = true;
      break;
    }
    line.append(from, n);
    s.begin += n + (newline ? 1 : 0);
    if (newline) break;
  }
  s.line += first;
  if (!s.open_line && !line.empty() && line.back() == '\r') line.pop_back();
  if (s.line == 1 && first && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
  return true;
}
int64_t LineReader::line_number() const { return state_->line; }
const std::string& LineReader::path() const { return state_->path; }

}  // namespace stemma
