"""Methods that train weights of the base and leave a model, against our references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from curves import assert_same_curve, assert_same_weights, assert_steps_once
from methods_made import base_model, distance, greedy, logits_of
from not_yet import expected
from parity_rows import training_rows
from parity_training import curve
from product import metrics
from references.base_weights import train_biases, train_layers
from safetensors.torch import load_file
from training_made import foreign_shards, train_settings
from transformers import AutoModelForCausalLM

NOT_YET: dict[str, str] = {}
BOUNDS = {"loss": 1e-4, "grad_norm": 1e-3, "learning_rate": 1e-6}


@dataclass(frozen=True)
class Partial:
    """A method of ours beside what it trains of a model of transformers, in place."""

    name: str
    base: str
    train: Callable
    settings: dict = field(default_factory=dict)
    clip: float = 1.0


def bitfit(base: str) -> Partial:
    return Partial(f"bitfit {base}", base, train_biases, {"peft_type": "BITFIT"}, clip=0.5)


def freeze(name: str, base: str, layers: int, modules="all", extra=()) -> Partial:
    settings = {
        "peft_type": "FREEZE",
        "freeze_trainable_layers": layers,
        "freeze_trainable_modules": modules if modules == "all" else modules.split(","),
        "freeze_extra_modules": list(extra),
    }
    train = lambda model: train_layers(model, layers, modules, extra)  # noqa: E731
    return Partial(f"freeze {name}", base, train, settings, clip=0.5)


CASES = [
    bitfit("qwen2"),
    freeze("last", "llama", 1),
    freeze("first", "qwen2", -1),
    freeze("all", "qwen3", 2),
    freeze("a block", "mistral-linear", 2, "mlp"),
    freeze("two modules", "qwen3", 1, "q_proj,down_proj"),
    freeze("and the head", "llama", 1, "all", ("lm_head", "norm")),
    freeze("and tied embeddings", "llama3-rope", -1, "v_proj,o_proj", ("embed_tokens",)),
]
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def rows():
    return training_rows(59, 27)


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "base rows", rows)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_trains_as_the_reference(workbench, scratch, models, rows, shards, case):
    model = base_model(models, case.base)
    trained = case.train(model)
    untouched = {n: p.detach().clone() for n, p in model.named_parameters() if n not in trained}
    theirs = curve(model, rows, max_grad_norm=case.clip)
    assert any(line["grad_norm"] > case.clip for line in theirs), "clipping idle"

    def against_the_product():
        output = scratch / f"run {case.name}"
        more = {f"adapter.{key}": value for key, value in case.settings.items()}
        more["train.max_grad_norm"] = case.clip
        workbench.must("train", train_settings(models.case(case.base), shards, output, **more))
        ours = metrics(output)
        assert_steps_once(ours, 20)
        assert_same_curve(ours, theirs, 1e-4, BOUNDS)
        exported = load_file(output / "model" / "model.safetensors")
        by_reference = {n: p.detach() for n, p in model.named_parameters() if n in exported}
        assert_same_weights(exported, by_reference, absolute=1e-4, relative=1e-3)
        for name, tensor in untouched.items():
            assert name not in exported or bool((exported[name] == tensor).all()), name
        loaded = AutoModelForCausalLM.from_pretrained(output / "model").eval()
        said = workbench.answers(output / "model", rows[:4])
        assert distance(said.logits, logits_of(loaded, rows[:4])) < 1e-4
        assert said.tokens == greedy(loaded, rows[:4])

    expected(NOT_YET, case.name, against_the_product)
