#include "stemma/models/registry.h"

#include <gmock/gmock.h>

#include <set>

#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// `config` with its sizes cut down, so that it is built in no time.
Json tiny(Json config) {
  for (auto& [key, value] : config.object()) {
    if (key == "width" || key == "embedding") value = 16;
    if (key == "encoder_width") value = 8;
    if (key == "feed_forward") value = 32;
    if (key == "heads") value = 2;
  }
  return config;
}

TEST(Registry, every_model_is_built_from_its_defaults_and_runs) {
  EXPECT_THAT(model_names(), ElementsAre("rnn", "lstm", "gru", "transformer"));
  for (const auto& name : model_names()) {
    SCOPED_TRACE(name);
    const Json config = tiny(default_config(name));
    const auto model = make_model(name, config, {13, 13}, 1);
    EXPECT_EQ(model->name(), name);
    EXPECT_EQ(model->config(), config);
    auto state = model->start(random_ids({3, 2}, 13));
    const Tensor hidden = model->decode(random_ids({1, 4}, 13), *state);
    EXPECT_EQ(hidden.rows(), 5);
    EXPECT_EQ(hidden.cols(), model->output_W().cols());
    EXPECT_EQ(model->output_W().rows(), 13);
  }
}

// A preset's keys: some are the model's, "train...." and the text's are the recipe's.
Json settings_of(const Preset& preset) {
  Json config = default_config(preset.model);
  for (const auto& [key, value] : preset.settings.object())
    if (config.find(key)) config[key] = value;
  return config;
}

TEST(Registry, every_preset_builds_a_model) {
  std::set<std::string> names;
  for (const auto& preset : presets()) {
    SCOPED_TRACE(preset.name);
    EXPECT_TRUE(names.insert(preset.name).second);
    EXPECT_EQ(find_preset(preset.name).about, preset.about);
    const auto model = make_model(preset.model, tiny(settings_of(preset)), {13, 13}, 1);
    auto state = model->start(random_ids({3, 2}, 13));
    EXPECT_EQ(model->decode(random_ids({1, 4}, 13), *state).rows(), 5);
    for (const auto& [key, value] : preset.settings.object())
      EXPECT_TRUE(default_config(preset.model).find(key) || key.starts_with("train.") || key == "reverse_source")
          << key;
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"transformer-small", "transformer-base", "bahdanau2015", "luong2015"}));
}

TEST(Registry, presets_have_the_sizes_of_their_papers) {
  const auto size = [](const std::string& name, int64_t vocabulary) {
    const auto& preset = find_preset(name);
    return double(count(make_model(preset.model, settings_of(preset), {vocabulary, vocabulary}, 1)->params()));
  };
  EXPECT_NEAR(size("transformer-base", 37000), 63e6, 0.5e6);  // table 3: 65 million
  const Json small = settings_of(find_preset("transformer-small"));
  EXPECT_EQ(small["width"], Json(256));
  EXPECT_EQ(small["heads"], Json(4));
  EXPECT_EQ(small["feed_forward"], Json(1024));
  EXPECT_EQ(small["encoder_layers"], Json(3));
  EXPECT_EQ(small["decoder_layers"], Json(3));
  EXPECT_EQ(small["tie"], Json("all"));
}

TEST(Registry, initial_values_depend_on_the_seed_and_the_path) {
  const auto params = [](const char* changes, uint64_t seed) {
    Json config = tiny(default_config("transformer"));
    const Json more = Json::parse(changes);
    for (const auto& [key, value] : more.object()) config[key] = value;
    return make_model("transformer", config, {13, 13}, seed)->params();
  };
  const auto find = [](const Params& all, const std::string& name) {
    for (const auto& p : all)
      if (p.name == name) return p.w;
    return Tensor();
  };
  const auto a = params("{}", 1), b = params("{}", 1), other = params("{}", 2);
  const auto shallow = params(R"({"encoder_layers": 2, "decoder_layers": 1, "norm": "pre"})", 1);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(same_bits(a[i].w, b[i].w)) << a[i].name;
  for (const auto* name : {"source.E", "encoder.1.attend.Q.W", "decoder.0.feed.up.W"}) {
    EXPECT_TRUE(same_bits(find(a, name), find(shallow, name))) << name;
    EXPECT_FALSE(same_bits(find(a, name), find(other, name))) << name;
  }
}

TEST(Registry, unknown_names_suggest_the_nearest) {
  EXPECT_THAT(error_of([] { default_config("transfomer"); }), HasSubstr("did you mean 'transformer'"));
  EXPECT_THAT(error_of([] { find_preset("transformer-basis"); }), HasSubstr("did you mean 'transformer-base'"));
  const auto error = [](const char* model, const char* config) {
    return error_of([&] { make_model(model, Json::parse(config), {13, 13}, 1); });
  };
  EXPECT_THAT(error("transformer", R"({"widht": 16})"), HasSubstr("did you mean 'width'"));
  EXPECT_THAT(error("lstm", R"({"atention": "dot"})"), HasSubstr("did you mean 'attention'"));
  EXPECT_THAT(error("lstm", R"({"width": "wide"})"), HasSubstr("lstm.width"));
  EXPECT_THAT(error("gru", R"({"attention": "dott"})"), HasSubstr("did you mean 'dot'"));
  EXPECT_THAT(error_of([] { make_model("rnn", Json::object({}), {0, 13}, 1); }), HasSubstr("vocabulary"));
}

}  // namespace
}  // namespace stemma
