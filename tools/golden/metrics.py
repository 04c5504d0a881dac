#!/usr/bin/env python3
"""Golden numbers for stemma/metrics from sacreBLEU (pip install sacrebleu): writes tests/golden/metrics.json.

All sentences are invented here. Corpus scores are written in full, those of sentences with 12 digits, signatures
without their version.
"""
import itertools
import json
import pathlib
import random
import unicodedata

import numpy as np
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.metrics.bleu import _get_tokenizer
from sacrebleu.significance import PairedTest, _compute_p_value, estimate_ci
from sacrebleu.tokenizers.tokenizer_ter import TercomTokenizer

OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "metrics.json"
TOKENIZERS = ["13a", "zh", "char", "intl", "none"]
TERCOM = list(itertools.product([False, True], repeat=3))[2:]  # normalized, no_punct, asian_support
METRICS = {"bleu": BLEU, "chrf": CHRF, "ter": TER}

WORDS = ("the a one old new small grey window garden letter river stone boat lamp child teacher carries opens paints "
         "under over beside quickly never again , . and but with without morning evening Paper HOUSE it's 3.5 1,000").split()


def sentence(rng, length):
    return " ".join(rng.choice(WORDS) for _ in range(length))


def disturbed(rng, line, rate):
    """Drops, changes, doubles and moves words."""
    words = []
    for word in line.split():
        kind = rng.random()
        if kind < rate / 4:
            continue
        words.append(rng.choice(WORDS) if kind < rate / 2 else word)
        if kind > 1 - rate / 6:
            words.append(word)
    if len(words) > 3 and rng.random() < 2 * rate:
        i, j, n = rng.randrange(len(words)), rng.randrange(len(words)), rng.randrange(1, 4)
        piece, rest = words[i:i + n], words[:i] + words[i + n:]
        words = rest[:j] + piece + rest[j:]
    return " ".join(words)


def made_corpus(seed, lengths, rate, references=1):
    rng = random.Random(seed)
    lines = [sentence(rng, n) for n in lengths]
    refs = [lines] + [[disturbed(rng, line, rate) for line in lines] for _ in range(references - 1)]
    return [disturbed(rng, line, rate) for line in lines], refs


