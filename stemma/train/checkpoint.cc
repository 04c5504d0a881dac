#include "stemma/train/checkpoint.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "stemma/base/parallel.h"
#include "stemma/base/safetensors.h"

namespace stemma {

namespace {

constexpr std::string_view architecture_key = "architecture", state_key = "state";

std::vector<int64_t> shape_of(const Tensor& t) {
  if (t.rows() == 1) return {t.cols()};
  return {t.rows(), t.cols()};
}

std::string in(const std::string& path, const std::string& name) { return str(path, ": tensor '", name, "'"); }

std::string hint(const std::string& name, const std::vector<std::string>& known) {
  const auto close = nearest(name, known);
  return close.empty() ? "" : str(" (did you mean '", close, "'?)");
}

void check_architecture(const std::string& path, const SafetensorsFile& file, const std::string& wanted) {
  const auto found = file.metadata().find(architecture_key);
  check(found == file.metadata().end() || found->second == wanted, path, ": holds a model of architecture '",
        found == file.metadata().end() ? "" : found->second, "', not '", wanted, "'");
}

// Names and shapes, before anything is changed.
void check_names(const std::string& path, const SafetensorsFile& file, const Params& tensors) {
  std::vector<std::string> wanted, there;
  for (const auto& t : tensors) wanted.push_back(t.name);
  for (const auto& entry : file.entries()) there.push_back(entry.name);
  for (const auto& [name, tensor] : tensors) {
    const auto* entry = file.find(name);
    if (!entry) fail(in(path, name), " is missing", hint(name, there));
    check(entry->dtype == "F32" || entry->dtype == "BF16", in(path, name), " is ", entry->dtype, ", not F32 or BF16");
    const std::vector<int64_t> matrix = {tensor.rows(), tensor.cols()};
    check(entry->shape == matrix || entry->shape == shape_of(tensor), in(path, name), " has shape ", Json(entry->shape),
          ", the model needs ", Json(shape_of(tensor)));
  }
  std::sort(wanted.begin(), wanted.end());
  for (const auto& name : there)
    if (!std::binary_search(wanted.begin(), wanted.end(), name))
      fail(in(path, name), " is not part of the model", hint(name, wanted));
}

// Element `i` of what a file holds; its bytes need not be aligned.
template <class T>
float element(const TensorEntry& entry, int64_t i) {
  T value;
  std::memcpy(&value, entry.bytes.data() + i * int64_t(sizeof value), sizeof value);
  return float(value);
}

template <class From, class To>
void convert(const TensorEntry& entry, To* to, int64_t n) {
  parallel_for(n, 1 << 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = To(element<From>(entry, i));
  });
}

// The exponent of an infinity or NaN is all ones, in bf16 as in f32. Without an early end the loop becomes SIMD.
template <class Bits, Bits exponent>
bool all_finite(std::string_view bytes) {
  std::array<Bits, 64 / sizeof(Bits)> block{}, found{};
  const auto look = [&] {
    for (size_t i = 0; i < block.size(); ++i) found[i] |= Bits((block[i] & exponent) == exponent);
  };
  for (; bytes.size() >= sizeof block; bytes.remove_prefix(sizeof block)) {
    std::memcpy(block.data(), bytes.data(), sizeof block);
    look();
  }
  std::memcpy(block.data(), bytes.data(), bytes.size());
  look();
  return std::all_of(found.begin(), found.end(), [](Bits any) { return any == 0; });
}

void check_values(const std::string& path, const SafetensorsFile& file) {
  const auto& entries = file.entries();
  std::atomic<size_t> next{0};  // who is done takes another: tensors differ in size
  parallel_for(std::min<int64_t>(threads(), int64_t(entries.size())), 1, [&](int64_t, int64_t) {
    for (size_t i; (i = next++) < entries.size();) {
      const auto& entry = entries[i];
      file.verify(entry);
      const bool finite = entry.dtype == "F32" ? all_finite<uint32_t, 0x7F800000>(entry.bytes)
                                               : all_finite<uint16_t, 0x7F80>(entry.bytes);
      check(finite, in(path, entry.name),
            " holds numbers that are not finite (NaN or infinity); take an earlier checkpoint");
    }
  });
}

void fill(const TensorEntry& entry, const Tensor& t) {
  if (bytes_of_dtype(entry.dtype) == bytes_of(t.type()))
    std::memcpy(t.raw(), entry.bytes.data(), entry.bytes.size());
  else if (t.type() == Type::bf16)
    convert<float>(entry, t.data<bf16>(), t.size());
  else
    convert<bf16>(entry, t.data<float>(), t.size());
}

}  // namespace

