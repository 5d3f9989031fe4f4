"""The references that products are compared with, by themselves: closed forms and the Trainer."""

from __future__ import annotations

import math

import pytest
import torch
from curves import assert_same_curve
from methods_made import distance, logits_of, started
from methods_table import METHODS
from parity_models import build
from parity_rows import training_rows
from parity_training import curve
from plain_training import row_loss, window_curve
from references.base_weights import train_biases, train_layers, train_matching
from references.bottleneck import add_bottlenecks
from references.diff_pruning import DiffPruned, gate, open_probability

pytestmark = pytest.mark.usefixtures("one_thread")
ROWS = training_rows(53, 27)
KINDS = {"houlsby": 2, "pfeiffer": 1, "parallel": 1}


def trained_count(model) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def backward(model) -> None:
    row_loss(model, ROWS[0])[0].backward()


@pytest.mark.parametrize("name", ["lora plain", "lora bias all", "prefix llama"])
def test_the_plain_loop_is_the_trainer(models, name):
    method = next(m for m in METHODS if m.name == name)
    plain = window_curve(started(method, models), ROWS)
    fields = dict.fromkeys(("loss", "grad_norm", "learning_rate"), 1e-5)
    assert_same_curve(plain, curve(started(method, models), ROWS), 1e-5, fields)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("base", ["llama", "qwen2"])
def test_bottlenecks(base, kind):
    model = build(base, 3)
    before = logits_of(model, ROWS[:3])
    trained = add_bottlenecks(model, kind, inner=5)
    assert distance(logits_of(model, ROWS[:3]), before) == 0
    width, layers = model.config.hidden_size, model.config.num_hidden_layers
    assert trained_count(model) == layers * KINDS[kind] * (2 * 5 * width + 5 + width)
    assert sum(p.numel() for p in trained.values()) == trained_count(model)
    backward(model)
    moved = {name for name, p in trained.items() if float(p.grad.abs().max()) > 0}
    assert moved == {name for name in trained if ".up." in name}, "up is zero: down waits for it"
    with torch.no_grad():
        for parameter in trained.values():
            parameter.add_(0.1)
    model.zero_grad()
    backward(model)
    assert all(float(p.grad.abs().max()) > 0 for p in trained.values())


def test_a_serial_adapter_is_a_product_behind_the_block():
    """With f the identity in effect, it is a linear map behind down_proj: a closed form."""
    model, merged = build("llama", 3), build("llama", 3)
    trained = add_bottlenecks(model, "pfeiffer", inner=4)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
            if name.endswith("down.bias"):
                parameter.fill_(50.0)  # never below zero: the ReLU lets all through
        for index, layer in enumerate(merged.model.layers):
            down, up, bias = (trained[f"layers.{index}.mlp.{k}"] for k in KEYS)
            old = layer.mlp.down_proj
            new = torch.nn.Linear(old.in_features, old.out_features)
            new.weight.copy_(old.weight + up @ down @ old.weight)
            new.bias.copy_(up @ torch.full((4,), 50.0) + bias)
            layer.mlp.down_proj = new
    assert distance(logits_of(model, ROWS[:3]), logits_of(merged, ROWS[:3])) < 1e-3


KEYS = ("down.weight", "up.weight", "up.bias")


def test_bitfit_trains_biases_alone():
    model = build("qwen2", 3)
    trained = train_biases(model)
    config = model.config
    per_layer = config.hidden_size + 2 * config.num_key_value_heads * 8
    assert trained_count(model) == config.num_hidden_layers * per_layer
    backward(model)
    assert all(float(p.grad.abs().max()) > 0 for n, p in trained.items() if "k_proj" not in n)
    assert all(p.grad is None for n, p in model.named_parameters() if n not in trained)


