"""Bad input: a clear error that names the value and the key, no stack trace, nothing lost."""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess

import pytest
import torch
from check_1_shards import tokenize_settings
from corpora import write_alpaca, write_corpus
from curves import assert_steps_once
from parity_rows import training_rows
from product import exact, metrics, tail
from safetensors.torch import load_file, save_file
from training_made import foreign_shards, train_settings


@pytest.fixture(scope="module")
def shards(scratch):
    return foreign_shards(scratch / "good rows", training_rows(61, 12))


def refused(product, job, settings, *words, **options):
    """The job fails with one Error: line that holds the words, and without a stack trace."""
    outcome = product.run(job, settings, **options)
    assert outcome.code not in (0, 1), f"exit code {outcome.code}:\n{tail(outcome.output)}"
    errors = [line for line in outcome.output.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, tail(outcome.output)
    print(outcome.code, errors[0])
    for word in words:
        assert word in errors[0], f"no {word!r} in:\n{tail(outcome.output)}"
    for line in outcome.output.splitlines():
        assert not line.startswith("\tat "), f"a stack trace:\n{tail(outcome.output)}"
    return outcome


def changed_model(source, target, **config):
    shutil.copytree(source, target)
    file = target / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **config}))
    return target


def test_unknown_key_names_the_nearest(product, scratch, models, shards):
    settings = train_settings(models.case("qwen2"), shards, scratch / "x1")
    refused(
        product, "train", {**settings, "train.learning_rat": 1}, "learning_rat", "learning_rate"
    )


def test_a_rank_that_cannot_fit(product, scratch, models, shards):
    settings = train_settings(models.case("qwen2"), shards, scratch / "x plan")
    planned = product.run("plan", settings)
    assert planned.code == 0, tail(planned.output)
    assert "memory of a rank" in planned.output
    assert json.loads((scratch / "x plan" / "plan" / "result.json").read_text())["counts"]["steps"]
    small = {**settings, "distributed.memory_per_rank": "10m"}
    for job in ("plan", "train"):
        refused(product, job, small, "distributed.memory_per_rank: 10.0 MiB", "batch_size")


def test_wrong_type(product, scratch, models, shards):
    settings = train_settings(models.case("qwen2"), shards, scratch / "x2")
    refused(product, "train", {**settings, "train.max_steps": "many"}, "max_steps", "many")


def test_missing_model(product, scratch, shards):
    settings = train_settings(scratch / "no such model", shards, scratch / "x3")
    outcome = refused(product, "train", settings, "no such model", "model.path")
    assert json.loads((scratch / "x3" / "result.json").read_text()), outcome.output


def test_missing_shards(product, scratch, models):
    settings = train_settings(models.case("qwen2"), scratch / "no shards", scratch / "x4")
    refused(product, "train", settings, "no shards", "data.train")


def test_shards_without_manifest(product, scratch, models, shards):
    settings = train_settings(models.case("qwen2"), shards, scratch / "x5")
    refused(product, "train", {**settings, "data.allow_foreign": False}, "allow_foreign")


def test_model_without_weights(product, scratch, models, shards):
    model = changed_model(models.case("qwen2"), scratch / "hollow")
    (model / "model.safetensors").unlink()
    refused(product, "train", train_settings(model, shards, scratch / "x6"), "hollow")


def test_truncated_safetensors(product, scratch, models, shards):
    model = changed_model(models.case("qwen2"), scratch / "cut")
    file = model / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    refused(product, "train", train_settings(model, shards, scratch / "x7"), "model.safetensors")


def test_header_of_absurd_length(product, scratch, models, shards):
    model = changed_model(models.case("qwen2"), scratch / "absurd")
    file = model / "model.safetensors"
    file.write_bytes(struct.pack("<Q", 2**62) + file.read_bytes()[8:])
    refused(product, "train", train_settings(model, shards, scratch / "x8"), "model.safetensors")


@pytest.mark.parametrize(
    "name, config, word",
    [
        ("family", {"model_type": "gpt2"}, "gpt2"),
        (
            "rope",
            {"rope_parameters": {"rope_type": "yarn", "factor": 4.0, "rope_theta": 1e6}},
            "yarn",
        ),
        ("activation", {"hidden_act": "gelu"}, "gelu"),
        ("quantised", {"quantization_config": {"quant_method": "gptq"}}, "quant"),
    ],
)
def test_unsupported_model(product, scratch, models, shards, name, config, word):
    model = changed_model(models.case("qwen2"), scratch / f"unsupported {name}", **config)
    refused(product, "train", train_settings(model, shards, scratch / f"x {name}"), word)


