"""Word vectors and classifiers made by fastText and gensim, and what these say about them: tests/golden/vectors/.

    build/peers/bin/python tools/golden/vectors.py                       # writes the golden files
    build/peers/bin/python tools/golden/vectors.py check build/stemma    # fastText and gensim read what we write
"""
import json
import os
import random
import subprocess
import sys
import tempfile

import fasttext
import gensim
import numpy
from gensim.models import FastText, KeyedVectors, Word2Vec
from gensim.models.fasttext import load_facebook_model, save_facebook_model

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "tests", "golden", "vectors")
TOPICS = {
    "animals": "cat dog horse cow sheep goat donkey rabbit mouse hedgehog".split(),
    "tools": "hammer saw drill nail screw wrench pliers file chisel plane".split(),
    "food": "bread cheese soup apple pear plum käse brötchen 面包 茶".split(),
}
UNKNOWN = ["cats", "hammers", "käsebrot", "xyz", "面", "a"]
TEXTS = ["the cat and the dog", "a hammer", "cheese soup", "nothing known", "", "horse saw plum 茶 the"]


def sentences(n, labels=False):
    rng = random.Random(1)
    for _ in range(n):
        topic = rng.choice(list(TOPICS))
        words = [rng.choice(TOPICS[topic] + ["the", "a", "and"]) for _ in range(rng.randint(4, 9))]
        extra = rng.choice(list(TOPICS))
        marks = [f"__label__{topic}"] + ([f"__label__{extra}"] if labels == "many" and extra != topic else [])
        yield " ".join((marks if labels else []) + words)


def predict(model, text):
    """As model.predict, whose wrapper does not know NumPy 2."""
    return [[label, float(p)] for p, label in model.f.predict(text + "\n", -1, 0.0, "strict")]


def rounded(vector):
    return [float(f"{x:.6g}") for x in vector]


def write_text(directory, labels):
    path = os.path.join(directory, f"text{labels}")
    with open(path, "w") as f:
        f.writelines(line + "\n" for line in sentences(600, labels))
    return path


def answers(model):
    """What fastText says of a model of either kind."""
    known = model.get_words()[:6]
    out = {
        "dimension": model.get_dimension(),
        "words": model.get_words(),
        "vectors": {w: rounded(model.get_word_vector(w)) for w in known + UNKNOWN},
        "sentences": {t: rounded(model.get_sentence_vector(t)) for t in TEXTS},
    }
    if model.get_labels() and model.get_labels() != model.get_words():
        out["labels"] = {t: predict(model, t) for t in TEXTS}
    else:
        out["nearest"] = {w: [[n, float(s)] for s, n in model.get_nearest_neighbors(w, k=5)] for w in ["cat", "cats"]}
    return out


def golden():
    os.makedirs(OUT, exist_ok=True)
    said = {"gensim": gensim.__version__}
    with tempfile.TemporaryDirectory() as directory:
        plain, one, many = (write_text(directory, labels) for labels in (False, True, "many"))
        common = dict(dim=8, bucket=150, thread=1, epoch=5, minCount=1, verbose=0)
        models = {
            "skipgram.bin": fasttext.train_unsupervised(plain, model="skipgram", minn=2, maxn=4, **common),
            "cbow_tree.bin": fasttext.train_unsupervised(plain, model="cbow", loss="hs", minn=0, maxn=0, **common),
            "softmax.bin": fasttext.train_supervised(one, loss="softmax", wordNgrams=2, minn=2, maxn=3, **common),
            "tree.bin": fasttext.train_supervised(many, loss="hs", wordNgrams=1, **common),
            "each.bin": fasttext.train_supervised(many, loss="ova", wordNgrams=3, **common),
            "negatives.bin": fasttext.train_supervised(one, loss="ns", **common),
        }
        wide = dict(common, bucket=2000, dim=9)  # a last piece that is shorter
        small = fasttext.train_supervised(one, loss="softmax", wordNgrams=2, minn=2, maxn=3, **wide)
        small.quantize(input=one, cutoff=300, qnorm=True, retrain=False)
        models["pruned.ftz"] = small
        quantized = fasttext.train_supervised(one, loss="softmax", wordNgrams=2, **wide)
        quantized.quantize(qnorm=False)
        models["quantized.ftz"] = quantized
        for name, model in models.items():
            model.save_model(os.path.join(OUT, name))
            said[name] = answers(model)

        words = [line.split() for line in sentences(600)]
        model = Word2Vec(words, vector_size=8, min_count=1, workers=1, seed=1)
        model.wv.save_word2vec_format(os.path.join(OUT, "word2vec.txt"), binary=False)
        model.wv.save_word2vec_format(os.path.join(OUT, "word2vec.bin"), binary=True)
        said["word2vec"] = {
            "words": model.wv.index_to_key,
            "vectors": {w: rounded(model.wv[w]) for w in model.wv.index_to_key[:6]},
            "nearest": model.wv.most_similar("cat", topn=5),
            "add": model.wv.most_similar(positive=["dog", "hammer"], negative=["cat"], topn=5),
            "multiply": model.wv.most_similar_cosmul(positive=["dog", "hammer"], negative=["cat"], topn=5),
            "odd": model.wv.doesnt_match(["cat", "dog", "horse", "drill"]),
        }
        model = FastText(words, vector_size=8, min_count=1, workers=1, seed=1, min_n=2, max_n=4, bucket=150)
        save_facebook_model(model, os.path.join(OUT, "gensim.bin"))
        said["gensim.bin"] = {
            "words": model.wv.index_to_key,
            "vectors": {w: rounded(model.wv[w]) for w in model.wv.index_to_key[:6] + UNKNOWN},
        }
    with open(os.path.join(OUT, "answers.json"), "w") as f:
        f.write("{" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in said.items()) + "}\n")


