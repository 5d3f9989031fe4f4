"""Recall and precision of near-duplicate removal against exact Jaccard, through `bin/anneal`.

Usage: minhash.py [--threshold 0.8] [--pairs-per-bin N] [--others N] [--smoke]
Pairs are planted over Jaccard 0.3 to 1.0, by changed words and by changed ends, in English and
Chinese, among documents that stand alone. The truth is computed here, on the texts, by code that
shares nothing with the product's. Pairs within 0.05 of the threshold are reported apart.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import datasets
from measure import commit, hardware, measure
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
BIN = 0.05
BINS = [round(0.3 + BIN * i, 2) for i in range(14)]
NGRAM = 5
MARKS = "!#$%&*+="
TO_MARKS = str.maketrans("01234567", MARKS)
TO_DIGITS = str.maketrans(MARKS, "01234567")
WORD = re.compile(r"[\u4e00-\u9fff]|[^\W_\u4e00-\u9fff]+")


def grams(text: str) -> set:
    words = WORD.findall(text.lower())
    return {tuple(words[i : i + NGRAM]) for i in range(len(words) - NGRAM + 1)}


def jaccard(one: str, two: str) -> float:
    a, b = grams(one), grams(two)
    return len(a & b) / len(a | b)


def in_bin(found: float, low: float) -> bool:
    return low <= found < low + BIN or (found == 1 and low == BINS[-1])


def word(rng: random.Random, chinese: bool) -> str:
    if chinese:
        return chr(rng.randint(0x4E00, 0x9FA0))
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9)))


def planted(rng: random.Random, wanted: float) -> tuple[str, str]:
    """Two texts whose Jaccard lies in the bin of `wanted`."""
    chinese = rng.random() < 0.3
    join = ("" if chinese else " ").join
    while True:
        words = [word(rng, chinese) for _ in range(rng.randint(60, 400))]
        changed = list(words)
        if rng.random() < 0.5:  # the end is another
            keep = round(2 * len(words) * wanted / (1 + wanted))
            changed[keep:] = [word(rng, chinese) for _ in words[keep:]]
        else:  # words here and there: each takes up to five 5-grams with it
            share = (1 - (2 * wanted / (1 + wanted)) ** (1 / NGRAM)) * rng.uniform(0.8, 1.2)
            changed = [word(rng, chinese) if rng.random() < share else w for w in words]
        one, two = join(words), join(changed)
        found = jaccard(one, two)
        if in_bin(found, wanted):
            return one, two


def corpus(folder: Path, pairs_per_bin: int, others: int) -> list[dict]:
    """Writes the documents; a number in front of each tells it again in the shards. It is written
    in punctuation, which is no part of an n-gram."""
    rng = random.Random(7)
    texts, pairs = [], []
    for low in BINS:
        for _ in range(pairs_per_bin):
            pairs.append((len(texts), len(texts) + 1))
            texts += planted(rng, low)
    for _ in range(others):
        texts.append(" ".join(word(rng, False) for _ in range(rng.randint(40, 200))))
    numbered = [f"<{oct(i)[2:].translate(TO_MARKS)}> {text}" for i, text in enumerate(texts)]
    place = list(range(len(numbered)))
    rng.shuffle(place)
    folder.mkdir()
    for part in range(4):
        lines = [json.dumps({"text": numbered[i]}, ensure_ascii=False) for i in place[part::4]]
        (folder / f"part {part}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [{"pair": p, "jaccard": jaccard(numbered[p[0]], numbered[p[1]])} for p in pairs]


def kept_documents(shards: Path) -> set[int]:
    tokenizer = Tokenizer.from_file(str(CHECKOUT / "sample/tokenizer/tokenizer.json"))
    stream = [i for row in datasets.load_from_disk(str(shards)) for i in row["input_ids"]]
    text = tokenizer.decode(stream, skip_special_tokens=False)
    return {int(marks.translate(TO_DIGITS), 8) for marks in re.findall(r"<([!#$%&*+=]+)> ", text)}


def scores(pairs: list[dict]) -> dict:
    true = [p for p in pairs if p["truth"]]
    found = [p for p in pairs if p["found"]]
    both = sum(p["truth"] and p["found"] for p in pairs)
    return {
        "pairs": len(pairs),
        "true": len(true),
        "found": len(found),
        "recall": both / len(true) if true else None,
        "precision": both / len(found) if found else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threshold", type=float, default=0.8)
    parser.add_argument("--pairs-per-bin", type=int, default=200)
    parser.add_argument("--others", type=int, default=20000)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if given.smoke:
        given.pairs_per_bin, given.others = 60, 200
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        pairs = corpus(folder / "corpus", given.pairs_per_bin, given.others)
        settings = {
            "tokenizer": CHECKOUT / "sample/tokenizer",
            "inputs": f"[{json.dumps(str(folder / 'corpus'))}]",
            "output": folder / "shards",
            "dedup.minhash": "true",
            "dedup.threshold": given.threshold,
            "dedup.ngram": NGRAM,
        }
        command = [str(CHECKOUT / "bin/anneal"), "tokenize"]
        for key, value in settings.items():
            command += ["-s", f"tokenize.{key}={value}"]
        run = measure(command)
        report = json.loads((folder / "shards/_anneal/report.json").read_text())
        kept = kept_documents(folder / "shards")
    for pair in pairs:
        pair["truth"] = pair["jaccard"] >= given.threshold
        pair["found"] = not set(pair["pair"]) <= kept
    alone = set(range(2 * len(pairs), 2 * len(pairs) + given.others))
    near = [p for p in pairs if abs(p["jaccard"] - given.threshold) <= BIN]
    result = {
        "benchmark": "minhash",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "commit": commit(CHECKOUT),
        "hardware": hardware(),
        "documents": 2 * len(pairs) + given.others,
        "method": report["near_duplicates"],
        "all": scores(pairs),
        "within_0.05_of_the_threshold": scores(near),
        "elsewhere": scores([p for p in pairs if p not in near]),
        "documents_that_stand_alone_dropped": len(alone - kept),
        "pairs_of_which_both_are_dropped": sum(not set(p["pair"]) & kept for p in pairs),
        "bins": {
            f"{low:.2f}": scores([p for p in pairs if in_bin(p["jaccard"], low)]) for low in BINS
        },
        "run": run.facts(),
    }
    text = json.dumps(result, indent=1)
    print(text)
    failures = [
        name
        for name in ("all", "elsewhere")
        if min(result[name]["recall"] or 0, result[name]["precision"] or 0) < 0.95
    ]
    if failures or result["documents_that_stand_alone_dropped"]:
        sys.exit(f"recall or precision is below 0.95: {failures}")
    if not given.smoke:
        name = "minhash" if given.threshold == 0.8 else f"minhash-{given.threshold}"
        (HERE / "results" / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
