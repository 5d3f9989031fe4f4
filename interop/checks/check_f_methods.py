"""Every method of PEFT: the same curve, the same files, the same logits."""

from __future__ import annotations

import pytest
import torch
from curves import assert_same_curve, assert_steps_once
from logits import product_logits
from methods_made import METHODS, config_of, reloaded, saved, started
from parity_rows import row_logits, training_rows
from parity_training import curve
from peft import get_peft_model_state_dict, load_peft_weights
from product import metrics
from training_made import foreign_shards, train_settings

# Cases that the product cannot do yet, each with its reason. A case that begins to work must leave
# this list: it fails as long as it stands here.
NOT_YET: dict[str, str] = {}

BOUNDS = {"loss": 1e-4, "grad_norm": 1e-3, "learning_rate": 1e-6}
CLOSE = 1e-4


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Tensors this small are slower with more, and a product runs beside."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def rows():
    return training_rows(41, 27)


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "method rows", rows)


def largest_distance(model, rows, others) -> float:
    with torch.no_grad():
        found = [row_logits(model, row)[-len(row["input_ids"]) :] for row in rows]
    return max(float((a - b).abs().max()) for a, b in zip(found, others, strict=True))


def assert_loads_in_peft(method, models, folder, like) -> object:
    """No key missing or unexpected, no value changed, the configuration of the start."""
    adapted = reloaded(method, models, folder)
    in_file, wanted = load_peft_weights(folder, device="cpu"), get_peft_model_state_dict(adapted)
    assert set(in_file) == set(wanted), f"{sorted(set(in_file) ^ set(wanted))}"
    for key, tensor in in_file.items():
        assert tensor.dtype == torch.float32 and torch.equal(tensor, wanted[key]), key
    assert config_of(folder) == config_of(like)
    return adapted


def learns(steps) -> bool:
    """27 rows are 7 windows: steps 15 to 20 see the rows of steps 1 to 6."""
    losses = [line["loss"] for line in steps]
    return sum(losses[14:20]) < sum(losses[:6])


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_equals_peft(product, scratch, models, rows, shards, method):
    few = rows[:4]
    model = started(method, models)
    start = saved(model, scratch / f"start of {method.name}")
    with torch.no_grad():
        at_start = [row_logits(model, row)[-len(row["input_ids"]) :] for row in few]
    assert largest_distance(reloaded(method, models, start), few, at_start) < 1e-5
    theirs = curve(model, rows)
    assert learns(theirs), "PEFT does not learn"
    assert any(line["grad_norm"] > 1 for line in theirs), "clipping idle"
    if method.name not in NOT_YET:
        against_product(product, scratch, models, shards, method, start, at_start, theirs, few)
        return
    try:
        against_product(product, scratch, models, shards, method, start, at_start, theirs, few)
    except AssertionError:
        pytest.xfail(NOT_YET[method.name])
    pytest.fail(f"{method.name} works: take it from NOT_YET")


def against_product(product, scratch, models, shards, method, start, at_start, theirs, few):
    folder, output = models.case(method.base), scratch / f"run {method.name}"
    ours_at_start = product_logits(product, folder, few, scratch, adapter=start)
    distances = [float((a - b).abs().max()) for a, b in zip(ours_at_start, at_start, strict=True)]
    assert max(distances) < CLOSE, f"logits of PEFT's adapter differ by {max(distances):.1e}"
    settings = {"adapter.path": start, **method.more}
    product.must("train", train_settings(folder, shards, output, **settings))
    ours = metrics(output)
    assert_steps_once(ours, 20)
    worst = assert_same_curve(ours, theirs, 1e-4, BOUNDS)
    print(f"{method.name}: largest relative distance {worst:.1e}")
    adapted = assert_loads_in_peft(method, models, output / "adapter", start)
    exported = product_logits(product, folder, few, scratch, adapter=output / "adapter")
    assert largest_distance(adapted, few, exported) < CLOSE
