#include "stemma/data/shards.h"

#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/base/hash.h"
#include "stemma/base/json.h"
#include "stemma/base/parallel.h"

namespace stemma {

namespace {

static_assert(std::endian::native == std::endian::little, "shards are written as they lie in memory");

// A shard is tokens [int32], offsets [int64, 2 pairs + 1], and this at the end, where a truncated file has lost it.
struct Footer {
  uint64_t fingerprint = 0;   // of the inputs
  uint64_t content_hash = 0;  // of tokens and offsets
  int64_t pairs = 0, tokens = 0;
  uint64_t footer_hash = 0;  // of all in the footer but itself
  int64_t version = 0;
  char magic[8] = {};
};
constexpr char magic[] = "STEMMAtp";
constexpr int64_t version = 1;

// Eight bytes a step, several times as fast as hash64: shards are large.
struct ContentHash {
  uint64_t value = 0x5354454D4D41;
  void add(const void* data, size_t size) {  // size: a multiple of 4
    for (const char *p = static_cast<const char*>(data), *end = p + size; p < end; p += 4) {
      uint32_t word;
      std::memcpy(&word, p, 4);
      value = std::rotl((value ^ word) * 0x9E3779B97F4A7C15, 29);
    }
  }
};

uint64_t hash_of(const Footer& footer) {
  auto copy = footer;
  copy.footer_hash = 0;
  return hash64({reinterpret_cast<const char*>(&copy), sizeof copy});
}

std::string identity(const std::string& path) {
  if (path.empty()) return "none";
  struct stat info;
  check(::stat(path.c_str(), &info) == 0, "cannot read ", path, ": no such file");
  return str(path, " ", info.st_size, " ", info.st_mtim.tv_sec, ".", info.st_mtim.tv_nsec);
}

// Calls use(source ids, target ids) for each pair in order; tokenises on all threads, a block of lines at a time.
template <class Use>
void tokenize(const ParallelFiles& files, const Tokenizer& source, const Tokenizer& target, Use&& use) {
  constexpr size_t block = 4096;
  struct Pair {
    TextPair text;
    std::vector<int32_t> source, target;
  };
  std::vector<Pair> pairs(block);
  ParallelReader reader(files);
  for (size_t n = block; n == block;) {
    n = 0;
    while (n < block && reader.next(pairs[n].text)) ++n;
    parallel_for(int64_t(n), 16, [&](int64_t begin, int64_t end) {
      for (auto i = size_t(begin); i < size_t(end); ++i) {
        pairs[i].source = source.encode(pairs[i].text.source);
        pairs[i].target = target.encode(pairs[i].text.target);
      }
    });
    for (size_t i = 0; i < n; ++i) use(pairs[i].source, pairs[i].target);
  }
}

// Appends arrays to a file in large writes and hashes them on the way.
class ArrayWriter {
 public:
  explicit ArrayWriter(AtomicFile& file) : file_(file) {}
  void write(const void* data, size_t size) {
    hash_.add(data, size);
    buffer_.append(static_cast<const char*>(data), size);
    if (buffer_.size() > (size_t{1} << 20)) flush();
  }
  void flush() {
    file_.write(buffer_);
    buffer_.clear();
  }
  uint64_t hash() const { return hash_.value; }