def test_layers_and_patterns_are_frozen():
    model = build("qwen3", 3)
    last = train_layers(model, 1)
    assert last and all(name.startswith("model.layers.1.") for name in last)
    first = train_layers(model, -1, "q_proj,input_layernorm", extra=("lm_head",))
    inside = {"self_attn.q_proj.weight", "input_layernorm.weight"}
    assert set(first) == {"lm_head.weight"} | {f"model.layers.0.{name}" for name in inside}
    assert set(train_matching(model, r"norm\.weight$")) == {
        name for name, _p in model.named_parameters() if name.endswith("norm.weight")
    }
    backward(model)
    assert all((p.grad is not None) == p.requires_grad for p in model.parameters())


def test_gates_follow_their_law():
    generator = torch.Generator().manual_seed(4)
    u = torch.rand(400_000, generator=generator).clamp(1e-6, 1 - 1e-6)
    for alpha in (-2.0, 0.0, 1.0):
        z = gate(torch.tensor(alpha), u)
        expected = 1 / (1 + math.exp(-alpha))  # log(-l / r) is 0 here
        assert float(open_probability(torch.tensor(alpha))) == pytest.approx(expected)
        error = math.sqrt(expected * (1 - expected) / len(u))
        assert abs(float((z > 0).double().mean()) - (1 - share_below(0.0, alpha))) < 5 * error
        assert abs(float((z == 1).double().mean()) - (1 - share_below(1.0, alpha))) < 5 * error


def share_below(bound: float, alpha: float) -> float:
    """P(s (r - l) + l < bound): the logistic distribution at what gives the bound."""
    s = (bound + 1.5) / 3.0
    return 1 / (1 + math.exp(-(math.log(s / (1 - s)) - alpha)))


@pytest.mark.parametrize("structured", [False, True])
def test_diff_pruning(structured):
    base = build("llama", 3)
    names = [n for n, p in base.named_parameters() if n.endswith("_proj.weight")]
    before = logits_of(base, ROWS[:2])
    model = DiffPruned(base, names, structured=structured)
    assert distance(logits_of(model, ROWS[:2]), before) == 0
    elements = sum(base.get_parameter(n).numel() for n in names)
    assert trained_count(model) == 2 * elements + (len(names) if structured else 0)
    open_share = (1 / (1 + math.exp(-5.0))) ** (2 if structured else 1)
    assert float(model.penalty()) == pytest.approx(elements * open_share, rel=1e-4)
    with torch.no_grad():
        for made in model.differences.values():
            made.w.add_(0.05)
            made.alpha.fill_(0.3)
            if structured:
                made.group.fill_(0.2)
    generator = torch.Generator().manual_seed(2)
    noise = {}
    for name in names:
        noise[name] = torch.rand(base.get_parameter(name).shape, generator=generator)
        noise[f"{name}.group"] = torch.tensor(0.5)
    ids = torch.tensor([ROWS[0]["input_ids"]])
    (model(noise=noise, input_ids=ids).logits.square().mean() + 1e-4 * model.penalty()).backward()
    for made in model.differences.values():
        for parameter in (made.w, made.alpha, *([made.group] if structured else [])):
            assert float(parameter.grad.abs().max()) > 0
    assert all(p.grad is None for p in base.parameters())


def test_the_sparse_difference_is_the_model():
    base = build("llama", 3)
    names = [n for n, _p in base.named_parameters() if "q_proj" in n or "up_proj" in n]
    model = DiffPruned(base, names)
    generator = torch.Generator().manual_seed(6)
    with torch.no_grad():
        for made in model.differences.values():
            made.w.copy_(torch.randn(made.w.shape, generator=generator))
    whole = logits_of(model, ROWS[:2])
    sparse = model.sparse(0.1)
    elements = sum(value.numel() for value in sparse.values())
    assert sum(int((value != 0).sum()) for value in sparse.values()) == int(0.1 * elements)
    largest = min(float(v[v != 0].abs().min()) for v in sparse.values())
    dropped = torch.cat([(model.sparse()[n] - v).abs().flatten() for n, v in sparse.items()])
    assert float(dropped.max()) <= largest
    plain = build("llama", 3)
    with torch.no_grad():
        for name, value in model.sparse().items():
            plain.get_parameter(name).add_(value)
    assert distance(logits_of(plain, ROWS[:2]), whole) < 1e-4
