"""bf16 and fp16 as transformers and PEFT mean them: as near to fp32 as theirs, on the CPU."""

from __future__ import annotations

import pytest
import torch
from curves import assert_steps_once
from methods_made import Method, saved, started
from parity_rows import training_rows
from parity_training import curve
from peft import LoraConfig, PeftModel
from product import metrics
from training_made import foreign_shards, train_settings
from transformers import AutoModelForCausalLM

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LORA = Method("LoRA", "qwen2", LoraConfig, {"r": 4, "lora_alpha": 8, "target_modules": ALL})
# What rounding to the nearest changes at most, as a share.
ROUNDING = {torch.bfloat16: 2.0**-9, torch.float16: 2.0**-12}

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def rows():
    return training_rows(41, 27)


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "half rows", rows)


@pytest.fixture(scope="module")
def start(scratch, models):
    return saved(started(LORA, models), scratch / "start of half")


def theirs(models, start, rows, weights: torch.dtype, products: torch.dtype) -> list[float]:
    """PEFT's losses: a base of a type, adapters in fp32, under autocast as the Trainer has it."""
    base = AutoModelForCausalLM.from_pretrained(models.case(LORA.base), dtype=weights).eval()
    model = PeftModel.from_pretrained(base, start, is_trainable=True).eval()
    assert {p.dtype for p in model.parameters() if p.requires_grad} == {torch.float32}
    # without the cache, which would keep weights as they were before the first step
    rounding = products != torch.float32
    with torch.autocast("cpu", products, enabled=rounding, cache_enabled=False):
        return [line["loss"] for line in curve(model, rows)]


@pytest.mark.parametrize(
    "settings, weights, products",
    [
        ({"model.dtype": "bfloat16"}, torch.bfloat16, torch.bfloat16),
        ({"train.bf16": True}, torch.float32, torch.bfloat16),
        ({"train.fp16": True}, torch.float32, torch.float16),
    ],
    ids=["bf16 weights", "bf16 products", "fp16 products"],
)
def test_is_as_near_to_fp32_as_peft(
    workbench, scratch, models, rows, shards, start, settings, weights, products
):
    exact = theirs(models, start, rows, torch.float32, torch.float32)
    rounded = theirs(models, start, rows, weights, products)
    output = scratch / f"run {next(iter(settings))} {products}"
    more = {"adapter.path": start, "train.max_grad_norm": LORA.clip, **settings}
    settings = train_settings(models.case(LORA.base), shards, output, **more)
    workbench.must("train", settings)
    lines = metrics(output)
    assert_steps_once(lines, 20)
    ours = [line["loss"] for line in lines]

    def distance(losses: list[float]) -> float:
        return max(abs(a / b - 1) for a, b in zip(losses, exact, strict=True))

    unit = ROUNDING[products]
    print(f"ours {distance(ours) / unit:.2f}, theirs {distance(rounded) / unit:.2f} roundings")
    assert 0 < distance(ours) < max(1.5 * distance(rounded), 2 * unit)
