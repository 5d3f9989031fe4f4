"""Steps before tokenizing: what is left out, split and shuffled, as datasets opens it."""

from __future__ import annotations

import hashlib
import json
import unicodedata

import datasets
import pytest
from tokenizers import Tokenizer

EOS = "<|endoftext|>"
EXAM = "Which keeper of the tower at Varn first lit its lamp in nineteen hundred and seven?"


def fraction(text: str) -> float:
    """The split's number of a text, computed here: SHA-256 of the normal text."""
    normal = " ".join(unicodedata.normalize("NFC", text).split())
    high = int.from_bytes(hashlib.sha256(normal.encode()).digest()[:8], "big")
    return (high >> 11) / 2**53


def documents_of(dataset, tokenizer: Tokenizer) -> list[str]:
    stream = [i for row in dataset for i in row["input_ids"]]
    text = tokenizer.decode(stream, skip_special_tokens=False)
    return text.split(EOS)[:-1]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    made = [
        f"Station {i} stands {i * 37 % 101} km from the coast, 距海岸{i}公里。" for i in range(300)
    ]
    made += ["too short", made[0] + "  ", "He asked: " + EXAM]
    return made


@pytest.fixture(scope="module")
def steps_output(product, scratch, tokenizer_folder, texts):
    corpus = scratch / "steps corpus.jsonl"
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
    corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")
    exam = scratch / "exam.jsonl"
    exam.write_text(json.dumps({"question": EXAM, "answer": "Ada"}) + "\n")
    settings = {
        "tokenize.tokenizer": tokenizer_folder,
        "tokenize.inputs": [str(corpus)],
        "tokenize.block_size": 64,
        "tokenize.filters.length.min_words": 5,
        "tokenize.dedup.exact": True,
        "tokenize.decontaminate.paths": [str(exam)],
        "tokenize.split.validation": 0.1,
        "tokenize.shuffle.enabled": True,
        "tokenize.output": scratch / "steps shards",
    }
    product.must("tokenize", settings)
    return scratch / "steps shards", settings


def test_a_split_opens_as_a_dataset_dict(steps_output, tokenizer_folder, texts):
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    opened = datasets.load_from_disk(str(steps_output[0]))
    assert isinstance(opened, datasets.DatasetDict)
    assert list(opened) == ["train", "validation"]
    kept = texts[:300]
    validation = [text for text in kept if fraction(text) < 0.1]
    found = {name: documents_of(part, tokenizer) for name, part in opened.items()}
    assert sorted(found["validation"]) == sorted(validation)
    assert sorted(found["train"]) == sorted(set(kept) - set(validation))
    assert found["train"] != [text for text in kept if text in set(found["train"])]


def test_drops_are_counted_by_their_reason(steps_output):
    dropped: dict[str, int] = {}
    for name in ("train", "validation"):
        report = json.loads((steps_output[0] / name / "_anneal/report.json").read_text())
        for reason, count in report["source_rows"].get("dropped", {}).items():
            reason = reason.split(":")[0]
            dropped[reason] = dropped.get(reason, 0) + count
    assert dropped == {"length.min_words": 1, "exact_duplicate": 1, "contaminated": 1}


def test_a_second_run_has_nothing_to_do_and_another_one_is_refused(product, steps_output):
    assert "up to date" in product.must("tokenize", steps_output[1]).output
    other = product.run("tokenize", {**steps_output[1], "tokenize.dedup.exact": False})
    assert other.code == 2
    assert "dedup [exact=true" in other.output
