"""Diff pruning: curve, sparse file, logits and greedy text of references/diff_pruning.py."""

from __future__ import annotations

import json

import peft
import pytest
import torch
from curves import assert_same_curve, assert_steps_once
from methods_made import base_model, distance, greedy, logits_of
from parity_rows import training_rows
from parity_training import SETTINGS
from plain_training import window_curve
from product import metrics
from references.counter_random import gate_noise
from references.diff_pruning import DiffPruned
from safetensors.torch import load_file
from torch import nn
from training_made import foreign_shards, train_settings
from transformers import AutoModelForCausalLM

pytestmark = pytest.mark.usefixtures("one_thread")
BOUNDS = {"loss": 1e-4, "grad_norm": 1e-3, "learning_rate": 1e-6}
CLIP, SEED, PENALTY, ALPHA, RATIO = 0.1, 42, 1e-4, 0.4, 3.0
ENDS = ("q_proj.weight", "v_proj.weight", "o_proj.weight", "up_proj.weight", "down_proj.weight")
CASES = [
    ("llama", False, 1.0),
    ("qwen2", True, 0.2),
    ("qwen3", True, 1.0),
    ("mistral-linear", False, 0.05),
]


@pytest.fixture(scope="module")
def rows():
    return training_rows(59, 27)


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "diff rows", rows)


class OfStep(nn.Module):
    """The pruned model with the noise of a step, which is the next one's once it is over."""

    def __init__(self, pruned: DiffPruned):
        super().__init__()
        self.pruned = pruned
        self.noise = gate_noise(pruned, SEED, 0)

    def forward(self, **inputs):
        return self.pruned(noise=self.noise, **inputs)


def adamw(pruned: DiffPruned) -> torch.optim.Optimizer:
    """Locations of gates have a rate of their own and no decay."""
    made = pruned.differences.values()
    gates = [p for m in made for p in (m.alpha, m.group) if p is not None]
    rate = SETTINGS["learning_rate"]
    return torch.optim.AdamW(
        [
            {"params": [m.w for m in made], "weight_decay": SETTINGS["weight_decay"]},
            {"params": gates, "weight_decay": 0.0, "lr": rate * RATIO},
        ],
        lr=rate,
        betas=(SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]),
        eps=SETTINGS["adam_epsilon"],
    )


def reference(pruned: DiffPruned, rows) -> list[dict]:
    def next_noise(model, step):
        model.noise = gate_noise(pruned, SEED, step + 1)

    return window_curve(
        OfStep(pruned),
        rows,
        {"max_grad_norm": CLIP},
        optimizer=adamw(pruned),
        penalty=lambda model: PENALTY * model.pruned.penalty(),
        after_step=next_noise,
    )


