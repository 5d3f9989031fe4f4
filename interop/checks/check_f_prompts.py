"""Virtual tokens that an encoder makes, which PEFT does not export, and answers of the generate job."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import peft
import pytest
import torch
from curves import assert_same_curve, assert_steps_once
from logits import product_logits
from parity_rows import IGNORE, row_logits, training_rows
from parity_training import curve
from peft import PeftModel, get_peft_model, get_peft_model_state_dict, load_peft_weights
from product import metrics
from safetensors.torch import load_file
from training_made import foreign_shards, train_settings
from transformers import AutoModelForCausalLM, AutoTokenizer

BOUNDS = {"loss": 1e-4, "grad_norm": 1e-3, "learning_rate": 1e-6}
CLOSE = 1e-4
SEED = 42
KEY = "prompt_embeddings"
WORD = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Method:
    """A configuration on one of the parity models."""

    name: str
    base: str
    config: type
    fields: dict
    rate: float = 0.02
    clip: float = 0.02

    def configured(self):
        return self.config(task_type="CAUSAL_LM", **self.fields)

    def settings(self) -> dict:
        return {f"adapter.{key}": value for key, value in self.fields.items()} | {
            "adapter.peft_type": self.configured().peft_type.value
        }


METHODS = [
    Method(
        "prefix projected",
        "llama",
        peft.PrefixTuningConfig,
        {"num_virtual_tokens": 4, "prefix_projection": True, "encoder_hidden_size": 12},
    ),
    Method(
        "prefix projected, own width",
        "mistral-linear",
        peft.PrefixTuningConfig,
        {"num_virtual_tokens": 3, "prefix_projection": True},
    ),
    Method(
        "p-tuning mlp",
        "qwen2",
        peft.PromptEncoderConfig,
        {"num_virtual_tokens": 5, "encoder_hidden_size": 14},
    ),
    Method(
        "p-tuning lstm",
        "llama",
        peft.PromptEncoderConfig,
        {
            "num_virtual_tokens": 5,
            "encoder_hidden_size": 10,
            "encoder_reparameterization_type": "LSTM",
            "encoder_num_layers": 2,
        },
    ),
]


def mix(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & WORD
    return z ^ (z >> 31)


def uniforms(name: str, count: int) -> list[float]:
    """The product's uniform numbers of a name."""
    key = mix(SEED + GAMMA & WORD)
    for byte in name.encode():
        key = mix(key * 31 + byte + GAMMA & WORD)
    return [(mix(key + GAMMA * (i + 1) & WORD) >> 11) * 2.0**-53 for i in range(count)]


def initial(name: str, shape: torch.Size, bound: float | None) -> torch.Tensor:
    """Uniform within a bound, or normal without one."""
    count = math.prod(shape)
    if bound is not None:
        values = [(2 * u - 1) * bound for u in uniforms(name, count)]
    else:
        u = uniforms(name, 2 * count)
        values = [
            math.sqrt(-2 * math.log(1 - u[2 * i])) * math.cos(2 * math.pi * u[2 * i + 1])
            for i in range(count)
        ]
    return torch.tensor(values, dtype=torch.float64).view(shape).float()


def bound_of(module: torch.nn.Module) -> float | None:
    if isinstance(module, torch.nn.Linear):
        return module.in_features**-0.5
    return module.hidden_size**-0.5 if isinstance(module, torch.nn.LSTM) else None


def begin_as_the_product(model) -> None:
    encoder = model.prompt_encoder["default"]
    with torch.no_grad():
        for path, module in encoder.named_modules():
            for name, parameter in module.named_parameters(recurse=False):
                full = f"prompt_encoder.{path}.{name}"
                parameter.copy_(initial(full, parameter.shape, bound_of(module)))


def base_model(models, base: str):
    folder = models.case(base)
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def started(method: Method, models):
    torch.manual_seed(11)
    model = get_peft_model(base_model(models, method.base), method.configured()).eval()
    begin_as_the_product(model)
    return model


@pytest.fixture(scope="module")
def rows():
    """The Trainer counts no first token, and PEFT trains it: here none is a target."""
    rows = training_rows(43, 27)
    for row in rows:
        row["labels"][0] = IGNORE
    return rows


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "prompt rows", rows)


def real_logits(model, rows) -> list:
    with torch.no_grad():
        return [row_logits(model, row)[-len(row["input_ids"]) :] for row in rows]


