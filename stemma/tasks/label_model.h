// One text or two in, a number for each label out: what the tasks classify and pair are made of, whichever encoder it
// is. The neural ones are in network_labels.cc; `tfidf` (sparse/) and `fasttext` (vectors/) learn in their own ways.
#pragma once
#include <memory>

#include "stemma/data/label_set.h"
#include "stemma/tasks/evidence.h"
#include "stemma/tasks/gradient_flow.h"
#include "stemma/tasks/lesson.h"

namespace stemma {

struct Documents {
  std::vector<std::string> first, second;  // second: of pairs, as many; otherwise empty
  int64_t size() const { return int64_t(first.size()); }
  bool pairs() const { return !second.empty(); }
};

// What the labels of a document mean.
enum class LabelKind {
  one,    // exactly one label: probabilities that sum to 1
  many,   // any number of labels: a probability for each
  score,  // a number
};

struct LabelledDocuments {
  Documents documents;
  std::vector<std::vector<int32_t>> labels;  // ids; one, many
  std::vector<double> scores;                // score
  int64_t size() const { return documents.size(); }
};

struct LabelHead {
  std::string pooling = "auto";  // last|first|max|mean|attention; auto: what suits the encoder
  int64_t attention_width = 0;   // of pooling = attention; 0: that of the rows
  // Of the GRU that reads the vectors of a text's sentences in either direction, attention over its states following
  // (Yang et al. 2016); `pooling` then makes one vector of each sentence. 0: a text is one sequence.
  int64_t sentence_width = 0;
  int64_t hidden = 0;                  // a layer between the text's vector and the labels; 0: none
  float dropout = 0.5f;                // on what the last layer sees
  std::string class_weights = "none";  // none | balanced: a label weighs n / (labels * its count), as scikit-learn's
  // Pairs. siamese: both texts by themselves, joined as [u; v; |u - v|; u * v] (Mou et al. 2016, eq. 3; Conneau et al.
  // 2017, section 3.1); symmetric: [|u - v|; u * v] (Tai et al. 2015, eq. 15), whichever is first; joint: one text,
  // </s> between.
  std::string pairs = "siamese";
  FIELDS(pooling, attention_width, sentence_width, hidden, dropout, class_weights, pairs)
  void validate() const;  // Error naming the option
};

struct LabelTask {
  std::string name;  // "classify", "pair"
  LabelKind kind = LabelKind::one;
  LabelSet labels = {};
  bool pairs = false;
};

// A convolution's filter: the n-grams that excite it most, and the label it speaks for.
struct ExplainedFilter {
  int64_t filter = 0, width = 0;  // its number among those of its width; tokens
  int32_t label = 0;
  double weight = 0;               // in that label's logit, above the mean of all labels
  std::vector<Evidence> ngrams{};  // of different texts, the strongest first; weight: the activation
};
struct Explained {
  std::vector<Evidence> saliency = {};  // by the encoder's own measure, which `measure` names
  std::string measure;
  std::vector<Evidence> attention = {};  // of pooling = attention; otherwise none
};

class LabelModel {
 public:
  virtual ~LabelModel() = default;
  // A row for each document: probabilities of the labels, or the score alone. That of a document does not depend on the
  // others.
  virtual std::vector<std::vector<double>> answer(const Documents& documents) const = 0;
  // Which documents are longer than what is read of them; empty: none.
  virtual std::vector<bool> cut(const Documents&) const { return {}; }
  // Why document 0 has so much of `label` (0 for a score).
  virtual Explained explain(const Documents& one, int32_t label) const = 0;
  // What speaks most for a label whatever the text; none where the encoder has no such thing.
  virtual std::vector<Evidence> heaviest(int32_t) const { return {}; }
  // Of TextCNN for classes whose filters speak to the labels without a layer between, the most telling first (greatest
  // activation times weight); otherwise none.
  virtual std::vector<ExplainedFilter> filters(const Documents&) const { return {}; }
  virtual int64_t parameters() const = 0;
  virtual Params params() const { return {}; }
};

struct LabelTraining {
  const TaskRecipe& recipe;
  const LabelTask& task;
  const LabelledDocuments &train, &valid;  // valid may be empty
  // What training says of answers to `valid`: the loss and what is best.
  std::function<Validation(const std::vector<std::vector<double>>&)> judge;
  std::string directory;
  bool resume = false;
};
struct TrainedLabels {
  std::unique_ptr<LabelModel> model;  // null: stopped before there was one
  Summary summary;
};
// By recipe.encoder. Everything that load_label_model needs is in the directory afterwards.
TrainedLabels train_label_model(const LabelTraining& training, const std::atomic<bool>& stop,
                                const TaskCallbacks& calls);
std::unique_ptr<LabelModel> load_label_model(const TaskRecipe& recipe, const LabelTask& task,
                                             const std::string& directory);
std::vector<std::string> label_encoders();
// How far back the losses of texts reach, by the model of a directory. Error where an encoder learns without gradients,
// or no text is long enough.
struct LabelFlow {
  const TaskRecipe& recipe;
  const LabelTask& task;
  const std::string& directory;
  const LabelledDocuments& texts;
  FlowPlaces places;
};
GradientFlow label_flow(const LabelFlow& asked);
// Defaults of an encoder for these tasks: its architecture, and `train`, `text` where it is not like the others.
TaskRecipe label_recipe(const std::string& encoder, const LabelTask& task);

// ---- The families -----------------------------------------------------------------------------------------------
// Each in its own stem; train_label_model and load_label_model choose among them.
TrainedLabels train_network_labels(const LabelTraining& training, const std::atomic<bool>& stop,
                                   const TaskCallbacks& calls);
std::unique_ptr<LabelModel> load_network_labels(const TaskRecipe& recipe, const LabelTask& task,
                                                const std::string& directory);
GradientFlow network_label_flow(const LabelFlow& asked);
Json sparse_defaults();  // of the architecture
TrainedLabels train_sparse_labels(const LabelTraining& training, const TaskCallbacks& calls);
std::unique_ptr<LabelModel> load_sparse_labels(const std::string& directory);
Json bag_defaults();
TrainedLabels train_bag_labels(const LabelTraining& training, const std::atomic<bool>& stop,
                               const TaskCallbacks& calls);
std::unique_ptr<LabelModel> load_bag_labels(const TaskRecipe& recipe, const LabelTask& task,
                                            const std::string& directory);
std::string encoded_label(const std::string& name);  // as fastText's files have it
// Of exactly one label, where each was judged by itself: numbers that sum to 1.
std::vector<double> shares(std::vector<double> of_labels);

// labels.json: what the task is, of a directory.
void save_label_task(const LabelTask& task, const std::string& directory);
LabelTask load_label_task(const std::string& name, const std::string& directory);

// For families that learn without the trainer: the plan, and the score of the validation texts in the summary.
std::string describe_labels(const LabelTask& task);  // "4: Business, Sci/Tech, Sports, World"
std::string measure_of(const LabelTask& task);       // "accuracy", "micro_f1", "spearman"
TaskPlan shallow_plan(const LabelTraining& training);
// What the recipe asks for in vain, as a line; empty: nothing.
std::string unused_options(const LabelTraining& training);
TrainedLabels judged(const LabelTraining& training, TrainedLabels trained);

}  // namespace stemma
