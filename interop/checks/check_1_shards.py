"""Shards: they open in datasets and pyarrow, with the rows that the same chunking gives here."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import datasets
import pyarrow as pa
import pytest
from corpora import alpaca_rows, messages, write_alpaca, write_corpus
from tokenizers import Tokenizer

BLOCK = 64


def blocks(tokenizer: Tokenizer, eos: int, texts: list[str], size: int) -> list[list[int]]:
    stream: list[int] = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        if ids:
            stream += ids + [eos]
    return [stream[i : i + size] for i in range(0, len(stream), size)]


def arrow_rows(folder: Path) -> list[dict]:
    """The rows by pyarrow alone: the files that state.json lists, as Arrow streams."""
    state = json.loads((folder / "state.json").read_text())
    rows = []
    for entry in state["_data_files"]:
        with pa.OSFile(str(folder / entry["filename"])) as source:
            rows += pa.ipc.open_stream(source).read_all().to_pylist()
    return rows


def tokenize_settings(tokenizer: Path, corpus: Path, output: Path, **more) -> dict:
    settings = {
        "tokenize.tokenizer": tokenizer,
        "tokenize.stage": "pt",
        "tokenize.inputs": [{"path": str(corpus), "format": "jsonl"}],
        "tokenize.block_size": BLOCK,
        "tokenize.output": output,
    }
    return {**settings, **{f"tokenize.{key}": value for key, value in more.items()}}


@pytest.fixture(scope="module")
def corpus(scratch):
    folder = scratch / "corpus"
    return folder, write_corpus(folder)


@pytest.fixture(scope="module")
def pretraining_shards(product, scratch, tokenizer_folder, corpus):
    output = scratch / "shards pt"
    product.must("tokenize", tokenize_settings(tokenizer_folder, corpus[0], output))
    return output


def test_pretraining_blocks_equal_the_same_chunking(pretraining_shards, tokenizer_folder, corpus):
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    expected = blocks(tokenizer, tokenizer.token_to_id("<|endoftext|>"), corpus[1], BLOCK)
    opened = datasets.load_from_disk(str(pretraining_shards))
    assert opened.column_names == ["input_ids"]
    assert [row["input_ids"] for row in opened] == expected
    assert [row["input_ids"] for row in arrow_rows(pretraining_shards)] == expected


def test_dropped_tail_leaves_whole_blocks(product, scratch, tokenizer_folder, corpus):
    output = scratch / "shards pt dropped"
    product.must("tokenize", tokenize_settings(tokenizer_folder, corpus[0], output, tail="drop"))
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    expected = blocks(tokenizer, tokenizer.token_to_id("<|endoftext|>"), corpus[1], BLOCK)
    whole = [row for row in expected if len(row) == BLOCK]
    assert [row["input_ids"] for row in datasets.load_from_disk(str(output))] == whole


def test_manifest_names_every_shard_with_its_hash(pretraining_shards):
    manifest = json.loads((pretraining_shards / "_anneal" / "manifest.json").read_text())
    text = json.dumps(manifest)
    state = json.loads((pretraining_shards / "state.json").read_text())
    for entry in state["_data_files"]:
        data = (pretraining_shards / entry["filename"]).read_bytes()
        assert entry["filename"] in text
        assert hashlib.sha256(data).hexdigest() in text


def test_same_bytes_whatever_the_number_of_tasks(
    product, scratch, tokenizer_folder, corpus, pretraining_shards
):
    output = scratch / "shards pt one core"
    settings = tokenize_settings(tokenizer_folder, corpus[0], output)
    product.must("tokenize", settings, submit=["--master", "local[1]"])
    names = sorted(file.name for file in pretraining_shards.glob("data-*"))
    assert names == sorted(file.name for file in output.glob("data-*"))
    for name in names:
        assert (output / name).read_bytes() == (pretraining_shards / name).read_bytes(), name


def test_packed_rows_keep_whole_samples(product, scratch, tokenizer_folder):
    file = scratch / "alpaca packed.jsonl"
    write_alpaca(file)
    inputs = [{"path": str(file), "format": "jsonl", "dataset_format": "alpaca"}]
    loose, packed = scratch / "sft loose", scratch / "sft packed"
    for output, packing in ((loose, "none"), (packed, "bfd")):
        more = {"stage": "sft", "inputs": inputs, "block_size": 256, "packing": packing}
        product.must("tokenize", tokenize_settings(tokenizer_folder, file, output, **more))
    samples = sorted(
        (tuple(r["input_ids"]), tuple(r["labels"])) for r in datasets.load_from_disk(str(loose))
    )
    assert len(samples) == len([messages(row) for row in alpaca_rows()])
    cut = []
    for row in datasets.load_from_disk(str(packed)):
        assert len(row["input_ids"]) <= 256 and sum(row["seq_lengths"]) == len(row["input_ids"])
        start = 0
        for length in row["seq_lengths"]:
            part = slice(start, start + length)
            cut.append((tuple(row["input_ids"][part]), tuple(row["labels"][part])))
            start += length
    assert sorted(cut) == samples