 private:
  AtomicFile& file_;
  std::string buffer_;
  ContentHash hash_;
};

// Running sums of the lengths in a file: they wait there, not in memory, until all tokens are written.
void write_offsets(ArrayWriter& writer, const std::string& lengths_path) {
  const MappedFile lengths(lengths_path);
  int64_t offset = 0;
  writer.write(&offset, sizeof offset);
  for (size_t at = 0; at < lengths.bytes().size(); at += sizeof offset) {
    int64_t length;
    std::memcpy(&length, lengths.bytes().data() + at, sizeof length);
    offset += length;
    writer.write(&offset, sizeof offset);
  }
}

void build_shard(const std::string& path, const ShardRequest& request) {
  AtomicFile file(path), lengths_file(path + ".lengths");  // the second is never committed, so it vanishes
  ArrayWriter writer(file), lengths(lengths_file);
  Footer footer{.fingerprint = fingerprint(request), .version = version};
  const auto put_sequence = [&](const std::vector<int32_t>& ids) {
    writer.write(ids.data(), ids.size() * sizeof(int32_t));
    const auto length = int64_t(ids.size());
    lengths.write(&length, sizeof length);
    footer.tokens += length;
  };
  tokenize(request.files, request.source, request.target, [&](const auto& source, const auto& target) {
    put_sequence(source);
    put_sequence(target);
    if (++footer.pairs % 10'000 == 0 && request.progress) request.progress(footer.pairs);
  });
  if (footer.tokens % 2) {  // keeps the offsets on eight bytes
    const int32_t filler = 0;
    writer.write(&filler, sizeof filler);
  }
  lengths.flush();
  write_offsets(writer, path + ".lengths.tmp");
  writer.flush();
  footer.content_hash = writer.hash();
  std::memcpy(footer.magic, magic, sizeof footer.magic);
  footer.footer_hash = hash_of(footer);
  file.write(&footer, sizeof footer);
  file.commit();
}

// The footer of a file that may be anything.
Footer read_footer(const MappedFile& file) {
  const auto bytes = file.bytes();
  Footer footer{};
  const bool whole = bytes.size() >= sizeof footer;
  if (whole) std::memcpy(&footer, bytes.data() + bytes.size() - sizeof footer, sizeof footer);
  check(whole && std::memcmp(footer.magic, magic, sizeof footer.magic) == 0, file.path(),
        ": not a token shard, or truncated; remove it to build it again");
  check(footer.version == version, file.path(), ": a token shard of version ", footer.version, ", this program reads ",
        version, "; remove it to build it again");
  const auto expected = [&] {
    return (footer.tokens + footer.tokens % 2) * 4 + (2 * footer.pairs + 1) * 8 + int64_t(sizeof footer);
  };
  const int64_t most = int64_t(bytes.size());  // before the product can overflow
  check(footer.footer_hash == hash_of(footer) && footer.pairs >= 0 && footer.pairs <= most && footer.tokens >= 0 &&
            footer.tokens <= most && expected() == most,
        file.path(), ": damaged token shard (its counts do not fit its size); remove it to build it again");
  return footer;
}

}  // namespace

TokenPairs::TokenPairs(Ragged source, Ragged target) : size_(source.size()) {
  check(source.size() == target.size(), "token pairs: ", source.size(), " sources and ", target.size(), " targets");
  struct Arrays {
    std::vector<int32_t> tokens;
    std::vector<int64_t> offsets = {0};
  };
  auto arrays = std::make_shared<Arrays>();
  for (int64_t i = 0; i < size_; ++i)
    for (const auto sequence : {source[i], target[i]}) {
      arrays->tokens.insert(arrays->tokens.end(), sequence.begin(), sequence.end());
      arrays->offsets.push_back(int64_t(arrays->tokens.size()));
    }
  tokens_ = arrays->tokens.data();
  offsets_ = arrays->offsets.data();
  owner_ = std::move(arrays);
}

TokenPairs TokenPairs::open(const std::string& path) {
  auto file = std::make_shared<MappedFile>(path);
  const auto footer = read_footer(*file);
  const auto* bytes = file->bytes().data();
  ContentHash hash;
  hash.add(bytes, file->bytes().size() - sizeof footer);
  check(hash.value == footer.content_hash, path,
        ": damaged token shard (its content changed); remove it to build it again");
  TokenPairs out;
  out.tokens_ = reinterpret_cast<const int32_t*>(bytes);
  out.offsets_ = reinterpret_cast<const int64_t*>(bytes + (footer.tokens + footer.tokens % 2) * 4);
  out.size_ = footer.pairs;
  const std::span offsets(out.offsets_, size_t(2 * footer.pairs + 1));
  check(offsets.front() == 0 && offsets.back() == footer.tokens && std::is_sorted(offsets.begin(), offsets.end()), path,
        ": damaged token shard (its sequences do not lie end to end); remove it to build it again");
  out.fingerprint_ = footer.fingerprint;
  out.owner_ = std::move(file);
  return out;
}

uint64_t fingerprint(const ShardRequest& request) {
  const auto inputs = str(to_json(request.files), identity(request.files.source), identity(request.files.target),
                          request.source.fingerprint(), " ", request.target.fingerprint());
  return hash64(inputs);
}

TokenPairs open_or_build_shard(const std::string& path, const ShardRequest& request) {
  if (exists(path) && !request.rebuild && read_footer(MappedFile(path)).fingerprint == fingerprint(request))
    return TokenPairs::open(path);
  build_shard(path, request);
  return TokenPairs::open(path);
}

TokenPairs read_pairs(const ParallelFiles& files, const Tokenizer& source, const Tokenizer& target) {
  Ragged sources, targets;
  tokenize(files, source, target, [&](const auto& s, const auto& t) {
    sources.push_back(s);
    targets.push_back(t);
  });
  return {std::move(sources), std::move(targets)};
}

}  // namespace stemma