CORPORA = {
    "english": (
        ["The lamp stands on the old table near the window.", "She opened the letter, but did not read it.",
         "Our neighbours' cat sleeps all day long!", "It was half past nine when the ferry left.",
         "Nobody knew who had painted the bridge blue.", "Rain."],
        [["The lamp is standing on the old table by the window.", "She opened the letter but never read it.",
          "The neighbours' cat sleeps the whole day!", "The ferry left at half past nine.",
          "Nobody knew who painted the bridge blue.", "Rain."]]),
    "german": (
        ["Der Gärtner gießt jeden Abend die Rosen hinter dem Haus.", "Am Straßenrand stand ein grünes Fahrrad.",
         "„Wohin gehst du?“, fragte die Müllerin leise.", "ÜBERMORGEN fährt KEIN Zug nach Süden."],
        [["Jeden Abend gießt der Gärtner die Rosen hinterm Haus.", "Ein grünes Fahrrad stand am Straßenrand.",
          "„Wohin gehst du denn?“, fragte die Müllerin.", "Übermorgen fährt kein Zug in den Süden."]]),
    "chinese": (
        ["我家的猫喜欢睡在窗台上。", "他昨天买了三本关于桥梁的书,花了 120.5 元。", "请把那封信放到桌子上!", "明天会下雨吗?",
         "老师说:“今天不用写作业。”", "这是一个 API 的测试,版本 2.0。", "\U00020000\U0002a6d6 是生僻字。"],
        [["我家的猫爱在窗台上睡觉。", "昨天他买了三本讲桥梁的书,一共花了120.5元。", "请把那封信放在桌上!", "明天下雨吗?",
          "老师说:“今天没有作业。”", "这是对 API 的一次测试,版本2.0。", "\U00020000\U0002a6d6 都是生僻字。"]]),
    "japanese_korean": (
        ["庭に白い犬が二匹います。", "カメラを机の上に置いてください。", "ひらがな", "오늘은 날씨가 참 좋네요.", "ハンカク・「カナ」です。"],
        [["庭には白い犬が二匹いる。", "カメラは机に置いてください。", "ひらがな", "오늘 날씨가 정말 좋습니다.", "ハンカク・「カタカナ」です。"]]),
    "three_references": (
        ["The boat crosses the river in the morning.", "A child carries two lamps.", "Yes.", "We wait for the late train",
         "the the the the the the the"],
        [["In the morning the boat crosses the river.", "A child is carrying two lamps.", "Yes!", "",
          "the cat sat on the mat near the door"],
         ["The ferry crosses the river every morning.", "The child carries a pair of lamps.", "Indeed.",
          "We are waiting for the train, which is late", "the door"],
         ["The boat goes over the river in the morning.", "Two lamps are carried by a child.", "Yes .",
          "We wait for the train that is late", "the the cat"]]),
    "empty_lines": (
        ["", "A word.", "", "   ", "The end of the short story.", "."],
        [["", "", "Something was here.", "Something else", "The end of a short story.", ""]]),
    "all_empty": (["", ""], [["", ""]]),
    "no_hypothesis": (["", ""], [["one two three four", "five six"]]),
    "no_reference": (["one two three four", "five six"], [["", ""]]),
    "identical": (["The same five words stand here.", "And here, again, some others: 1.5%!"],
                  [["The same five words stand here.", "And here, again, some others: 1.5%!"]]),
    "nothing_shared": (["alpha beta gamma delta epsilon", "zeta"], [["one two three four five", "six"]]),
    "too_short": (["Two words", "One", "Now three words"], [["Two words", "Only", "Now three words"]]),
    "unigrams_only": (["d c b a", "h g f e"], [["a b c d", "e f g h"]]),
    "numbers": (
        ["It costs $1,234.56, not 1.234,56 EUR.", "Version 2.0.1-rc.3 (build 17-18) came 5-6 days late...", "3.14 ,5 .5 5. 6, 7-",
         "a.b,c.d 1.a a.1 1,, 1.. ..1 ,,x --1-2--", "50% of 10/20 = x_y*z^2 + [1] {2} <3> ~4`5|6\\7", "'s it's 'tis rock'n'roll's.",
         "2.", ".", "1,2"],
        [["It costs $1,234.57 and not 1.234,56 EUR.", "Version 2.0.1-rc.4 (build 17-18) came 5-6 days too late...",
          "3.14, 5 .5 5 . 6 , 7 -", "a.b, c.d 1. a a. 1 1,, 1.. ..1 ,,x --1-2--", "50 % of 10/20 = x_y * z^2 + [1]{2}<3> ~4`5|6\\7",
          "'s it's 'tis rock 'n' roll's.", "2 .", "..", "1,2"]]),
    "entities": (
        ["&quot;Tea&quot; &amp; coffee &lt;here&gt;", "&amp;quot; &amp;lt;b&amp;gt; &apos; &amp", "<skipped> done", "two-\nlines\nand -\n-three\n- x", "AT&T"],
        [['"Tea" & coffee <here>', '" <b> \' &', "done", "twolines and three", "AT & T"]]),
    "odd_unicode": (
        ["cafe\u0301 and café are not equal", "\u200bzero\u200bwidth\u200d joiner\ufeff", "no\u00a0break\u202fspaces\u2003em\u3000wide",
         "family \U0001f468\u200d\U0001f469\u200d\U0001f467 and flag \U0001f1e9\U0001f1ea, thumbs \U0001f44d\U0001f3fd!", "שלום עולם, מה שלומך?",
         "مرحبا بالعالم، كيف الحال؟ ١٢٣٫٤", "tab\tand\x0bvertical\x0cfeed\x1c\x1d\x1e\x1fseparators\x85next\u2028line\u2029para", "bell\x07null\x00del\x7f.",
         "ΟΔΥΣΣΕΥΣ ΣΑΣ. Σ İSTANBUL Iı ẞß ǅ Ⅷ Ⓐ", "नमस्ते दुनिया, १२.३ क्या हाल है।", "½ ² ⅷ ⑦ € £ © ™ ¬ ± × ÷ ° § ¶ … – — ‘a’ “b” «c»",
         "H̷̢̛͔e̸͎͝l̴͕̈l̶̺͠o̵̬͝", "\u202eright to left\u202c mark\u200e", "ﬁne ﬂow ½.5 Å Å Ω Ω", "𝒳𝓎 𝟙.𝟚 𐍈 \U000e0041 \ufffd \uffff"],
        [["café and cafe\u0301 are not the same", "zero width joiner", "no break spaces em wide",
          "family \U0001f468\u200d\U0001f469\u200d\U0001f466 and flag \U0001f1eb\U0001f1f7, thumb \U0001f44d!", "שלום לעולם, מה שלומך?",
          "مرحبا يا عالم، كيف الحال؟ ١٢٣٫٥", "tab and vertical feed separators next line para", "bell null del.",
          "Οδυσσευς σας. σ istanbul ıi ßẞ ǆ ⅷ ⓐ", "नमस्ते दुनिया , १२.३ क्या हाल है ।", "½ ² ⅷ ⑧ € £ © ® ¬ ± × ÷ ° § ¶ ... – — 'a' \"b\" «c»",
          "Hello", "right to left mark", "fine flow ½.5 Å Å Ω Ω", "𝒳𝓎 𝟙.𝟛 𐍈 x \ufffd y"]]),
    "shifts": (
        ["e f g h a b c d", "yesterday the old man went home", "b a d c f e h g j i", "x a b c d e f g h i j k l y", "a a b b a a b b c",
         "in the garden in the garden sits a cat"],
        [["a b c d e f g h", "the old man went home yesterday", "a b c d e f g h i j", "a b c d e f g h i j k l x y z", "b b a a c b b a a",
          "a cat sits in the garden in the garden"]]),
    "made": made_corpus(1, [5, 9, 14, 20, 27, 33], 0.4, 2),
    "long_lines": made_corpus(2, [60, 90, 130], 0.5),
    "lengths_apart": ([sentence(random.Random(3), n) for n in (1, 2, 90, 60)], [[sentence(random.Random(4), n) for n in (80, 130, 2, 5)]]),
    "many_candidates": ([" ".join(["a", "b", "a", "c", "b"] * 9), " ".join(["x", "y"] * 20)],
                        [[" ".join(["b", "a", "c", "a", "b", "b"] * 8), " ".join(["y", "y", "x"] * 12)]]),
}