def test_token_id_outside_the_vocabulary(product, scratch, models):
    rows = training_rows(62, 6)
    rows[3]["input_ids"][2] = 97
    foreign = foreign_shards(scratch / "wild rows", rows)
    settings = train_settings(models.case("qwen2"), foreign, scratch / "x9")
    refused(product, "train", {**settings, "train.max_steps": 3}, "97", "row 3")


def test_nan_loss(product, scratch, models, shards):
    model = changed_model(models.case("qwen2"), scratch / "nan model")
    file = model / "model.safetensors"
    weights = load_file(file)
    weights["model.norm.weight"] = torch.full_like(weights["model.norm.weight"], float("nan"))
    save_file(weights, file, metadata={"format": "pt"})
    refused(product, "train", train_settings(model, shards, scratch / "x10"), "loss", "NaN")


def test_fewer_slots_than_ranks(product, scratch, models, shards):
    more = {"distributed.world_size": 2, "distributed.schedule_timeout_seconds": 10}
    settings = train_settings(models.case("qwen2"), shards, scratch / "x11", **more)
    refused(product, "train", settings, "world_size", submit=["--master", "local[1]"])


def test_dynamic_allocation(product, scratch, models, shards):
    settings = train_settings(models.case("qwen2"), shards, scratch / "x12")
    submit = ["--conf", "spark.dynamicAllocation.enabled=true"]
    refused(product, "train", settings, "dynamicAllocation", submit=submit)


def test_port_that_is_taken(product, scratch, models, shards):
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        more = {"distributed.world_size": 2, "distributed.port": port, "distributed.backend": "tcp"}
        settings = train_settings(models.case("qwen2"), shards, scratch / "x13", **more)
        refused(product, "train", settings, "distributed.port", str(port))


