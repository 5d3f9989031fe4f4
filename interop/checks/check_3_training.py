"""The same 20 losses as the Hugging Face Trainer that gets the same batches, by both backwards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

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
# The written backward is what runs; autograd must give the same where the two differ most.
BACKWARDS = [
    *((name, "auto", "written") for name in CASES),
    ("lora ragged accumulation", "autograd", "autograd"),
    ("lora one micro batch", "autograd", "autograd"),
    ("full ragged accumulation", "autograd", "autograd"),
    ("full tied", "autograd", "autograd"),
]


@pytest.fixture(scope="module")
def rows():
    return training_rows(23, 27)


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "ragged rows", rows)


@dataclass(frozen=True)
class Trained:
    """The Trainer's model after its 20 steps, their metrics, and the adapter it began with."""

    model: object
    steps: list[dict]
    adapter: Path | None


@pytest.fixture(scope="module")
def trainer(scratch, rows):
    """The Trainer's run of a case; it runs once for all backwards."""
    runs: dict[str, Trained] = {}

    def run(name: str) -> Trained:
        if name not in runs:
            case, lora, overrides = CASES[name]
            model, adapter = build(case, 3), None
            if lora:
                model, adapter = with_adapter(model, 5), scratch / f"start {name}"
                save_adapter(model, adapter)
            norm = max_norm(overrides) or 1e9
            steps = curve(model, rows, **{**overrides, "max_grad_norm": norm})
            runs[name] = Trained(model, steps, adapter)
        return runs[name]

    return run


@pytest.mark.parametrize(("name", "backward", "runs"), BACKWARDS)
def test_same_curve_as_the_trainer(product, scratch, models, shards, trainer, name, backward, runs):
    case, lora, overrides = CASES[name]
    folder, output = models.case(case), scratch / f"run {name} {backward}"
    more = {f"train.{key}": value for key, value in overrides.items()}
    more["model.layer_backward"] = backward
    theirs = trainer(name)
    if lora:
        more["adapter.path"] = theirs.adapter
    outcome = product.must("train", train_settings(folder, shards, output, **more))
    assert f"layer_backward={runs}" in outcome.output
    ours = metrics(output)
    assert_steps_once(ours, 20)
    worst = assert_same_curve(ours, theirs.steps, 1e-4, BOUNDS)
    print(f"{name}, {backward}: largest relative distance {worst:.1e}")
    if max_norm(overrides) > 0:
        assert all(line["grad_norm"] > max_norm(overrides) for line in ours), "clipping idle"
    assert json.loads((output / "result.json").read_text())
    if not lora:
        trained = dict(theirs.model.named_parameters())
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
