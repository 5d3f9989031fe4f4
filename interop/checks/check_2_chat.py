"""Chat rows: text, ids and targets as transformers' apply_chat_template gives them."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest
from check_1_shards import blocks, tokenize_settings
from corpora import messages, write_alpaca, write_corpus
from tokenizers import Tokenizer
from transformers import AutoTokenizer
from trl import pack_dataset

TURNS = {
    "qwen2_5": ("<|im_start|>assistant\n", "<|im_end|>"),
    "qwen3": ("<|im_start|>assistant\n", "<|im_end|>"),
    "llama3": ("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
    "small": ("<|im_start|>assistant\n", "<|im_end|>"),
}


def expected_row(text: str, tokenizer: Tokenizer, marks: tuple[str, str]) -> tuple[list, list]:
    """Full text tokenized once; targets are the assistant's text and its turn end."""
    encoding = tokenizer.encode(text, add_special_tokens=False)
    spans, start = [], text.find(marks[0])
    while start >= 0:
        end = text.find(marks[1], start)
        if end < 0:
            break
        spans.append((start + len(marks[0]), end + len(marks[1])))
        start = text.find(marks[0], end)
    labels = []
    for token, (begin, end) in zip(encoding.ids, encoding.offsets, strict=True):
        inside = any(a <= begin and end <= b for a, b in spans)
        labels.append(token if inside else -100)
    return encoding.ids, labels


def check_rows(product, folder: Path, marks: tuple[str, str], file: Path, output: Path) -> None:
    rows = write_alpaca(file)
    more = {
        "stage": "sft",
        "inputs": [{"path": str(file), "format": "jsonl", "dataset_format": "alpaca"}],
        "block_size": 1024,
        "packing": "none",
    }
    product.must("tokenize", tokenize_settings(folder, file, output, **more))
    opened = datasets.load_from_disk(str(output))
    assert len(opened) == len(rows)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for ours, row in zip(opened, rows, strict=True):
        chat = messages(row)
        theirs = tokenizer.apply_chat_template(chat, tokenize=True, return_dict=False)
        text = tokenizer.apply_chat_template(chat, tokenize=False)
        ids, labels = expected_row(text, plain, marks)
        assert ids == theirs
        assert ours["input_ids"] == ids, f"{chat}"
        assert ours["labels"] == labels, f"{chat}"


def test_small_tokenizer(product, scratch, tokenizer_folder):
    files = scratch / "small chat.jsonl", scratch / "small chat"
    check_rows(product, tokenizer_folder, TURNS["small"], *files)


def test_shipped_tokenizer(product, scratch):
    files = scratch / "shipped chat.jsonl", scratch / "shipped chat"
    check_rows(product, product.checkout / "sample" / "tokenizer", TURNS["small"], *files)


@pytest.mark.parametrize("name", ["qwen2_5", "qwen3", "llama3"])
def test_published_tokenizer(product, scratch, published_tokenizers, name):
    files = scratch / f"{name} chat.jsonl", scratch / f"{name} chat"
    check_rows(product, published_tokenizers / name, TURNS[name], *files)


@pytest.mark.parametrize("name", ["qwen2_5", "llama3"])
def test_pretraining_ids_of_a_published_tokenizer(product, scratch, published_tokenizers, name):
    folder = published_tokenizers / name
    corpus = scratch / f"corpus {name}"
    texts = write_corpus(corpus)
    output = scratch / f"shards {name}"
    product.must("tokenize", tokenize_settings(folder, corpus, output, block_size=128))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    eos = tokenizer.token_to_id(AutoTokenizer.from_pretrained(folder).eos_token)
    expected = blocks(tokenizer, eos, texts, 128)
    assert [row["input_ids"] for row in datasets.load_from_disk(str(output))] == expected


@pytest.mark.parametrize("strategy", ["bfd", "bfd_split", "wrapped"])
def test_packing_is_that_of_trl(product, scratch, tokenizer_folder, strategy):
    file = scratch / f"packed {strategy}.jsonl"
    write_alpaca(file)
    more = {
        "stage": "sft",
        "inputs": [{"path": str(file), "format": "jsonl"}],
        "block_size": 64,
        "packing": "none",
    }
    whole, packed = scratch / f"whole {strategy}", scratch / f"packed {strategy}"
    # bfd cuts what is longer than a row, the others need it whole.
    size = 64 if strategy == "bfd" else 4096
    single = {**more, "block_size": size}
    product.must("tokenize", tokenize_settings(tokenizer_folder, file, whole, **single))
    more["packing"] = strategy
    product.must("tokenize", tokenize_settings(tokenizer_folder, file, packed, **more))
    samples = datasets.load_from_disk(str(whole)).select_columns(["input_ids"])
    assert max(map(len, samples["input_ids"])) >= (64 if strategy == "bfd" else 65)
    theirs = pack_dataset(samples, 64, strategy, {"batch_size": 100_000})
    ours = datasets.load_from_disk(str(packed))
    assert ours["input_ids"][:] == theirs["input_ids"][:]
    if strategy != "wrapped":
        assert ours["seq_lengths"][:] == theirs["seq_lengths"][:]