def test_full_disk(product, scratch, models, shards):
    """The run ends with the reason; with room again it resumes as if nothing had been."""
    small = scratch / "small disk"
    small.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(small)]
    if subprocess.run(words, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a tmpfs: the full disk was not tried")
    try:
        settings = train_settings(models.case("qwen2"), shards, small / "run")
        settings.update({"train.save_steps": 2, "train.max_steps": 12})
        refused(product, "train", settings, "No space left")
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        product.must("train", {**settings, "train.resume_from_checkpoint": "auto"})
        assert_steps_once(metrics(small / "run"), 12)
        calm = {**settings, "train.output_dir": scratch / "large disk"}
        product.must("train", calm)
        assert exact(metrics(small / "run")) == exact(metrics(scratch / "large disk"))
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_full_disk_under_tokenize(product, scratch, tokenizer_folder):
    """Nothing unfinished stays; with room again the same command works."""
    corpus = scratch / "corpus for a small disk"
    write_corpus(corpus)
    small = scratch / "smaller disk"
    small.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(small)]
    if subprocess.run(words, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a tmpfs: the full disk was not tried")
    try:
        settings = tokenize_settings(tokenizer_folder, corpus, small / "shards")
        refused(product, "tokenize", settings, "No space left")
        left = [f.name for f in (small / "shards").rglob("*") if f.is_file()]
        assert set(left) <= {"result.json"}, left
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        product.must("tokenize", settings)
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_empty_corpus(product, scratch, tokenizer_folder):
    empty = scratch / "empty.jsonl"
    empty.write_text("")
    refused(
        product, "tokenize", tokenize_settings(tokenizer_folder, empty, scratch / "y1"), "empty"
    )


def test_row_of_bad_json(product, scratch, tokenizer_folder):
    bad = scratch / "bad.jsonl"
    bad.write_text('{"text": "good"}\n{"text": "good 2"}\n{"text": oops\n')
    settings = tokenize_settings(tokenizer_folder, bad, scratch / "y2")
    refused(product, "tokenize", settings, "bad.jsonl", "3")
    assert not (scratch / "y2" / "_anneal" / "manifest.json").exists()


def test_missing_corpus(product, scratch, tokenizer_folder):
    settings = tokenize_settings(tokenizer_folder, scratch / "none.jsonl", scratch / "y3")
    outcome = refused(
        product, "tokenize", settings, str(scratch / "none.jsonl"), env={"LC_ALL": "C"}
    )
    assert "数据" in outcome.output, "Chinese names in a process without a locale"


def test_tokenizer_without_eos(product, scratch, tokenizer_folder):
    bare = scratch / "bare tokenizer"
    shutil.copytree(tokenizer_folder, bare)
    file = bare / "tokenizer_config.json"
    config = json.loads(file.read_text())
    del config["eos_token"]
    file.write_text(json.dumps(config))
    corpus = scratch / "bare corpus"
    write_corpus(corpus)
    refused(product, "tokenize", tokenize_settings(bare, corpus, scratch / "y4"), "eos_token")


def test_overlong_row_is_an_error_on_request(product, scratch, tokenizer_folder):
    file = scratch / "overlong.jsonl"
    write_alpaca(file)
    inputs = [{"path": str(file), "format": "jsonl", "dataset_format": "alpaca"}]
    more = {"stage": "sft", "inputs": inputs, "block_size": 24, "overlong": "error"}
    settings = tokenize_settings(tokenizer_folder, file, scratch / "y5", **more)
    refused(product, "tokenize", settings, "block_size", "24")


def test_shards_of_another_tokenizer(product, scratch, models, tokenizer_folder):
    corpus = scratch / "other corpus"
    write_corpus(corpus)
    output = scratch / "other shards"
    product.must("tokenize", tokenize_settings(tokenizer_folder, corpus, output))
    model = scratch / "other model"
    shutil.copytree(models.spoken(), model)
    file = model / "tokenizer.json"
    file.write_text(file.read_text().replace('"<|im_end|>"', '"<|turn_end|>"'))
    settings = train_settings(model, output, scratch / "x14")
    refused(product, "train", {**settings, "data.allow_foreign": False}, "tokenizer")


def test_prompt_of_no_tokens(product, scratch, models):
    prompts = scratch / "no prompt.jsonl"
    prompts.write_text('{"prompt": ""}\n')
    settings = {
        "model.path": models.spoken(),
        "generate.input": prompts,
        "generate.chat": False,
        "generate.max_new_tokens": 3,
    }
    refused(product, "generate", settings, "prompt")


def test_files_that_are_not_what_they_say(product, scratch, tokenizer_folder):
    """Binaries, other encodings, a line of 100 MB, missing columns: set aside, never a wrong id."""
    odd = scratch / "odd 奇怪"
    odd.mkdir()
    line = json.dumps({"text": "a sound line"}) + "\n"
    (odd / "a.jsonl").write_text(line * 3)
    (odd / "binary.jsonl").write_bytes(bytes(range(256)) * 40)
    (odd / "latin.jsonl").write_bytes('{"text": "café"}\n'.encode("latin-1"))
    (odd / "wide.jsonl").write_bytes(line.encode("utf-16-le"))
    (odd / "columns.jsonl").write_text('{"content": "no text"}\n')
    words = "one line, no end " * (100_000_000 // 17)
    (odd / "long.jsonl").write_text(json.dumps({"text": words}) + "\n")
    settings = tokenize_settings(tokenizer_folder, odd, scratch / "y6", max_bad_ratio=0.99)
    product.must("tokenize", settings)
    folder = scratch / "y6" / "_anneal"
    rows = [json.loads(x) for x in (folder / "quarantine" / "input-0.jsonl").open()]
    files = {row["file"].rsplit("/", 1)[1] for row in rows}
    assert files == {"binary.jsonl", "latin.jsonl", "wide.jsonl", "columns.jsonl"}
    assert all(row["reason"] and row["line"] > 0 for row in rows)
    assert all("row" in row or "row_base64" in row for row in rows)
    report = json.loads((folder / "report.json").read_text())
    assert report["source_rows"]["tokenized"] == 4
    assert report["source_rows"]["bad"] == len(rows)


def test_a_file_in_utf_16(product, scratch, tokenizer_folder):
    file = scratch / "wide.jsonl"
    file.write_bytes('{"text": "x"}\n'.encode("utf-16"))
    settings = tokenize_settings(tokenizer_folder, file, scratch / "y7", max_bad_ratio=0.5)
    refused(product, "tokenize", settings, "wide.jsonl", "UTF-16")
