// stemma trace: everything that a model computes for one sentence, by name, in a safetensors file.
#include <cstdio>
#include <map>

#include "stemma/base/safetensors.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/decode_arguments.h"
#include "stemma/cli/terminal.h"

namespace stemma {

namespace {

constexpr const char* examples =
    "  stemma trace runs/de-en --input \"Ein Mann schläft.\" --out t.safetensors\n"
    "  stemma trace runs/de-en --input \"Ein Mann schläft.\" --target \"A man sleeps.\" --out t.safetensors\n";

struct Arguments {
  std::string directory, input, target, out;
  bool json = false;
  DecodeArguments decode;
  Machine machine;
};

// What a recurrent decoder computes step by step has one name: "decoder.attention" becomes "decoder.attention@0", ...
std::vector<std::string> unique_names(const Traced& traced) {
  std::map<std::string, int64_t> times, seen;
  for (const auto& t : traced.tensors) ++times[t.name];
  std::vector<std::string> out;
  for (const auto& t : traced.tensors) out.push_back(times[t.name] == 1 ? t.name : str(t.name, "@", seen[t.name]++));
  return out;
}

TensorEntry entry_of(const std::string& name, const Tensor& x) {
  const char* dtype = x.type() == Type::f32 ? "F32" : x.type() == Type::bf16 ? "BF16" : "I32";
  return {name, dtype, {x.rows(), x.cols()}, {static_cast<const char*>(x.raw()), size_t(x.bytes())}};
}

void print(const std::vector<TensorEntry>& entries, const Metadata& about, const Arguments& a) {
  Json::Array list;
  Table table({"tensor", "shape", "type"});
  for (const auto& e : entries) {
    list.push_back(Json::object({{"name", e.name}, {"shape", e.shape}, {"dtype", e.dtype}}));
    table.add({e.name, str("[", e.shape[0], ", ", e.shape[1], "]"), e.dtype});
  }
  if (a.json) {
    Json out = Json::object({{"out", a.out}, {"tensors", std::move(list)}});
    for (const auto& [key, value] : about) out[key] = value;
    std::puts(out.dump().c_str());
  } else {
    std::printf("%s\n%zu tensors in %s\nsource  %s\ntarget  %s\n", table.text().c_str(), entries.size(), a.out.c_str(),
                about.at("source_pieces").c_str(), about.at("target_pieces").c_str());
  }
}

}  // namespace

int trace_command(const Words& words) {
  Arguments a;
  CommandLine line("trace",
                   "Writes every hidden state, attention and logit of one sentence and its translation, by name. The "
                   "translation is the model's own unless --target gives one.",
                   examples);
  line.option("directory", a.directory, "the model directory").required();
  line.option("--input", a.input, "the source sentence").required();
  line.option("--target", a.target, "the translation to force");
  line.option("--out", a.out, "the safetensors file to write").required();
  line.flag("--json", a.json, "the list of tensors as one object");
  a.decode.declare(line, DecodeArguments::search);
  a.machine.declare(line);
  if (!line.parse(words)) return 0;
  const MachineScope machine(a.machine);

  const auto system = Translator::load(a.directory);
  auto target = system.target().encode(a.target);
  if (!line.given("--target")) {
    const auto found = system.translate({a.input}, a.decode.options(line, system)).at(0).at(0);
    a.target = found.text, target = found.ids;
  }
  const auto traced = system.trace(a.input, target);
  const auto names = unique_names(traced);
  std::vector<TensorEntry> entries;
  for (size_t i = 0; i < names.size(); ++i) entries.push_back(entry_of(names[i], traced.tensors[i].value));
  const Metadata about = {{"model", system.recipe().model},
                          {"source", a.input},
                          {"target", a.target},
                          {"source_pieces", Json(traced.source).dump()},
                          {"target_pieces", Json(traced.target).dump()}};
  write_safetensors(a.out, entries, about);
  print(entries, about, a);
  return 0;
}

}  // namespace stemma
