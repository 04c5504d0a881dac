#!/usr/bin/env python3
"""Golden numbers for stemma/sparse, made by scikit-learn (TF-IDF values, optima of linear models, what a word is).

  tools/golden/tfidf.py > tests/golden/tfidf.json"""
import json
import random
import sys
import unicodedata

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC, LinearSVR

TEXTS = [
    "The cat sat on the mat; the cat slept.", "A dog barked at 3 cats, at 10 o'clock!", "",
    "Das Mädchen aß Käse. MÄDCHEN!", "one\ttwo  three\n\nfour \u00a0 five", "snake_case x y_z _a 12 3",
    "ΟΔΟΣ ΣΑΣ Σ σας", "İstanbul DİL I", "cafe\u0301 naïve ½ ² x²", "我们吃面包 和 cheese", "हिन्दी भाषा", "the the the the cat",
    "a b c", "e\u0301e\u0301 \u2167\u2168", "dogs and cats and dogs and birds",
]
DEFAULTS = dict(words="pattern", shortest=1, longest=1, shortest_characters=1, longest_characters=0)
CASES = [
    {}, dict(longest=2), dict(shortest=2, longest=3, sublinear=True), dict(use_idf=False, norm="l1"),
    dict(smooth_idf=False, norm="none"), dict(lower_case=False), dict(min_df=2, max_df=0.2), dict(min_df=0.1, longest=2),
    dict(longest=0, shortest_characters=2, longest_characters=4), dict(longest=0, longest_characters=3, inside_words=False),
    dict(longest=0, shortest_characters=5, longest_characters=7), dict(longest=2, shortest_characters=3, longest_characters=3, sublinear=True),
]


def vectorizers(case):
    o = DEFAULTS | case
    shared = dict(lowercase=o.get("lower_case", True), sublinear_tf=o.get("sublinear", False), use_idf=o.get("use_idf", True),
                  smooth_idf=o.get("smooth_idf", True), norm=None if o.get("norm") == "none" else o.get("norm", "l2"),
                  min_df=o.get("min_df", 1), max_df=o.get("max_df", 1.0))
    out = []
    if o["longest"]:
        out.append(TfidfVectorizer(ngram_range=(o["shortest"], o["longest"]), **shared))
    if o["longest_characters"]:
        out.append(TfidfVectorizer(analyzer="char_wb" if o.get("inside_words", True) else "char",
                                   ngram_range=(o["shortest_characters"], o["longest_characters"]), **shared))
    return out


def tfidf_cases():
    cases = []
    for case in CASES:
        blocks = []
        for v in vectorizers(case):
            x, names = v.fit_transform(TEXTS).tocsr(), v.get_feature_names_out()
            rows = [[[names[j], round(float(value), 8)] for j, value in zip(x[i].indices, x[i].data)] for i in range(len(TEXTS))]
            blocks.append(rows)
        cases.append(dict(options=case, blocks=blocks))
    return cases


def corpus(seed, topics, n):
    rng = random.Random(seed)
    words = [[f"w{t}{i}" for i in range(12)] for t in range(topics)] + [[f"common{i}" for i in range(20)]]
    y = [rng.randrange(topics) for _ in range(n)]
    return [" ".join(rng.choice(words[k] if rng.random() < 0.35 else words[-1] if rng.random() < 0.6 else words[rng.randrange(topics)])
                     for _ in range(rng.randint(3, 12))) for k in y], y


def model_case(name, loss, topics, model, extra=None, scores=False, fit=None):
    texts, y = corpus(7, topics, 60)
    v = TfidfVectorizer()
    x = v.fit_transform(texts)
    target = [0.5 * k + 0.1 * len(t.split()) for k, t in zip(y, texts)] if scores else y
    if fit:
        weights, bias, answers = fit(x, y)
    else:
        model.fit(x, target)
        coef = np.atleast_2d(model.coef_)
        weights, bias = coef, np.atleast_1d(model.intercept_)
        answers = model.predict_proba(x) if hasattr(model, "predict_proba") else model.decision_function(x) if not scores else model.predict(x)
    return dict(name=name, options=dict(loss=loss, tolerance=1e-8) | (extra or {}), topics=topics, texts=texts, y=target,
                terms=list(v.get_feature_names_out()), weights=np.round(weights, 6).tolist(), bias=np.round(bias, 6).tolist(),
                answers=np.round(answers[:10], 6).tolist())


def one_against_rest(x, y):
    models = [LogisticRegression(solver="liblinear", tol=1e-9, max_iter=10000).fit(x, np.array(y) == k) for k in range(max(y) + 1)]
    p = np.stack([m.predict_proba(x)[:, 1] for m in models], 1)
    return np.stack([m.coef_[0] for m in models]), np.array([m.intercept_[0] for m in models]), p / p.sum(1, keepdims=True)


def model_cases():
    many = dict(tol=1e-9, max_iter=100000)
    return [
        model_case("softmax", "softmax", 3, LogisticRegression(**many)),
        model_case("softmax of two", "softmax", 2, LogisticRegression(**many)),
        model_case("softmax, balanced, C", "softmax", 4, LogisticRegression(C=3, class_weight="balanced", **many), dict(C=3, class_weights="balanced")),
        model_case("logistic", "logistic", 3, None, fit=one_against_rest),
        model_case("logistic of two", "logistic", 2, LogisticRegression(solver="liblinear", **many)),
        model_case("logistic of two, balanced", "logistic", 2, LogisticRegression(solver="liblinear", class_weight="balanced", **many),
                   dict(class_weights="balanced", solver="dual")),
        model_case("svm", "svm", 3, LinearSVC(dual=False, **many), dict(solver="primal")),
        model_case("svm by its dual", "svm", 3, LinearSVC(dual=True, C=2, **many), dict(solver="dual", C=2)),
        model_case("svr", "svr", 3, LinearSVR(loss="squared_epsilon_insensitive", epsilon=0.1, dual=False, **many), dict(solver="primal"), True),
        model_case("svr by its dual", "svr", 3, LinearSVR(loss="squared_epsilon_insensitive", epsilon=0.1, **many), dict(solver="dual"), True),
    ]


def word_characters():
    """Ranges of code points that \\w takes, of the planes where scripts are; letters of later Unicode versions left out."""
    out, begin = [], None
    for c in range(0x20000):
        word = chr(c).isalnum() or c == 0x5F
        if word and begin is None:
            begin = c
        if not word and begin is not None:
            out.append([begin, c - 1])
            begin = None
    return dict(unicode=unicodedata.unidata_version, ranges=out)


def main():
    json.dump(dict(texts=TEXTS, tfidf=tfidf_cases(), models=model_cases(), word_characters=word_characters()), sys.stdout,
              ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