def dense(folder, like: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What the sparse file holds, by weight."""
    tensors = load_file(folder / "adapter_model.safetensors")
    found = {name: torch.zeros(value.numel()) for name, value in like.items()}
    for name in list(tensors):
        module, _dot, kind = name.rpartition(".")
        if kind == "diff_shape":
            assert tuple(tensors.pop(name).tolist()) == tuple(like[f"{module}.weight"].shape)
        if kind == "diff_indices":
            indices = tensors.pop(name)
            assert indices.dtype == torch.int32 and bool((indices.diff() > 0).all())
            found[f"{module}.weight"][indices.long()] = tensors.pop(f"{module}.diff_values")
    assert not tensors, f"more tensors: {sorted(tensors)}"
    return {name: value.view(like[name].shape) for name, value in found.items()}


def with_difference(models, base: str, difference: dict[str, torch.Tensor]):
    model = base_model(models, base)
    with torch.no_grad():
        for name, value in difference.items():
            model.get_parameter(name).add_(value)
    return model


@pytest.mark.parametrize(("base", "structured", "share"), CASES)
def test_equals_the_reference(workbench, scratch, models, rows, shards, base, structured, share):
    start = base_model(models, base)
    names = [name for name, _p in start.named_parameters() if name.endswith(ENDS)]
    pruned = DiffPruned(start, names, structured=structured, alpha=ALPHA)
    theirs = reference(pruned, rows)
    assert any(line["grad_norm"] > CLIP for line in theirs), "clipping idle"
    name = f"diff pruning {base} {structured}"
    folder, output = models.case(base), scratch / f"run {name}"
    more = {
        "adapter.peft_type": "DIFF_PRUNING",
        "adapter.target_modules": [end.removesuffix(".weight") for end in ENDS],
        "adapter.structured": structured,
        "adapter.sparsity_penalty": PENALTY,
        "adapter.alpha_init": ALPHA,
        "adapter.alpha_lr_ratio": RATIO,
        "adapter.keep_fraction": share,
        "train.max_grad_norm": CLIP,
        "train.seed": SEED,
    }
    workbench.must("train", train_settings(folder, shards, output, **more))
    lines = metrics(output)
    assert_steps_once(lines, 20)
    worst = assert_same_curve(lines, theirs, 1e-4, BOUNDS)
    print(f"{name}: largest relative distance {worst:.1e}")

    adapter = output / "adapter"
    expected = pruned.sparse(None if share == 1.0 else share)
    saved = dense(adapter, expected)
    config = json.loads((adapter / "adapter_config.json").read_text())
    kept = sum(int((value != 0).sum()) for value in saved.values())
    assert config["kept_elements"] == kept and config["anneal_format"] == 1
    assert config["elements"] == sum(value.numel() for value in saved.values())
    if share < 1:
        assert kept <= share * config["elements"]
    largest = max(float(value.abs().max()) for value in expected.values())
    for weight, value in saved.items():
        both = (value != 0) & (expected[weight] != 0)
        assert float((value - expected[weight])[both].abs().max()) < 1e-2 * largest, weight
    wanted = sum(int((value != 0).sum()) for value in expected.values())
    same = sum(int(((saved[n] != 0) & (expected[n] != 0)).sum()) for n in saved)
    assert same > 0.99 * max(wanted, kept), "other elements are kept"

    few = rows[:4]
    whole = with_difference(models, base, saved)
    ours = workbench.answers(folder, few, adapter)
    assert distance(ours.logits, logits_of(whole, few)) < 1e-4
    assert distance(ours.logits, logits_of(base_model(models, base), few)) > 1e-3, "no effect"
    assert ours.tokens == greedy(whole, few)
    assert_merges(workbench, folder, adapter, few, ours)
    with pytest.raises(KeyError, match="DIFF_PRUNING"):
        peft.PeftConfig.from_pretrained(adapter)
    assert_goes_on(workbench, folder, shards, scratch / f"again {name}", adapter, expected)


def assert_merges(workbench, folder, adapter, rows, unmerged) -> None:
    merged = adapter.parent / "merged"
    settings = {"model.path": folder, "adapter.path": adapter, "export.output": merged}
    workbench.must("export", settings)
    assert distance(workbench.answers(merged, rows).logits, unmerged.logits) < 1e-5
    loaded = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32)
    assert distance(logits_of(loaded.eval(), rows), unmerged.logits) < 1e-4


def assert_goes_on(workbench, folder, shards, output, adapter, like) -> None:
    """Over the same elements, without gates."""
    more = {"adapter.path": adapter, "train.max_steps": 5}
    workbench.must("train", train_settings(folder, shards, output, **more))
    before, after = dense(adapter, like), dense(output / "adapter", like)
    for name, value in after.items():
        assert not bool(((value != 0) & (before[name] == 0)).any()), "an element is new"
    assert any(not torch.equal(before[name], after[name]) for name in after)


def test_a_checkpoint_is_exported_as_the_run_exports(workbench, scratch, models, shards):
    folder, output = models.case("qwen2"), scratch / "run of diff checkpoints"
    more = {
        "adapter.peft_type": "DIFF_PRUNING",
        "adapter.alpha_init": 0.3,
        "adapter.keep_fraction": 0.1,
        "train.max_steps": 6,
        "train.save_steps": 6,
    }
    workbench.must("train", train_settings(folder, shards, output, **more))
    exports = {}
    for kind in ("adapter", "model"):
        exports[kind] = scratch / f"diff checkpoint as {kind}"
        settings = {
            "export.checkpoint": output / "checkpoints" / "step-000006",
            "export.format": kind,
            "export.output": exports[kind],
        }
        workbench.must("export", settings)
    ours, theirs = (
        load_file(f / "adapter_model.safetensors") for f in (exports["adapter"], output / "adapter")
    )
    assert set(ours) == set(theirs) and all(torch.equal(ours[n], theirs[n]) for n in ours)
    rows = training_rows(59, 2)
    cut = workbench.answers(folder, rows, output / "adapter")
    assert distance(workbench.answers(exports["model"], rows).logits, cut.logits) < 1e-5