def options_of(metric):
    if metric == "bleu":
        yield from ({"tokenize": t} for t in TOKENIZERS)
        for tokenize, (method, value) in itertools.product(
                ["13a", "char"], [("floor", None), ("floor", 0.25), ("add-k", None), ("add-k", 0.5), ("none", None)]):
            yield {"tokenize": tokenize, "smooth_method": method} | ({} if value is None else {"smooth_value": value})
        yield {"lowercase": True}
        yield {"lowercase": True, "tokenize": "intl", "effective_order": True}
        yield {"effective_order": True, "smooth_method": "none"}
    elif metric == "chrf":
        yield from ({}, {"word_order": 2}, {"word_order": 1, "lowercase": True}, {"whitespace": True}, {"eps_smoothing": True},
                    {"word_order": 2, "eps_smoothing": True, "whitespace": True}, {"beta": 3, "char_order": 4},
                    {"char_order": 9, "word_order": 3, "beta": 1})
    else:
        yield from ({}, {"case_sensitive": True}, {"normalized": True}, {"no_punct": True},
                    {"normalized": True, "asian_support": True}, {"no_punct": True, "asian_support": True},
                    {"normalized": True, "no_punct": True, "asian_support": True, "case_sensitive": True})


def case(metric_name, options, corpus):
    hypotheses, references = CORPORA[corpus]
    metric = METRICS[metric_name](**options)
    score = metric.corpus_score(hypotheses, references)
    out = {"metric": metric_name, "options": options, "corpus": corpus, "name": score.name, "score": score.score,
           "signature": str(metric.get_signature()).rsplit("|", 1)[0]}
    if metric_name == "bleu":
        out["verbose"] = score._verbose
        metric.effective_order = True
    out["sentences"] = [float(f"{metric.sentence_score(h, list(r)).score:.12g}") for h, r in zip(hypotheses, zip(*references))]
    return out


