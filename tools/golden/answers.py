#!/usr/bin/env python3
"""Golden numbers for metrics/squad.h: writes tests/golden/answers.json.

SQuAD 2.0 is scored by transformers' squad_metrics (pip install --no-deps "transformers==4.44.2" regex nltk), loaded by
itself; SQuAD 1.1 and CMRC 2018 from their published definitions, with NLTK's words. All texts are invented here.
"""
import collections
import json
import pathlib
import random
import sys
import types

from nltk.tokenize import NLTKWordTokenizer

OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "answers.json"


def squad_metrics(source):
    """The module alone: what it imports of its package is for another function of it."""
    module = types.ModuleType("squad_metrics")
    wanted = ("from ...", "logger = ")
    lines = [line for line in source.splitlines() if not line.startswith(wanted)]
    exec("\n".join(lines), module.__dict__)
    return module


def find_source(path):
    if path.endswith(".whl"):
        import zipfile
        return zipfile.ZipFile(path).read("transformers/data/metrics/squad_metrics.py").decode()
    return pathlib.Path(path).read_text()


ANSWERS = [  # prediction, right answers
    ("the cat", ["The Cat!"]), ("a an the", ["the"]), ("", [""]), ("", []), ("something", []), ("!?", ["..."]),
    ("in 1,066 A.D.", ["1066 AD", "the year 1066"]), ("to be or not to be", ["be to", "not to be to be to be"]),
    ("New York's mayor", ["new yorks mayor", "New York"]), ("co-operate", ["cooperate", "co operate"]),
    ("  spaced\tout\nwords ", ["spaced out words"]), ("ÉCOLE Normale", ["école normale"]), ("naïve", ["naive"]),
    ("a–the–b", ["b"]), ("x—a", ["x—"]), ("“an apple”", ["“apple”"]), ("theatre a1 an_a", ["theatre"]),
    ("ΟΔΟΣ", ["οδος", "οδός"]), ("İstanbul", ["istanbul"]), ("$5.50 + 3 = 8.5", ["550 3 85"]), ("北京 the 大学", ["北京 大学"]),
    ("a", ["b", "a", ""]), ("the the the", ["x"]), ("one two two three", ["two three four two"]),
    ("a\u0301 the", ["\u0301"]), ("ⅷ a ½", ["ⅷ ½"]), ("it is the A-Team", ["ateam", "team"]), ("…", ["…", "..."]),
]
CHINESE = [
    ("北京大学", ["北京大学"]), ("北京大学。", ["《北京大学》", "北大"]), ("在北京的大学", ["北京大学", "的大学"]), ("", ["北京"]),
    ("，。！", ["？"]), ("1990年5月", ["1990年", "1990 年 5 月"]), ("iPhone 4S手机", ["iphone 4s", "iPhone4S 手机"]),
    ("He can't stop.", ["can't stop", "he cannot stop"]), ("约3.5%的人", ["3.5%", "3.5 %"]), ("GDP（国内生产总值）", ["国内生产总值gdp"]),
    ("“和平”号空间站", ["和平号空间站"]), ("甲、乙、丙", ["甲乙丙", "丙乙甲"]), ("㐀鿿龥龦", ["龥龦", "鿿龥"]), ("東京、Tokyo", ["tokyo 東京"]),
    ("A-B_C", ["abc", "a b c"]), ("……省略", ["省略"]), ("\u3000两端 空格\u3000", ["两端空格"]), ("重复重复重复", ["重复", "复重"]),
]
SENTENCES = [
    "He said, \"I can't go.\"", "Mr. Smith's dogs (all 3,000) won't bark!", "'Tis gonna be 5:30 -- or so...", "''quoted''",
    "They're cannot; we've I'd I'm she'll", "A sentence. Another sentence.", "50% of $3.88 & #1 @home *stars*", "x", "",
    "wanna go? lemme see, gimme that. d'ye know more'n 'twas?", "«guillemets» and “curly” ‘single’ „low“", "rock 'n' roll",
    "the students' books' ", "end with colon:", "a,b 1,000 c:d 10:30", "[brackets] {braces} <angle>", "e.g. U.S.A.", "dash – — ―",
    "ends.) ", "ends.\" ", "`tick` ``double``", "O'Neil's 'em", "n't N'T isn't", "semi;colon", "\"start", "(\"inside\")", "wait...what",
]


def segmented(text):
    kept = [c for c in text.lower().strip() if c not in "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』"]
    pieces, other = [], ""
    for c in kept + [None]:
        if c is not None and not "\u4e00" <= c <= "\u9fa5":
            other += c
            continue
        pieces += NLTKWordTokenizer().tokenize(other) if other else []
        pieces += [c] if c else []
        other = ""
    return kept, pieces


def cmrc(prediction, answers):
    exact, f1 = 0, 0
    for answer in answers:
        (p, a), (q, b) = segmented(prediction), segmented(answer)
        exact = max(exact, int(p == q))
        run = max((n for n in range(1, len(a) + 1) for i in range(len(a) - n + 1) for j in range(len(b) - n + 1)
                   if a[i:i + n] == b[j:j + n]), default=0)
        f1 = max(f1, 2 * run / (len(a) + len(b)) if run else 0)
    return exact, f1


def squad1(squad, prediction, answers):
    exact, f1 = 0, 0
    for answer in answers:
        p, a = squad.normalize_answer(prediction).split(), squad.normalize_answer(answer).split()
        shared = sum((collections.Counter(p) & collections.Counter(a)).values())
        exact, f1 = max(exact, int(p == a)), max(f1, 2 * shared / (len(p) + len(a)) if shared else 0)
    return exact, f1


def mean(scores):
    return {"exact": 100 * sum(e for e, _ in scores) / len(scores), "f1": 100 * sum(f for _, f in scores) / len(scores)}


def main(source):
    squad = squad_metrics(find_source(source))
    rng = random.Random(1)
    no_answer = [round(rng.random(), 3) for _ in ANSWERS]
    examples = [types.SimpleNamespace(qas_id=i, answers=[{"text": a} for a in answers])
                for i, (_, answers) in enumerate(ANSWERS)]
    predictions = {i: p for i, (p, _) in enumerate(ANSWERS)}
    answered = [[p, a] for p, a in ANSWERS if a]
    golden = {
        "questions": [[p, a, n] for (p, a), n in zip(ANSWERS, no_answer)],
        "normalized": [squad.normalize_answer(p) for p, _ in ANSWERS],
        "squad2": {str(t): squad.squad_evaluate(examples, predictions, dict(enumerate(no_answer)), t) for t in [0.3, 1.0]},
        "squad2_each": [list(scores.values()) for scores in squad.get_raw_scores(examples, predictions)],
        "squad1": mean([squad1(squad, p, a) for p, a in answered]),
        "squad1_each": [squad1(squad, p, a) for p, a in answered],
        "chinese": [[p, a] for p, a in CHINESE],
        "cmrc": mean([cmrc(p, a) for p, a in CHINESE]),
        "cmrc_each": [cmrc(p, a) for p, a in CHINESE],
        "sentences": [[s, NLTKWordTokenizer().tokenize(s)] for s in SENTENCES],
    }
    OUTPUT.write_text(json.dumps(golden, separators=(",", ":"), ensure_ascii=False) + "\n")


if len(sys.argv) != 2:
    sys.exit("usage: answers.py squad_metrics.py|transformers.whl")
main(sys.argv[1])
