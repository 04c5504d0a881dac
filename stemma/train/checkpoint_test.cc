#include "stemma/train/checkpoint.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <limits>

#include "stemma/base/files.h"
#include "stemma/base/safetensors.h"

namespace stemma {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

struct Layer {
  Param W{3, 4}, b{1, 3};
  FIELDS(W, b)
};
struct Model {
  Layer encode, decode;
  FIELDS(encode, decode)
  explicit Model(float first) {
    for (const auto& p : params(*this))
      for (int64_t i = 0; i < p.w.size(); ++i) p.w.data()[i] = first + 0.1f * float(i);
  }
};

std::string fresh(const std::string& name) {
  const auto path = testing::TempDir() + "stemma_checkpoint_" + name + ".safetensors";
  remove_file(path);
  return path;
}

std::vector<float> all_values(Model& m) {
  std::vector<float> out;
  for (const auto& p : params(m))
    for (const float v : p.w.values()) out.push_back(v);
  return out;
}

void expect_error(const std::string& path, const Params& into, const std::vector<std::string>& texts) {
  for (const auto& text : texts)
    EXPECT_THAT([&] { load_tensors(path, into, "tiny"); },
                ThrowsMessage<Error>(AllOf(HasSubstr(text), HasSubstr(path))));
}

TEST(Checkpoint, KeepsEveryBitAndTheState) {
  const auto path = fresh("round");
  Model a(0.3f), b(9);
  const Json state = Json::object({{"step", 7}, {"third", 1.0 / 3}, {"text", "a\"\n数"}});
  save_tensors(path, params(a), {"tiny", state});
  EXPECT_EQ(load_tensors(path, params(b), "tiny"), state);
  EXPECT_EQ(all_values(a), all_values(b));
  save_tensors(path, params(a), {"tiny", {}});
  EXPECT_TRUE(load_tensors(path, params(b), "tiny").is_null());
}

TEST(Checkpoint, TiedParametersAreStoredOnce) {
  const auto path = fresh("tied");
  Model m(0);
  m.decode.W = m.encode.W;
  save_tensors(path, params(m), {"tiny", {}});
  const SafetensorsFile file(path);
  EXPECT_EQ(file.entries().size(), 3);
  EXPECT_EQ(file.find("decode.W"), nullptr);
  EXPECT_EQ(file.find("encode.b")->shape, std::vector<int64_t>{3});
}

TEST(Checkpoint, MappedTensorsAreTheFile) {
  const auto path = fresh("mapped");
  Model m(0.3f);
  m.decode.W = m.encode.W;
  save_tensors(path, params(m), {"tiny", {}});
  auto mapped = map_tensors(path, params(m), "tiny");
  const auto bytes = mapped.file.bytes();
  for (size_t i = 0; i < mapped.tensors.size(); ++i) {
    const auto& [name, t] = mapped.tensors[i];
    EXPECT_EQ(name, params(m)[i].name);
    EXPECT_EQ(t.values(), params(m)[i].w.values());
    EXPECT_FALSE(t.tracked());
    EXPECT_TRUE(t.raw() >= bytes.data() && t.raw() < bytes.data() + bytes.size()) << name << " was copied";
  }
  const auto kept = mapped.tensors[0].w;
  mapped.file.let_go();
  mapped = {};
  EXPECT_EQ(kept.values(), m.encode.W.w.values());  // the mapping lives as long as a tensor does
  // A model takes them with its ties.
  Unfilled off;
  Layer a, b;
  b.W = a.W;
  const auto walk_all = [&](const ParamFn& f) { walk("encode", a, f), walk("decode", b, f); };
  replace(walk_all, map_tensors(path, unique_params(walk_all), "tiny").tensors);
  EXPECT_EQ(a.W.w.raw(), b.W.w.raw());
  EXPECT_EQ(b.W.w.values(), m.encode.W.w.values());
  EXPECT_NE(b.b.w.raw(), a.b.w.raw());
  EXPECT_THAT([&] { map_tensors(path, unique_params(walk_all), "other"); }, ThrowsMessage<Error>(HasSubstr("'tiny'")));
}

TEST(Checkpoint, MappedTensorsAreConvertedWhereTheFileHoldsAnotherType) {
  const auto path = fresh("mapped_bf16");
  const Tensor narrow = Tensor(2, 2, Type::bf16), wide(2, 2);
  for (int i = 0; i < 4; ++i) narrow.data<bf16>()[i] = bf16(float(i));
  save_tensors(path, {{"x", narrow}}, {"tiny", {}});
  EXPECT_EQ(map_tensors(path, {{"x", wide}}, "tiny").tensors[0].w.values(), (std::vector<float>{0, 1, 2, 3}));
}

TEST(Checkpoint, ConvertsBetweenF32AndBf16) {
  const auto path = fresh("bf16");
  const Tensor wide = Tensor::from(2, 2, {1, 0.3f, -2.5f, 1e-3f}), narrow(2, 2, Type::bf16), back(2, 2);
  save_tensors(path, {{"x", wide}}, {"tiny", {}});
  load_tensors(path, {{"x", narrow}}, "tiny");
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(narrow.data<bf16>()[i].bits, bf16(wide.data()[i]).bits);
  save_tensors(path, {{"x", narrow}}, {"tiny", {}});
  load_tensors(path, {{"x", back}}, "tiny");
  EXPECT_EQ(back.values(), narrow.values());
}

TEST(Checkpoint, WrongTensorsAreNamed) {
  const auto path = fresh("wrong");
  Model m(0);
  const Params all = params(m);
  save_tensors(path, all, {"tiny", {}});
  const auto before = all_values(m);

  auto renamed = all;
  renamed[0].name = "encoder.W";
  expect_error(path, renamed, {"tensor 'encoder.W' is missing (did you mean 'encode.W'?)"});
  expect_error(path, {all.begin(), all.end() - 1}, {"tensor 'decode.b' is not part of the model"});
  auto wider = all;
  wider[2].w = Tensor(3, 5);
  expect_error(path, wider, {"tensor 'decode.W' has shape [3, 4], the model needs [3, 5]"});
  EXPECT_THAT([&] { load_tensors(path, all, "huge"); },
              ThrowsMessage<Error>(HasSubstr("architecture 'tiny', not 'huge'")));
  EXPECT_EQ(all_values(m), before);
}

TEST(Checkpoint, NumbersThatAreNotFiniteAreNamed) {
  const auto path = fresh("nan");
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Model m(0), into(5);
    m.decode.W.w.data()[11] = bad;
    const auto before = all_values(into);
    save_tensors(path, params(m), {"tiny", {}});
    expect_error(path, params(into), {"tensor 'decode.W' holds numbers that are not finite"});
    EXPECT_EQ(all_values(into), before);
  }
}

