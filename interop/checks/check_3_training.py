"""The same 20 losses as the Hugging Face Trainer that gets the same batches."""

from __future__ import annotations

import json

import pytest
from curves import assert_same_curve, assert_same_weights, assert_steps_once
from make_parity import save_adapter, with_adapter
from parity_models import build
from parity_rows import targets, training_rows
from parity_training import curve
from product import metrics
from safetensors.torch import load_file
from training_made import foreign_shards, train_settings

BOUNDS = {"loss": 1e-4, "grad_norm": 1e-3, "learning_rate": 1e-6}
CASES = {
    "lora ragged accumulation": ("llama", True, {}),
    "lora one micro batch": ("qwen2", True, {"gradient_accumulation_steps": 1}),
    "full ragged accumulation": ("qwen3", False, {}),
    "full tied": ("llama3-rope", False, {"gradient_accumulation_steps": 3}),
    "full without clipping": ("mistral-linear", False, {"max_grad_norm": 0.0}),
    "full linear schedule": ("qwen2", False, {"lr_scheduler_type": "linear", "warmup_steps": 0}),
}


@pytest.fixture(scope="module")
def rows():
    return training_rows(23, 27)


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "ragged rows", rows)


@pytest.mark.parametrize("name", CASES)
def test_same_curve_as_the_trainer(product, scratch, models, rows, shards, name):
    case, lora, overrides = CASES[name]
    folder, output = models.case(case), scratch / f"run {name}"
    more = {f"train.{key}": value for key, value in overrides.items()}
    model = build(case, 3)
    if lora:
        model = with_adapter(model, 5)
        save_adapter(model, scratch / f"start {name}")
        more["adapter.path"] = scratch / f"start {name}"
    theirs = curve(model, rows, **{**overrides, "max_grad_norm": max_norm(overrides) or 1e9})
    product.must("train", train_settings(folder, shards, output, **more))
    ours = metrics(output)
    assert_steps_once(ours, 20)
    worst = assert_same_curve(ours, theirs, 1e-4, BOUNDS)
    print(f"{name}: largest relative distance {worst:.1e}")
    if max_norm(overrides) > 0:
        assert all(line["grad_norm"] > max_norm(overrides) for line in ours), "clipping idle"
    assert json.loads((output / "result.json").read_text())
    if not lora:
        trained = dict(model.named_parameters())
        exported = load_file(output / "model" / "model.safetensors")
        kept = {n: p.detach() for n, p in trained.items() if n in exported}
        assert_same_weights(exported, kept, absolute=2e-5, relative=1e-3)


def max_norm(overrides: dict) -> float:
    return overrides.get("max_grad_norm", 1.0)


def test_metrics_count_real_tokens_and_targets(scratch, rows, product, models, shards):
    output = scratch / "run counted"
    settings = train_settings(models.case("qwen3"), shards, output, **{"train.max_steps": 7})
    product.must("train", settings)
    windows = [rows[i : i + 4] for i in range(0, 27, 4)]
    for line, window in zip(metrics(output), windows, strict=True):
        assert line["tokens"] == sum(len(row["input_ids"]) for row in window)
        assert line["target_tokens"] == sum(targets(row) for row in window)