def largest_distance(ours, theirs) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_equals_peft(product, scratch, models, rows, shards, method):
    few, folder = rows[:4], models.case(method.base)
    model = started(method, models)
    start, output = scratch / f"start of {method.name}", scratch / f"run of {method.name}"
    model.save_pretrained(start)
    at_start = product_logits(product, folder, few, scratch, adapter=start)
    assert largest_distance(at_start, real_logits(model, few)) < CLOSE

    theirs = curve(model, rows, learning_rate=method.rate, max_grad_norm=method.clip)
    assert any(line["grad_norm"] > method.clip for line in theirs), "clipping idle"
    more = {"train.learning_rate": method.rate, "train.max_grad_norm": method.clip}
    product.must("train", train_settings(folder, shards, output, **method.settings(), **more))
    ours = metrics(output)
    assert_steps_once(ours, 20)
    worst = assert_same_curve(ours, theirs, 1e-4, BOUNDS)
    print(f"{method.name}: largest relative distance {worst:.1e}")

    exported = load_file(output / "adapter" / "adapter_model.safetensors")
    trained = get_peft_model_state_dict(model.eval())
    assert set(exported) == set(trained) == {KEY}
    moved = (exported[KEY] - load_file(start / "adapter_model.safetensors")[KEY]).abs().max()
    assert float(moved) > 1e-3, "nothing was trained"
    assert torch.allclose(exported[KEY], trained[KEY], atol=1e-3, rtol=1e-3)

    adapted = PeftModel.from_pretrained(base_model(models, method.base), output / "adapter")
    in_file = load_peft_weights(output / "adapter", device="cpu")
    assert torch.equal(in_file[KEY], get_peft_model_state_dict(adapted)[KEY])
    assert sizes(output / "adapter") == sizes(start)
    after = product_logits(product, folder, few, scratch, adapter=output / "adapter")
    assert largest_distance(after, real_logits(adapted.eval(), few)) < CLOSE


def sizes(folder) -> dict:
    config = json.loads((folder / "adapter_config.json").read_text())
    names = ["num_virtual_tokens", "token_dim", "num_layers", "num_attention_heads"]
    return {name: config[name] for name in [*names, "num_transformer_submodules", "peft_type"]}


SPOKEN = [
    ("prompt", peft.PromptTuningConfig, {}),
    ("p-tuning", peft.PromptEncoderConfig, {"encoder_hidden_size": 16}),
    ("prefix", peft.PrefixTuningConfig, {}),
    ("prefix projected", peft.PrefixTuningConfig, {"prefix_projection": True}),
]


@pytest.mark.parametrize(("name", "config", "fields"), SPOKEN, ids=lambda v: str(v)[:20])
def test_greedy_answers_equal_transformers(product, scratch, models, name, config, fields):
    folder = models.spoken()
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    torch.manual_seed(3)
    model = get_peft_model(base, config(task_type="CAUSAL_LM", num_virtual_tokens=4, **fields))
    adapter = scratch / f"spoken {name}"
    model.eval().save_pretrained(adapter)
    prompts = ["The lighthouse of Varn", "瓦恩的灯塔", "Station 7 lies", "x"]
    questions, answers = scratch / f"{name}.jsonl", scratch / f"answers of {name}.jsonl"
    questions.write_text("".join(json.dumps({"prompt": p}) + "\n" for p in prompts))
    settings = {
        "model.path": folder,
        "adapter.path": adapter,
        "generate.input": questions,
        "generate.output": answers,
        "generate.chat": False,
        "generate.max_new_tokens": 24,
    }
    product.must("generate", settings)
    lines = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    bare = 0
    for line, prompt in zip(lines, prompts, strict=True):
        ids = tokenizer(prompt, return_tensors="pt")
        out = model.generate(**ids, do_sample=False, max_new_tokens=24)[0].tolist()
        given = ids.input_ids[0].tolist()
        new = out[len(given) :] if out[: len(given)] == given else out
        text = tokenizer.decode(new, skip_special_tokens=True)
        assert line == {"prompt": prompt, "answers": [text]}
        with model.disable_adapter():
            bare += base.generate(**ids, do_sample=False, max_new_tokens=24)[0].tolist() == out
    assert bare < len(prompts), "the virtual tokens change nothing"