void save_tensors(const std::string& path, const Params& tensors, const About& about) {
  std::vector<TensorEntry> entries;
  for (const auto& [name, t] : tensors)
    entries.push_back({name,
                       t.type() == Type::f32 ? "F32" : "BF16",
                       shape_of(t),
                       {static_cast<const char*>(t.raw()), size_t(t.bytes())}});
  Metadata metadata = {{"format", "pt"}, {std::string(architecture_key), about.architecture}};
  if (!about.state.is_null()) metadata.emplace(state_key, about.state.dump());
  write_safetensors(path, entries, metadata);
}

static SafetensorsFile open_checked(const std::string& path, const Params& tensors, const std::string& architecture) {
  SafetensorsFile file(path);
  check_architecture(path, file, architecture);
  check_names(path, file, tensors);
  check_values(path, file);
  return file;
}

std::string trained_weights(const std::string& directory) {
  const std::string path = join_path(directory, "model.safetensors");
  check(exists(path), "no weights at ", path, " yet: training writes them after its first validation");
  return path;
}

MappedTensors map_tensors(const std::string& path, const Params& wanted, const std::string& architecture) {
  const auto file = open_checked(path, wanted, architecture);
  MappedTensors out{{}, file.file()};
  for (const auto& [name, t] : wanted) {
    const auto& entry = *file.find(name);
    const bool as_it_is = bytes_of_dtype(entry.dtype) == bytes_of(t.type()) &&
                          reinterpret_cast<uintptr_t>(entry.bytes.data()) % uint64_t(bytes_of(t.type())) == 0;
    out.tensors.push_back({name, as_it_is ? Tensor::over(out.file.at(entry.bytes.data()), t.rows(), t.cols(), t.type())
                                          : Tensor(t.rows(), t.cols(), t.type())});
    if (!as_it_is) fill(entry, out.tensors.back().w);
  }
  return out;
}

Json load_tensors(const std::string& path, const Params& tensors, const std::string& architecture) {
  const auto file = open_checked(path, tensors, architecture);
  for (const auto& tensor : tensors) fill(*file.find(tensor.name), tensor.w);
  const auto state = file.metadata().find(state_key);
  return state == file.metadata().end() ? Json() : Json::parse(state->second, str(path, ": state"));
}

void load_average(const std::vector<std::string>& paths, const Params& tensors, const std::string& architecture) {
  check(!paths.empty(), "no checkpoints to average");
  Params read, sum;
  for (const auto& [name, t] : tensors) {
    read.push_back({name, Tensor(t.rows(), t.cols())});
    sum.push_back({name, Tensor::zeros(t.rows(), t.cols())});
  }
  for (const auto& path : paths) {
    load_tensors(path, read, architecture);
    for (size_t i = 0; i < sum.size(); ++i) {
      const float *from = read[i].w.data(), share = 1.0f / float(paths.size());
      float* to = sum[i].w.data();
      for (int64_t j = 0; j < sum[i].w.size(); ++j) to[j] += from[j] * share;
    }
  }
  for (size_t i = 0; i < sum.size(); ++i) {
    const float* from = sum[i].w.data();
    if (const Tensor& to = tensors[i].w; to.type() == Type::f32)
      std::copy_n(from, to.size(), to.data());
    else
      std::transform(from, from + to.size(), to.data<bf16>(), [](float v) { return bf16(v); });
  }
}

}  // namespace stemma