def tokens():
    lines = dict.fromkeys(line for hypotheses, _ in CORPORA.values() for line in hypotheses if len(line) < 80)
    return [{"line": line} | {t: " ".join(_get_tokenizer(t)()(line.rstrip()).split()) for t in TOKENIZERS} |
            {"tercom": [TercomTokenizer(n, p, a, True)(line.rstrip()) for n, p, a in TERCOM]}
            for line in lines]


def pieces_by_character():
    """How many tokens "a" + c + "b" and "1" + c + "2" make, in runs [first, last, pieces, pieces between digits], over the
    code points that Unicode 14 knows."""
    out = {}
    known = [c for c in range(0x20000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
    for name in TOKENIZERS:
        tokenizer, runs = _get_tokenizer(name)(), []
        for c in known:
            pieces = [len(tokenizer(a + chr(c) + b).split()) for a, b in ("ab", "12")]
            if runs and runs[-1][2:] == pieces:
                runs[-1][1] = c
            else:
                runs.append([c, c, *pieces])
        out[name] = runs
    return {"known": runs_of(known), "runs": out}


def runs_of(numbers):
    runs = []
    for n in numbers:
        if runs and runs[-1][1] == n - 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return runs


def significance():
    baseline, references = made_corpus(5, [6 + i % 17 for i in range(60)], 0.5)
    rng = random.Random(6)
    systems = {name: [disturbed(rng, line, rate) for line in references[0]] for name, rate in (("near", 0.48), ("far", 0.35))}
    draws = np.random.default_rng(7).choice(60, size=(25, 60))
    out = {"references": references, "baseline": baseline, "systems": systems, "draws": draws.tolist(), "tests": []}
    for metric_name, system in itertools.product(METRICS, systems):
        metric = METRICS[metric_name]()
        counts = [metric._extract_corpus_statistics(h, references) for h in (baseline, systems[system])]
        resampled = [[metric._aggregate_and_compute([c[i] for i in draw]).score for draw in draws] for c in counts]
        scores = [metric._aggregate_and_compute(c).score for c in counts]
        differences = np.abs(np.array(resampled[1]) - np.array(resampled[0]))
        exact_p = _compute_p_value(differences - differences.mean(), abs(scores[1] - scores[0]))
        signatures, table = PairedTest([("baseline", baseline), ("system", systems[system])], {metric_name: metric}, references,
                                       test_type="bs", n_samples=2000)()
        name = next(iter(signatures))
        first, second = table[name]
        out["tests"].append({
            "metric": metric_name, "system": system, "scores": scores, "resampled": resampled, "draws_p": exact_p,
            "draws_confidence": [list(map(float, estimate_ci(np.array(r)))) for r in resampled],
            "signature": str(signatures[name]).rsplit("|", 1)[0], "p": second.p_value,
            "mean": [float(first.mean), float(second.mean)], "ci": [float(first.ci), float(second.ci)]})
    return out


def main():
    upper = " ".join(chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) != "Cs" and chr(c).lower() != chr(c))
    cases = [case(m, o, c) for m in METRICS for c in CORPORA for o in options_of(m)]
    golden = {"corpora": {name: {"hypotheses": h, "references": r} for name, (h, r) in CORPORA.items()}, "cases": cases,
              "tokens": tokens(), "characters": pieces_by_character(), "upper": upper, "lower": upper.lower(),
              "significance": significance()}
    text = json.dumps(golden, ensure_ascii=True, separators=(",", ":"))
    OUTPUT.write_text(text.replace('},{', '},\n{') + "\n", encoding="ascii")
    print(f"{OUTPUT}: {len(cases)} cases, {len(golden['tokens'])} lines, {len(text)} bytes")


if __name__ == "__main__":
    main()
