"""What an export drops: encoders of virtual tokens, and the randomised start of PiSSA.

PEFT gets the initial values of our run, out of a checkpoint of the same seed before it moves.
"""

from __future__ import annotations

import peft
import pytest
import torch
from checkpoints import trained_values
from curves import assert_same_curve, assert_same_weights, assert_steps_once
from fresh_runs import STILL, fresh_run
from laws import assert_same_law
from methods_made import base_model, config_of, distance, greedy, logits_of, reloaded, saved
from methods_table import lora, prompt
from not_yet import expected
from parity_rows import training_rows
from peft import get_peft_model, load_peft_weights
from product import metrics
from training_made import foreign_shards

NOT_YET: dict[str, str] = {}

BOUNDS = {"loss": 1e-4, "grad_norm": 1e-3, "learning_rate": 1e-6}
CLOSE = 1e-4
LSTM = {"encoder_reparameterization_type": "LSTM"}
ENCODERS = [
    prompt("p-tuning", "llama", peft.PromptEncoderConfig, encoder_hidden_size=12),
    prompt("p-tuning", "qwen2", peft.PromptEncoderConfig, encoder_hidden_size=9, **LSTM),
    prompt(
        "p-tuning",
        "qwen3",
        peft.PromptEncoderConfig,
        encoder_hidden_size=8,
        encoder_num_layers=1,
        **LSTM,
    ),
    prompt(
        "prefix projected",
        "llama",
        peft.PrefixTuningConfig,
        encoder_hidden_size=12,
        prefix_projection=True,
    ),
    prompt(
        "prefix projected",
        "qwen2",
        peft.PrefixTuningConfig,
        encoder_hidden_size=9,
        prefix_projection=True,
    ),
    prompt(
        "prefix projected",
        "mistral-linear",
        peft.PrefixTuningConfig,
        encoder_hidden_size=9,
        prefix_projection=True,
        init_weights="zero",
    ),
]
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def rows():
    return training_rows(49, 27)


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "encoder rows", rows)


def wrapped(method, models, seed: int):
    base = base_model(models, method.base)
    torch.manual_seed(seed)
    return get_peft_model(base, method.configured()).eval()


def encoder(model) -> torch.nn.Module:
    return model.prompt_encoder["default"]


def names(method) -> str:
    return method.name


@pytest.mark.parametrize("method", ENCODERS, ids=names)
def test_trains_as_pefts_encoder(workbench, scratch, models, rows, shards, method):
    draws = [encoder(wrapped(method, models, seed)).state_dict() for seed in range(4)]
    model, few = wrapped(method, models, 0), rows[:4]

    def against_the_product():
        output = scratch / f"still {method.name}"
        still = fresh_run(workbench, models, shards, method, output, **STILL)
        values = trained_values(still)
        begins = {name.removeprefix("prompt_encoder."): v for name, v in values.items()}
        assert set(begins) == set(draws[0])
        assert_same_law(begins, draws)
        encoder(model).load_state_dict(begins)
        flat = load_peft_weights(saved(model, scratch / f"flat {method.name}"), device="cpu")
        ours = load_peft_weights(still / "adapter", device="cpu")
        assert_same_weights(ours, flat, absolute=1e-5, relative=1e-5)
        theirs = method.trained(model, rows)
        assert any(line["grad_norm"] > method.clip for line in theirs), "clipping idle"
        output = scratch / f"run {method.name}"
        clip = {"train.max_grad_norm": method.clip}
        assert_same_training(fresh_run(workbench, models, shards, method, output, **clip), theirs)
        end = saved(model, scratch / f"end {method.name}")
        assert config_of(output / "adapter", method.free) == config_of(end, method.free)
        exported = load_peft_weights(output / "adapter", device="cpu")
        by_peft = load_peft_weights(end, device="cpu")
        assert_same_weights(exported, by_peft, absolute=1e-4, relative=1e-3)
        adapted = reloaded(method, models, output / "adapter")
        said = workbench.answers(models.case(method.base), few, output / "adapter")
        assert distance(said.logits, logits_of(adapted, few)) < CLOSE
        assert said.tokens == greedy(adapted, few)

    expected(NOT_YET, method.name, against_the_product)


def assert_same_training(output, theirs) -> None:
    ours = metrics(output)
    assert_steps_once(ours, 20)
    assert_same_curve(ours, theirs, 1e-4, BOUNDS)


def test_randomised_pissa(workbench, scratch, models, rows, shards):
    """PEFT's own decomposition is another draw: it gets ours, and a base without it."""
    method = lora("pissa_niter_4", "llama", init_lora_weights="pissa_niter_4")
    still = fresh_run(workbench, models, shards, method, scratch / "still niter", **STILL)
    begins = load_peft_weights(still / "adapter", device="cpu")
    model, base = wrapped(method, models, 0), base_model(models, method.base)
    scaling = method.fields["lora_alpha"] / method.fields["r"]
    with torch.no_grad():
        for key, a in begins.items():
            if "lora_A" not in key:
                continue
            path = key.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            module, rank = model.base_model.model.get_submodule(path), method.fields["r"]
            weight = base.get_submodule(path).weight
            a, b = a[:rank], begins[key.replace("lora_A", "lora_B")][:, :rank]
            u, s, v = torch.linalg.svd(weight)
            exact = u[:, :rank] @ torch.diag(s[:rank]) @ v[:rank]
            least = float((weight - exact).norm())
            assert float((weight - scaling * b @ a).norm()) < 1.05 * least, path
            module.lora_A["default"].weight.copy_(a)
            module.lora_B["default"].weight.copy_(b)
            module.get_base_layer().weight.copy_(weight - scaling * b @ a)
    theirs = method.trained(model, rows)
    output = fresh_run(workbench, models, shards, method, scratch / "run niter")
    assert_same_training(output, theirs)
    adapted = reloaded(method, models, output / "adapter")
    assert distance(logits_of(adapted, rows[:4]), logits_of(model, rows[:4])) < 1e-2
    ours = workbench.answers(models.case(method.base), rows[:4], output / "adapter")
    assert distance(logits_of(adapted, rows[:4]), ours.logits) < CLOSE
