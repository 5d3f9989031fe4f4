"""Every output format opens in its own reader, with the rows of the Arrow shards.

The readers live in environments of their own, which `interop/run` makes: ANNEAL_ENVS is their
folder. readers/show.py runs there; where a library can write too, it also compares bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import datasets
import pyarrow.parquet
import pytest
from check_1_shards import arrow_rows
from corpora import documents, write_alpaca
from tokenizers import Tokenizer
from tokenizers_made import CHATML

ENVS = Path(os.environ.get("ANNEAL_ENVS", Path(__file__).parents[1] / ".envs"))
SHOW = Path(__file__).parents[1] / "readers" / "show.py"
FORMATS = ["arrow", "parquet", "megatron", "datatrove", "mds"]
COPIES = 90  # of the documents: more than 262,144 tokens, which is a shard of 1 MiB


def show(kind: str, folders: list[Path], python: str | Path = sys.executable, path: str = ""):
    env = {**os.environ, "PYTHONPATH": path, "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run(
        [str(python), str(SHOW), kind, *map(str, folders)],
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def reader(kind: str, folders: list[Path]):
    """The library of a format: its package before those of the main environment."""
    assert (ENVS / "readers").is_dir(), f"no readers in {ENVS}: interop/run makes them"
    return show(kind, [folder / kind for folder in folders], path=str(ENVS / "readers"))


@pytest.fixture(scope="module")
def large_vocabulary(scratch, tokenizer_folder) -> Path:
    """The small tokenizer and 66,000 tokens more; the last one ends documents."""
    folder = scratch / "large tokenizer"
    folder.mkdir()
    made = json.loads((tokenizer_folder / "tokenizer.json").read_text())
    vocabulary = made["model"]["vocab"]
    while len(vocabulary) < 66_501:
        vocabulary[f"<unused {len(vocabulary)}>"] = len(vocabulary)
    end = {**made["added_tokens"][0], "id": len(vocabulary), "content": "<|the end|>"}
    made["added_tokens"].append(end)
    (folder / "tokenizer.json").write_text(json.dumps(made, ensure_ascii=False))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|the end|>",
        "chat_template": CHATML,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def run(product, tokenizer: Path, file: Path, output: Path, **more) -> Path:
    settings = {
        "tokenizer": tokenizer,
        "inputs": [{"path": str(file), "format": "jsonl"}],
        "output": output,
        "shard_mb": 1,
        "outputs": FORMATS,
        **more,
    }
    product.must("tokenize", {f"tokenize.{key}": value for key, value in settings.items()})
    return output


def write_texts(file: Path, texts: list[str]) -> Path:
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def blocks(product, scratch, tokenizer_folder) -> Path:
    """Documents in several shards; ids of two bytes."""
    file = write_texts(scratch / "many 多.jsonl", documents() * COPIES)
    return run(product, tokenizer_folder, file, scratch / "all pt", block_size=300)


@pytest.fixture(scope="module")
def one_row(product, scratch, large_vocabulary) -> Path:
    """One document, one row; ids of four bytes."""
    file = write_texts(scratch / "one.jsonl", ["雾 in one row"])
    return run(product, large_vocabulary, file, scratch / "all one")


@pytest.fixture(scope="module")
def chats(product, scratch, tokenizer_folder) -> Path:
    """Packed conversations, with every column that there is."""
    file = scratch / "all alpaca.jsonl"
    write_alpaca(file)
    more = {
        "stage": "sft",
        "block_size": 256,
        "packing": "bfd",
        "attention_mask": True,
        "outputs": [name for name in FORMATS if name != "megatron"],
    }
    return run(product, tokenizer_folder, file, scratch / "all sft", **more)


@pytest.fixture(scope="module")
def folders(blocks, one_row, chats) -> list[Path]:
    return [blocks, one_row, chats]


def encoded(tokenizer: Path, end: str, texts: list[str]) -> list[list[int]]:
    made = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
    ids = [made.encode(text).ids for text in texts]
    return [part + [made.token_to_id(end)] for part in ids if part]


def test_manifest_lists_every_file_of_every_format(folders):
    for folder in folders:
        manifest = json.loads((folder / "_anneal" / "manifest.json").read_text())
        listed = list(manifest["shards"])
        for output in manifest["outputs"]:
            listed += output["files"]
            assert output["tokens"] == sum(file["tokens"] for file in output["files"])
            assert output["tokens"] == manifest["tokens"], output["format"]
        for entry in listed:
            data = (folder / entry["file"]).read_bytes()
            assert len(data) == entry["bytes"]
            assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        there = {str(p.relative_to(folder)) for f in FORMATS[1:] for p in folder.glob(f"{f}/*")}
        there |= {file.name for file in folder.glob("*.arrow")}
        assert there == {entry["file"] for entry in listed}


@pytest.mark.parametrize("major", ["2", "3", "4"])
def test_older_datasets_open_the_arrow_shards(folders, major):
    environment = ENVS / f"legacy-{major}"
    assert environment.is_dir(), f"no {environment}: interop/run makes it"
    shown = show("arrow", folders, python=environment / "bin" / "python")
    for folder, made in zip(folders, shown, strict=True):
        assert made["version"].startswith(major + ".")
        assert made["rows"] == arrow_rows(folder)
    print(f"datasets {shown[0]['version']}")


def test_current_datasets_open_the_arrow_shards(folders):
    assert datasets.__version__.startswith("5.")
    for folder in folders:
        assert list(datasets.load_from_disk(str(folder))) == arrow_rows(folder)


def test_parquet_opens_in_pyarrow_and_datasets(folders):
    for folder in folders:
        files = sorted(map(str, folder.glob("parquet/*.parquet")))
        rows = [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()]
        assert rows == arrow_rows(folder)
        loaded = datasets.load_dataset(
            "parquet", data_files=files, split="train", cache_dir=str(folder.parent / "cache")
        )
        assert list(loaded) == rows
        arrow = datasets.load_from_disk(str(folder))
        assert loaded.features == arrow.features


def test_parquet_opens_in_pyspark(folders):
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", False).getOrCreate()
    try:
        for folder in folders:
            frame = spark.read.parquet(str(folder / "parquet"))
            got = sorted(tuple(row.input_ids) for row in frame.collect())
            assert got == sorted(tuple(row["input_ids"]) for row in arrow_rows(folder))
        schema = {field.name: field.dataType.simpleString() for field in frame.schema}
        assert schema["labels"] == "array<int>" and schema["attention_mask"] == "array<tinyint>"
    finally:
        spark.stop()


def test_megatron_reads_a_sequence_a_document(blocks, one_row, tokenizer_folder, large_vocabulary):
    many, one = reader("megatron", [blocks, one_row])
    assert len(list(blocks.glob("megatron/*.bin"))) > 1
    assert many["types"] == ["uint16"] and one["types"] == ["int32"]
    assert many["rows"] == encoded(tokenizer_folder, "<|endoftext|>", documents() * COPIES)
    assert one["rows"] == encoded(large_vocabulary, "<|the end|>", ["雾 in one row"])
    assert max(one["rows"][0]) > 65_535
    assert sum(many["rows"], []) == sum((row["input_ids"] for row in arrow_rows(blocks)), [])


def test_datatrove_reads_documents_windows_and_masks(folders, tokenizer_folder):
    many, one, chat = reader("datatrove", folders)
    assert many["rows"] == encoded(tokenizer_folder, "<|endoftext|>", documents() * COPIES)
    assert (many["token_size"], one["token_size"], chat["token_size"]) == (2, 4, 2)
    assert one["rows"] == [row["input_ids"] for row in arrow_rows(folders[1])]
    assert many["losses"] == []
    # The windows of its data set are the same documents laid end to end, file by file.
    stream = sum(many["rows"], [])
    first = [ids for ids, _ in many["windows"]]
    assert first[0] == stream[:32] and first[100] == stream[3200:3232]
    begin = len(many["rows"][0])
    assert many["windows"][begin // 32][1][begin % 32] == 0, "positions restart at a document"
    samples = []
    for row in arrow_rows(folders[2]):
        start = 0
        for length in row["seq_lengths"]:
            part = slice(start, start + length)
            mask = [int(label != -100) for label in row["labels"][part]]
            samples.append((row["input_ids"][part], mask))
            start += length
    assert sorted(zip(chat["rows"], chat["losses"], strict=True)) == sorted(samples)


def test_mosaicml_streaming_reads_the_rows(folders):
    shown = reader("mds", folders)
    for folder, made in zip(folders, shown, strict=True):
        assert made["rows"] == arrow_rows(folder)
    assert shown[0]["files"] > 1
