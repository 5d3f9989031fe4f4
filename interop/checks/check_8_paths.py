"""Names with a colon, relative to where the launcher starts, in every key that takes a path."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from parity_rows import training_rows
from product import tail
from training_made import foreign_shards, train_settings


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_colon_is_part_of_a_name(product, here, models):
    shutil.copytree(models.spoken(), "model:1")
    Path("in:1").mkdir()
    text = "Some words of a document, 一些文字, again and again. " * 40
    for name in ("a:1.jsonl", "b:2.jsonl"):
        rows = [json.dumps({"text": f"{name} {i} {text}"}, ensure_ascii=False) for i in range(20)]
        Path("in:1", name).write_text("\n".join(rows), "utf-8")
    Path("test:1.jsonl").write_text(json.dumps({"text": "thirteen other words " * 13}), "utf-8")
    tokenize = {
        "tokenize.tokenizer": "model:1",
        "tokenize.stage": "pt",
        "tokenize.block_size": 64,
        "tokenize.inputs": [{"path": "in:1"}, {"query": "SELECT 'some more words' AS text"}],
        "tokenize.decontaminate.paths": ["test:1.jsonl"],
        "tokenize.output": "out:1",
    }
    made = product.must("tokenize", tokenize)
    assert "tokenize megabytes=1/1 splits=" in made.output, tail(made.output)
    assert Path("out:1/_anneal/manifest.json").is_file()
    product.must("sample", tokenize)

    train = {
        "model.path": "model:1",
        "adapter.peft_type": "LORA",
        "data.train": ["out:1"],
        "data.eval": ["out:1"],
        "train.output_dir": "run:1",
        "train.max_steps": 2,
        "train.save_steps": 1,
        "train.per_device_train_batch_size": 1,
        "distributed.world_size": 1,
    }
    product.must("plan", train)
    product.must("train", train)
    checkpoint = "run:1/checkpoints/step-000001"
    assert Path(checkpoint).is_dir()
    product.must("train", {**train, "train.resume_from_checkpoint": checkpoint})
    adapted = {"model.path": "model:1", "adapter.path": "run:1/adapter"}
    Path("ask:1.jsonl").write_text('{"prompt": "Some words", "answer": "x"}\n', "utf-8")
    product.must("evaluate", {**adapted, "data.eval": ["out:1"], "evaluate.output_dir": "eval:1"})
    generate = {"generate.input": "ask:1.jsonl", "generate.output": "answers:1.jsonl"}
    words = {"generate.chat": False, "generate.max_new_tokens": 2}
    product.must("generate", {**adapted, **generate, **words})
    assert Path("answers:1.jsonl").is_file()
    export = {"model.path": "model:1", "export.output": "whole:1"}
    product.must("export", {**export, "export.checkpoint": "run:1/checkpoints/step-000002"})
    for folder in ("out:1", "run:1", "run:1/adapter", "whole:1"):
        product.must("inspect", {"inspect.path": folder})


@pytest.mark.parametrize("path", ["run:", "file://run/1", "nosuch://a/b"])
def test_what_is_no_path_is_named(product, here, models, path):
    shards = foreign_shards(here / "rows", training_rows(61, 12))
    settings = train_settings(models.case("qwen2"), shards, here / "x")
    for key, value in {"data.train": [path], "model.path": path, "train.output_dir": path}.items():
        outcome = product.run("train", {**settings, key: value})
        assert outcome.code == 2, tail(outcome.output)
        errors = [line for line in outcome.output.splitlines() if line.startswith("Error: ")]
        assert errors and path in errors[0], tail(outcome.output)
        assert "\tat " not in outcome.output, tail(outcome.output)
