"""Bottleneck adapters: the curve, the file, the logits and the text of references/bottleneck.py."""

from __future__ import annotations

import json
from pathlib import Path

import peft
import pytest
import torch
from curves import assert_same_curve, assert_same_weights, assert_steps_once
from methods_made import base_model, distance, greedy, logits_of
from parity_rows import training_rows
from plain_training import window_curve
from product import metrics
from references.bottleneck import add_bottlenecks
from safetensors.torch import load_file, save_file
from training_made import foreign_shards, train_settings

pytestmark = pytest.mark.usefixtures("one_thread")
BOUNDS = {"loss": 1e-4, "grad_norm": 1e-3, "learning_rate": 1e-6}
CASES = [
    ("houlsby", "llama", 5, "relu", 1.0),
    ("houlsby", "qwen2", 3, "tanh", 2.0),
    ("pfeiffer", "qwen3", 6, "gelu", 1.0),
    ("pfeiffer", "mistral-linear", 4, "relu", 0.5),
    ("parallel", "qwen2", 7, "silu", 4.0),
    ("parallel", "llama3-rope", 5, "relu", 1.0),
]
CLIP = 0.05


@pytest.fixture(scope="module")
def rows():
    return training_rows(47, 27)


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "bottleneck rows", rows)


def own_name(name: str) -> str:
    """layers.0.attention.down.weight -> model.layers.0.self_attn.adapter_down.weight"""
    _layers, layer, place, module, kind = name.split(".")
    block = "self_attn" if place == "attention" else "mlp"
    return f"model.layers.{layer}.{block}.adapter_{module}.{kind}"


def tensors(trained) -> dict[str, torch.Tensor]:
    return {own_name(name): p.detach().clone().contiguous() for name, p in trained.items()}


def written(folder: Path, trained, kind: str, size: int, activation: str, scaling: float) -> Path:
    """A folder as docs/formats/adapter.md describes it."""
    folder.mkdir(parents=True)
    save_file(tensors(trained), folder / "adapter_model.safetensors")
    config = {
        "anneal_format": 1,
        "peft_type": "BOTTLENECK",
        "task_type": "CAUSAL_LM",
        "placement": kind,
        "bottleneck_size": size,
        "non_linearity": activation,
        "scaling": scaling,
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(("kind", "base", "size", "activation", "scaling"), CASES)
def test_equals_the_reference(
    workbench, scratch, models, rows, shards, kind, base, size, activation, scaling
):
    model = base_model(models, base)
    trained = add_bottlenecks(model, kind, size, activation, scaling)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for _name, parameter in sorted(trained.items()):
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    name = f"bottleneck {kind} {base}"
    start = written(scratch / f"start of {name}", trained, kind, size, activation, scaling)
    few, folder, output = rows[:4], models.case(base), scratch / f"run {name}"
    ours = workbench.answers(folder, few, start)
    assert distance(ours.logits, logits_of(model, few)) < 1e-4
    assert distance(ours.logits, logits_of(base_model(models, base), few)) > 1e-2, "no effect"
    assert ours.tokens == greedy(model, few)

    theirs = window_curve(model, rows, {"max_grad_norm": CLIP})
    assert any(line["grad_norm"] > CLIP for line in theirs), "clipping idle"
    more = {"adapter.path": start, "train.max_grad_norm": CLIP}
    workbench.must("train", train_settings(folder, shards, output, **more))
    lines = metrics(output)
    assert_steps_once(lines, 20)
    worst = assert_same_curve(lines, theirs, 1e-4, BOUNDS)
    print(f"{name}: largest relative distance {worst:.1e}")

    adapter = output / "adapter"
    saved = load_file(adapter / "adapter_model.safetensors")
    assert_same_weights(saved, tensors(trained), absolute=1e-4, relative=1e-3)
    exported = workbench.answers(folder, few, adapter)
    assert distance(exported.logits, logits_of(model, few)) < 1e-3
    assert exported.tokens == greedy(model, few)
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["placement"] == kind and config["anneal_format"] == 1
    with pytest.raises(KeyError, match="BOTTLENECK"):
        peft.PeftConfig.from_pretrained(adapter)


def test_settings_begin_one_that_changes_nothing(workbench, scratch, models, rows, shards):
    folder, output = models.case("qwen2"), scratch / "run fresh bottleneck"
    more = {
        "adapter.peft_type": "BOTTLENECK",
        "adapter.placement": "houlsby",
        "adapter.bottleneck_size": 4,
        "adapter.layers_to_transform": [1],
        "train.max_steps": 1,  # of the warmup: its rate is 0
    }
    workbench.must("train", train_settings(folder, shards, output, **more))
    few = rows[:2]
    begun = load_file(output / "adapter" / "adapter_model.safetensors")
    assert {name.split(".")[2] for name in begun} == {"1"} and len(begun) == 8
    assert all(not tensor.any() for name, tensor in begun.items() if "adapter_up" in name)
    hidden = begun["model.layers.1.mlp.adapter_down.weight"].shape[1]
    downs = torch.cat([t.flatten() for name, t in begun.items() if "adapter_down" in name])
    assert 0.9 / hidden**0.5 < float(downs.abs().max()) <= 1 / hidden**0.5
    answers = workbench.answers(folder, few, output / "adapter")
    assert distance(answers.logits, workbench.answers(folder, few).logits) == 0


def test_it_cannot_be_merged(workbench, scratch, models):
    model = base_model(models, "llama")
    start = written(
        scratch / "to merge", add_bottlenecks(model, "pfeiffer", 3), "pfeiffer", 3, "relu", 1.0
    )
    settings = {"model.path": models.case("llama"), "adapter.path": start}
    outcome = workbench.run("export", {**settings, "export.output": scratch / "merged bottleneck"})
    assert outcome.code == 2
    assert "Cannot merge BOTTLENECK: its bottlenecks are not linear" in outcome.output


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("placement", "parallel", "Invalid adapter.placement: parallel (the adapter_config.json"),
        ("bottleneck_size", 4, "Invalid adapter.bottleneck_size: 4 (the adapter_config.json"),
        ("r", 4, "Invalid adapter.r: has no effect with adapter.peft_type = BOTTLENECK"),
    ],
)
def test_a_setting_may_not_contradict_the_folder(
    workbench, scratch, models, shards, key, value, message
):
    trained = add_bottlenecks(base_model(models, "llama"), "pfeiffer", 3)
    start = written(scratch / f"against {key}", trained, "pfeiffer", 3, "relu", 1.0)
    more = {"adapter.path": start, "adapter.peft_type": "BOTTLENECK", f"adapter.{key}": value}
    output = scratch / f"run against {key}"
    settings = train_settings(models.case("llama"), shards, output, **more)
    outcome = workbench.run("train", settings)
    assert outcome.code == 2 and message in outcome.output, outcome.output
