#include "stemma/data/token_stream.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/base/hash.h"
#include "stemma/base/json.h"
#include "stemma/base/parallel.h"
#include "stemma/base/safetensors.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

constexpr std::string_view about = "stream";

// A block of lines, tokenised on all threads.
struct Line {
  std::string text, normalized;
  std::vector<int32_t> ids;
};

void count(const Line& line, const Tokenizer& tokenizer, TextCounts& counts) {
  const std::string& text = line.normalized;
  ++counts.lines;
  counts.words += 1 + (text.empty() ? 0 : 1 + std::count(text.begin(), text.end(), ' '));
  counts.characters += 1 + count_code_points(text);
  counts.bytes += 1 + int64_t(text.size());
  counts.unknown += std::count(line.ids.begin(), line.ids.end() - 1, tokenizer.unk());
}

// Calls use(ids) for each line in order, </s> last.
template <class Use>
TextCounts tokenize(const LineSource& next, const Tokenizer& tokenizer, Use&& use) {
  constexpr size_t block = 4096;
  std::vector<Line> lines(block);
  TextCounts counts;
  for (size_t n = block; n == block;) {
    n = 0;
    while (n < block && next(lines[n].text)) ++n;
    parallel_for(int64_t(n), 16, [&](int64_t begin, int64_t end) {
      for (auto i = size_t(begin); i < size_t(end); ++i) {
        lines[i].normalized = tokenizer.normalized(lines[i].text);
        lines[i].ids = tokenizer.encode(lines[i].text);
        lines[i].ids.push_back(tokenizer.eos());
      }
    });
    for (size_t i = 0; i < n; ++i) count(lines[i], tokenizer, counts), use(lines[i].ids);
  }
  return counts;
}

void build(const std::string& path, const StreamRequest& request) {
  const std::string temporary = path + ".ids";
  AtomicFile file(temporary);  // never committed, so it vanishes
  std::string buffer;
  const auto flush = [&] { file.write(buffer), buffer.clear(); };
  const TextCounts counts = tokenize(lines_of(request.paths), request.tokenizer, [&](const auto& ids) {
    buffer.append(reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof ids[0]);
    if (buffer.size() > (size_t{1} << 20)) flush();
  });
  flush();
  check(file.position() > 0, request.paths.at(0), ": no text");
  const MappedFile ids(temporary + ".tmp");
  write_safetensors(path, {{"ids", "I32", {file.position() / 4}, ids.bytes()}},
                    {{std::string(about),
                      Json::object({{"fingerprint", fingerprint(request)}, {"counts", to_json(counts)}}).dump()}});
}

}  // namespace

TokenStream::TokenStream(std::vector<int32_t> ids, const TextCounts& counts) : counts_(counts) {
  const auto own = std::make_shared<const std::vector<int32_t>>(std::move(ids));
  ids_ = *own, owner_ = own;
}

TokenStream TokenStream::open(const std::string& path) {
  const auto file = std::make_shared<const SafetensorsFile>(path);
  const auto* entry = file->find("ids");
  const auto described = file->metadata().find(about);
  const auto aligned = [&] { return reinterpret_cast<uintptr_t>(entry->bytes.data()) % sizeof(int32_t) == 0; };
  check(entry && entry->dtype == "I32" && aligned() && described != file->metadata().end(), path,
        ": not a stream of tokens; remove it to build it again");
  file->verify(*entry);
  const Json description = Json::parse(described->second, path);
  TokenStream out;
  out.counts_ = from_json<TextCounts>(description["counts"], path);
  out.fingerprint_ = description["fingerprint"].text();
  out.ids_ = {reinterpret_cast<const int32_t*>(entry->bytes.data()), entry->bytes.size() / 4};
  out.owner_ = file;
  return out;
}

std::string fingerprint(const StreamRequest& request) {
  std::string inputs = str(request.tokenizer.fingerprint());
  for (const auto& path : request.paths) {
    struct stat info;
    check(::stat(path.c_str(), &info) == 0, "cannot read ", path, ": no such file");
    inputs += str(" ", path, " ", info.st_size, " ", info.st_mtim.tv_sec, ".", info.st_mtim.tv_nsec);
  }
  return str(hash64(inputs));
}

TokenStream open_or_build_stream(const std::string& path, const StreamRequest& request) {
  if (exists(path)) {
    TokenStream found = TokenStream::open(path);
    if (found.fingerprint() == fingerprint(request)) return found;
  }
  build(path, request);
  return TokenStream::open(path);
}

TokenStream read_stream(const StreamRequest& request) {
  std::vector<int32_t> all;
  const TextCounts counts = tokenize(lines_of(request.paths), request.tokenizer,
                                     [&](const auto& ids) { all.insert(all.end(), ids.begin(), ids.end()); });
  check(!all.empty(), request.paths.at(0), ": no text");
  return TokenStream(std::move(all), counts);
}

}  // namespace stemma
