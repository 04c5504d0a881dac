"""scikit-learn's side of bench/classify: TfidfVectorizer and LogisticRegression, learning and answering once a turn."""
import json

from paced import arguments, serve, timed
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression


def read(path):
    rows = [line.rstrip("\n").rsplit("\t", 1) for line in path.open(encoding="utf-8", newline="\n")]
    return [r[0] for r in rows], [r[1] for r in rows]


def main():
    a = arguments(__doc__)
    (texts, labels), (test, right) = read(a.folder / "train.tsv"), read(a.folder / "test.tsv")
    longest = json.loads((a.folder / "options.json").read_text())["features"]["longest"]

    def work():
        vectorizer = TfidfVectorizer(ngram_range=(1, longest))
        model = LogisticRegression().fit(vectorizer.fit_transform(texts), labels)
        return model.predict(vectorizer.transform(test))

    said = work()
    about = {"accuracy": 100 * sum(s == r for s, r in zip(said, right)) / max(1, len(right))}
    serve(about, lambda _: [timed("fit and predict", len(texts) + len(test), work)])


if __name__ == "__main__":
    main()
