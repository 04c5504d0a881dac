// How good answers of classify and pair are: accuracy and all that goes with it, or correlations of scores.
#pragma once
#include "stemma/tasks/label_model.h"
#include "stemma/tasks/text_task.h"

namespace stemma {

// answers: as LabelModel gives them. One label: accuracy; many: micro F1; a score: Spearman's rho.
TaskReport score_labels(const LabelTask& task, const LabelledDocuments& data,
                        const std::vector<std::vector<double>>& answers);
// The same for a validation while training: loss (negative log-likelihood; of scores the squared error) and score.
Validation validation_of(const LabelTask& task, const LabelledDocuments& data,
                         const std::vector<std::vector<double>>& answers);

}  // namespace stemma
