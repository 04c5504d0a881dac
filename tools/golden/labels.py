#!/usr/bin/env python3
"""Golden numbers for metrics/classification.h and metrics/span_f1.h from scikit-learn and seqeval (pip install
scikit-learn seqeval): writes tests/golden/labels.json. All labels are drawn here.
"""
import json
import pathlib
import random
import warnings

import numpy as np
from seqeval import scheme
from seqeval.metrics import accuracy_score as token_accuracy
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as lenient
from seqeval.metrics.v1 import precision_recall_fscore_support as strict
from sklearn import metrics
from sklearn.calibration import calibration_curve

OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "labels.json"
warnings.filterwarnings("ignore")


def plain(x):
    if isinstance(x, (list, tuple, np.ndarray)):
        return [plain(v) for v in x]
    return int(x) if isinstance(x, (int, np.integer)) else float(f"{x:.15g}")


def prf(score, **how):
    """[[P, R, F1, support] of each class, of micro, of macro, of weighted]"""
    rows = np.array(score(average=None, **how), dtype=float).T.tolist()
    averages = [[v if v is not None else 0 for v in score(average=a, **how)] for a in ["micro", "macro", "weighted"]]
    return {"classes": plain(rows), "averages": plain([row[:3] for row in averages])}


# ---- documents of one label, with probabilities ---------------------------------------------------------------------
def classification(seed, n, k, noise, used=None):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, used or k, n)
    logits = rng.normal(size=(n, k)) + (1 - noise) * 3 * np.eye(k)[y]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    p = (np.round(p * 4096) / 4096).astype(np.float32).astype(float)
    p[:, 0] += 1 - p.sum(1)
    p = np.clip(p, 0, 1)
    z = p.argmax(1)
    case = {"labels": k, "targets": plain(y), "predictions": plain(z), "probabilities": plain(p.flatten())}
    case |= {"accuracy": metrics.accuracy_score(y, z), "mcc": metrics.matthews_corrcoef(y, z)}
    case |= prf(lambda **how: metrics.precision_recall_fscore_support(y, z, zero_division=0, **how))
    case["occurring"] = plain(np.union1d(y, z))
    case["confusion"] = plain(metrics.confusion_matrix(y, z, labels=range(k)))
    case["log_loss"] = plain(metrics.log_loss(y, p, labels=range(k)))
    right, confidence = (z == y).astype(int), p.max(1)
    accuracy, mean = calibration_curve(right, confidence, n_bins=10)
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, 11)[1:-1], confidence), minlength=10)
    full = counts[counts > 0] / n
    case["bins"] = {"documents": plain(counts), "accuracy": plain(accuracy), "confidence": plain(mean)}
    case["expected_error"] = plain((full * np.abs(accuracy - mean)).sum())
    return case


# ---- documents of many labels ---------------------------------------------------------------------------------------
def many_labels(seed, n, k, rate):
    rng = np.random.default_rng(seed)
    y, z = rng.random((n, k)) < rate, rng.random((n, k)) < rate
    z = np.where(rng.random((n, k)) < 0.6, y, z)
    y[:, k - 1] = z[:, k - 1] = False
    case = {"labels": k, "targets": [plain(np.flatnonzero(r)) for r in y], "predictions": [plain(np.flatnonzero(r)) for r in z]}
    case |= {"exact_match": metrics.accuracy_score(y, z), "hamming_loss": metrics.hamming_loss(y, z)}
    return case | prf(lambda **how: metrics.precision_recall_fscore_support(y, z, zero_division=0, **how))


# ---- spans ----------------------------------------------------------------------------------------------------------
SCHEMES = {"iob1": scheme.IOB1, "iob2": scheme.IOB2, "ioe1": scheme.IOE1, "ioe2": scheme.IOE2, "iobes": scheme.IOBES,
           "bilou": scheme.BILOU}
AWKWARD = {
    "an inside behind the outside": ["O I-X I-X O", "B-X I-X O O"],
    "types change inside": ["B-X I-Y I-Y O", "B-X I-X I-Y O"],
    "an end without a beginning": ["O E-X O E-X E-X", "O S-X O B-X E-X"],
    "a beginning without an end": ["B-X I-X O B-Y", "B-X E-X O S-Y"],
    "no types": ["B I O S B E", "B I O B I I"],
    "types with dashes": ["B-a-b I-a-b O B--c I--c", "B-a-b I-b O B-c I-c"],
    "not spans at all": ["NOUN VERB NOUN X ADJ", "NOUN NOUN NOUN X ADV"],
    "one letter": ["N V N N V", "N N N V V"],
    "letters beyond ASCII": ["名词 动词 B-人 I-人 O", "名词 名词 B-人 O I-人"],
    "whole words": ["S-X S-X S-Y I-Y E-Y", "B-X E-X S-Y B-Y E-Y"],
    "nothing found": ["O O O", "O O O"],
    "only in truth": ["B-X I-X O", "O O O"],
    "only predicted": ["O O O", "B-X O S-Y"],
    "points": [". . B-X . I-X", ". B-X B-X . ."],
    "other alphabets": ["B-X I-X L-X O U-Y", "B-X L-X O U-Y U-Y"],
}


def spans_case(name, y, z, only=None):
    case = {"name": name, "targets": y, "predictions": z, "token_accuracy": plain(token_accuracy(y, z)), "schemes": {}}
    for key, kind in {"lenient": None, **SCHEMES}.items():
        if only and key not in only:
            continue
        how = {} if kind is None else {"scheme": kind}
        try:
            score = lambda **more: (strict if kind else lenient)(y, z, **how, **more)
            found = prf(score)
            if found["classes"]:
                case["schemes"][key] = found
        except (KeyError, ValueError):
            case["schemes"][key] = "error"
    return case


def drawn_spans(seed, prefixes, sequences=12):
    rng = random.Random(seed)
    labels = ["O"] * 2 + [f"{p}-{t}" for p in prefixes for t in ["PER", "LOC", "ORG"]]
    y = [[rng.choice(labels) for _ in range(rng.randrange(1, 12))] for _ in range(sequences)]
    z = [[a if rng.random() < 0.6 else rng.choice(labels) for a in s] for s in y]
    return y, z


def main():
    cases = [classification(1, 60, 4, 0.2), classification(2, 40, 3, 0.9), classification(3, 30, 6, 0.5, used=3),
             classification(4, 12, 2, 0.5, used=1), classification(5, 50, 2, 0.6)]
    spans = [spans_case(name, [pair[0].split()], [pair[1].split()]) for name, pair in AWKWARD.items()]
    both = [[pair[i].split() for name, pair in AWKWARD.items()] for i in range(2)]
    spans.append(spans_case("all of these", *both, only=["lenient"]))
    for i, prefixes in enumerate(["BI", "IE", "BIES", "BILU", "BIESN"]):
        spans.append(spans_case(f"drawn {prefixes}", *drawn_spans(i, prefixes)))
    golden = {"classification": cases, "many_labels": [many_labels(6, 30, 5, 0.3), many_labels(7, 20, 3, 0.7)],
              "spans": spans}
    OUTPUT.write_text(json.dumps(golden, separators=(",", ":"), ensure_ascii=False) + "\n")


main()