TEST(Checkpoint, DamageIsFoundAndNamed) {
  const auto path = fresh("damage");
  Model m(1), into(5);
  save_tensors(path, params(m), {"tiny", {}});
  const auto whole = read_file(path);
  const auto before = all_values(into);
  auto flipped = whole;
  flipped[whole.size() - 3] ^= 1;  // the last tensor ends the file
  write_file(path, flipped);
  expect_error(path, params(into), {"decode.b", "damaged"});
  for (const size_t length : {whole.size() - 1, whole.size() - 60, whole.size() / 2, size_t{9}, size_t{3}, size_t{0}}) {
    write_file(path, std::string_view(whole).substr(0, length));
    expect_error(path, params(into), {""});
  }
  EXPECT_EQ(all_values(into), before);
}

TEST(Checkpoint, FullDiskLeavesTheOldFile) {
  const auto path = fresh("full");
  Model small(1), into(2);
  save_tensors(path, params(small), {"tiny", {}});
  const auto before = read_file(path);
  rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit low = limit;
  low.rlim_cur = 200'000;
  setrlimit(RLIMIT_FSIZE, &low);
  EXPECT_THAT(
      [&] {
        save_tensors(path, {{"x", Tensor::zeros(1000, 1000)}}, {"tiny", {}});
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("cannot write"), HasSubstr(path))));
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(read_file(path), before);
  EXPECT_FALSE(exists(path + ".tmp"));
}

TEST(Checkpoint, Average) {
  Model a(1), b(2), c(6), mean(0);
  std::vector<std::string> paths;
  for (auto* m : {&a, &b, &c}) {
    paths.push_back(fresh(str("average", paths.size())));
    save_tensors(paths.back(), params(*m), {"tiny", {}});
  }
  load_average(paths, params(mean), "tiny");
  const auto x = all_values(a), y = all_values(mean);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], x[i] + 2, 1e-6);
  EXPECT_THROW(load_average({}, params(mean), "tiny"), Error);
}

}  // namespace
}  // namespace stemma
