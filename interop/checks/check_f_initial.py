"""Fresh adapters from settings: PEFT's tensors, configuration and initial values."""

from __future__ import annotations

import pytest
import torch
from fresh_runs import fresh_run, still
from laws import assert_same_but_signs, assert_same_law
from methods_made import base_model, config_of, distance, logits_of, reloaded, saved
from methods_table import METHODS, Method, lora
from not_yet import expected
from parity_rows import training_rows
from peft import get_peft_model, get_peft_model_state_dict, load_peft_weights
from training_made import foreign_shards

NOT_YET = {
    "vera": "A and B by our own random numbers, of the same law",
}

SEEDS = (1, 2, 3, 4)
# How A began means nothing once it is in a file, and modules may be named by ends of their paths:
# which those are is seen in the keys.
FREE = ("init_lora_weights", "target_modules")
SPECTRAL = ("pissa", "olora")
MORE = [
    lora("uninitialised", "qwen3", init_lora_weights=False),
    lora("dora gaussian", "qwen2", use_dora=True, init_lora_weights="gaussian"),
]
CASES = [*METHODS, *MORE]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def rows():
    return training_rows(43, 4)


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "initial rows", rows)


def drawn(method: Method, models, seed: int):
    base = base_model(models, method.base)
    torch.manual_seed(seed)
    return get_peft_model(base, method.configured()).eval()


def spectral(method: Method) -> bool:
    return str(method.fields.get("init_lora_weights", "")).startswith(SPECTRAL)


@pytest.mark.parametrize("method", CASES, ids=lambda method: method.name)
def test_fresh_adapter_is_as_pefts(workbench, scratch, models, rows, shards, method):
    first, second = (drawn(method, models, seed) for seed in (0, 1))
    theirs = saved(first, scratch / f"initial {method.name}")
    draws = [get_peft_model_state_dict(drawn(method, models, seed)) for seed in SEEDS]
    begins = logits_of(first, rows)
    always = distance(begins, logits_of(second, rows)) < 1e-4

    def against_the_product():
        output = scratch / f"fresh {method.name}"
        folder = fresh_run(workbench, models, shards, method, output, **still(method)) / "adapter"
        free = (*method.free, *FREE)
        assert config_of(folder, free) == config_of(theirs, free)
        ours = load_peft_weights(folder, device="cpu")
        assert set(ours) == set(draws[0]), f"{sorted(set(ours) ^ set(draws[0]))}"
        if spectral(method):
            assert_same_start(ours, draws[0])
        else:
            assert_same_law(ours, draws)
        assert (
            not always or distance(logits_of(reloaded(method, models, folder), rows), begins) < 1e-4
        )

    expected(NOT_YET, method.name, against_the_product)


def assert_same_start(ours: dict, theirs: dict) -> None:
    """Where an export holds [A, A0] and [B, -B0], the first half is what is trained."""
    for key, their_a in theirs.items():
        if "lora_A" in key:
            other, rank = key.replace("lora_A", "lora_B"), len(their_a)
            pair = ours[key][:rank], ours[other][:, :rank]
            assert_same_but_signs(*pair, their_a, theirs[other])