def near(a, b, what):
    assert numpy.allclose(a, b, atol=1e-5), f"{what}: {a} and {b}"


def same_labels(run, path):
    """A classifier's labels and probabilities by fastText and by stemma, on texts of learning and others."""
    model = fasttext.load_model(path)
    texts = TEXTS + list(sentences(50))
    lines = run("vectors", "labels", path, "--top", "9", "--json", input="\n".join(texts) + "\n").splitlines()
    assert len(lines) == len(texts), path
    for text, line in zip(texts, lines):
        ours, theirs = {g["label"]: g["probability"] for g in json.loads(line)}, dict(predict(model, text))
        assert ours.keys() == theirs.keys(), f"{path}: {text}: {ours} and {theirs}"
        for label, p in theirs.items():
            near(ours[label], p, f"{path}: {text}")


def check(stemma):
    run = lambda *words, **kw: subprocess.run([stemma, *words], check=True, capture_output=True, text=True, **kw).stdout
    with tempfile.TemporaryDirectory() as directory:
        file = lambda name: os.path.join(directory, name)
        plain = write_text(directory, False)
        for model in "skipgram", "cbow":
            for loss in "negatives", "tree":
                for ngrams in [], ["--ngrams", "2-4", "--buckets", "2000"]:
                    out = file(f"{model}-{loss}-{len(ngrams)}")
                    run("train", "vectors", "--model", model, "--loss", loss, "--corpus", plain, "--out", out,
                        "--dimension", "10", "--epochs", "1", "--min-count", "1", *ngrams)
                    theirs = fasttext.load_model(os.path.join(out, "model.bin"))
                    again = load_facebook_model(os.path.join(out, "model.bin"))
                    for kind in "text", "binary", "glove":
                        run("vectors", "convert", out, file(kind), "--format", kind)
                        vectors = KeyedVectors.load_word2vec_format(
                            file(kind), binary=kind == "binary", no_header=kind == "glove")
                        for word in theirs.get_words():
                            near(vectors[word], theirs.get_word_vector(word), word)
                            near(again.wv[word], theirs.get_word_vector(word), word)
                    for word in ["cat"] + (UNKNOWN if ngrams else []):
                        if word == "a" or not ngrams and word != "cat":
                            continue
                        ours = json.loads(run("vectors", "nearest", out, word, "--json", "--top", "3"))["nearest"]
                        found = theirs.get_nearest_neighbors(word, k=3)
                        near([n["score"] for n in ours], [s for s, _ in found], word)
                    if ngrams:
                        run("vectors", "quantize", out, file("q.ftz"))
                        quantized = fasttext.load_model(file("q.ftz"))
                        for word in quantized.get_words() + UNKNOWN:
                            cosine = lambda a, b: a @ b / (numpy.linalg.norm(a) * numpy.linalg.norm(b) + 1e-9)
                            assert cosine(quantized.get_word_vector(word), theirs.get_word_vector(word)) > 0.9, word
        for name in "softmax.bin", "tree.bin", "each.bin", "negatives.bin":
            same_labels(run, os.path.join(OUT, name))
        for loss in "softmax", "tree", "each", "negatives":
            text = write_text(directory, True if loss in ("softmax", "negatives") else "many")
            for more in {}, {"word_ngrams": 3, "min_ngram": 2, "max_ngram": 3, "buckets": 2000}:
                settings = dict(loss=loss, dimension=10, min_count=1, epochs=5, rate=0.5, **more)
                out = file(f"{loss}-{len(more)}")
                run("train", "classify", "--encoder", "fasttext", "--train", text, "--out", out,
                    *(word for key, value in settings.items() for word in ("--set", f"{key}={value}")))
                same_labels(run, os.path.join(out, "model.bin"))
                fasttext.load_model(os.path.join(out, "model.bin")).save_model(file("again.bin"))  # and back
                same_labels(run, file("again.bin"))
        wide = fasttext.train_supervised(
            write_text(directory, True), wordNgrams=2, minn=2, maxn=3, dim=8, bucket=2000, thread=1, minCount=1, verbose=0)
        wide.save_model(file("wide.bin"))
        for size in "0", "16000", "20000":
            run("vectors", "quantize", file("wide.bin"), file("c.ftz"), "--bytes", size)
            assert size == "0" or os.path.getsize(file("c.ftz")) <= int(size)
            small = fasttext.load_model(file("c.ftz"))
            assert [predict(small, t)[0][0] == predict(wide, t)[0][0] for t in TEXTS[:3]] == [True] * 3, size
    print("fastText and gensim read what stemma writes")


if __name__ == "__main__":
    check(sys.argv[2]) if sys.argv[1:2] == ["check"] else golden()
