// One self-contained HTML page about one or more systems: no network, no fonts, no libraries. It serves the demo and
// `stemma show --html`. A section with nothing to show is left out; every key below but "name" may be absent.
//
//   {"title": .., "subtitle": .., "command": ..,
//    "systems": [{
//      "name": .., "about": "one line", "parameters": n, "train_tokens_per_second": x, "loss": x,
//      "bleu": x, "bleu_long": x, "greedy_bleu": x, "beam_bleu": x, "ms_per_sentence": x,
//      "bleu_by_length": [{"range": "1-5", "bleu": x, "sentences": n}],
//      "curve": [{"step": n, "seconds": x, "loss": x, "valid_loss": x, "grad_norm": x}],
//      "examples": [{                                 // the same sentences in the same order in every system
//        "source": [pieces], "target": [pieces], "reference": "..",
//        "nbest": [{"text": "..", "score": x}],
//        "attention": [{"layer": "decoder.0.cross", "head": n,          // no head: the layer has only one
//                       "rows": "target", "columns": "source",          // these two are the defaults
//                       "weights": [[one weight per column] per row]}]}],
//      "surprisal": [{"tokens": [pieces], "bits": [x per piece], "best": [[{"piece": .., "p": x}] per piece]}],
//      "gradients": {"norm": [x per step back], "clipped": [x], "per_step": x},
//      "explained": [what TextSystem::explain says, places in characters, with "line": the answer],
//      "heaviest": [..], "filters": [..],             // what TextSystem::learned says
//      "tree": [{"name": "encoder.0.W.weight", "shape": [n, ..], "parameters": n}]
//    }]}
#pragma once
#include <string>

#include "stemma/base/json.h"

namespace stemma {

std::string report_page(const Json& report);

}  // namespace stemma
