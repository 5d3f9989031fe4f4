"""Methods that PEFT has not, under every way to compute: the same curve."""

from __future__ import annotations

import pytest
from curves import assert_same_curve, assert_steps_once
from parity_rows import pack, training_rows
from product import metrics
from training_made import foreign_shards, train_settings

BOTTLENECK = {"adapter.peft_type": "BOTTLENECK", "adapter.placement": "houlsby"}
PARALLEL = {"adapter.peft_type": "BOTTLENECK", "adapter.placement": "parallel"}
DIFF = {
    "adapter.peft_type": "DIFF_PRUNING",
    "adapter.structured": True,
    "adapter.alpha_init": 0.5,
    "adapter.sparsity_penalty": 1e-5,
}
OWN = {"houlsby": BOTTLENECK, "parallel": PARALLEL, "diff": DIFF}
WAYS = {
    "threads": {"distributed.threads_per_rank": 2},
    "computed twice": {"train.gradient_checkpointing": True},
    "autograd": {"model.layer_backward": "autograd", "model.frozen_storage": "float32"},
    "two ranks": {
        "distributed.world_size": 2,
        "distributed.zero_stage": 2,
        "train.per_device_train_batch_size": 1,
    },
}
BOUNDS = {"loss": 1e-5, "grad_norm": 1e-3}


@pytest.fixture(scope="module")
def shards(scratch):
    return foreign_shards(scratch / "rows of own methods", training_rows(61, 28))


def trained(workbench, models, shards, output, settings) -> list[dict]:
    more = {"train.max_steps": 7, **settings}
    workbench.must("train", train_settings(models.case("qwen2"), shards, output, **more))
    lines = metrics(output)
    assert_steps_once(lines, 7)
    return lines


@pytest.mark.parametrize("name", OWN)
def test_the_curve_is_the_same_whatever_computes_it(workbench, scratch, models, shards, name):
    plain = trained(workbench, models, shards, scratch / f"plain {name}", OWN[name])
    assert plain[-1]["loss"] < plain[0]["loss"]
    for way, settings in WAYS.items():
        settings = {**OWN[name], **settings}
        lines = trained(workbench, models, shards, scratch / f"{way} {name}", settings)
        assert_same_curve(lines, plain, 1e-5, BOUNDS)


@pytest.mark.parametrize("name", OWN)
def test_a_base_in_4_bits_takes_them(workbench, scratch, models, shards, name):
    settings = {**OWN[name], "model.frozen_storage": "nf4"}
    lines = trained(workbench, models, shards, scratch / f"nf4 {name}", settings)
    assert lines[-1]["loss"] < lines[0]["loss"]


@pytest.mark.parametrize("name", OWN)
def test_packed_rows_give_the_losses_of_their_samples(workbench, scratch, models, name):
    rows = training_rows(67, 8)
    packed = foreign_shards(scratch / f"packed {name}", [pack(rows)])
    alone = foreign_shards(scratch / f"alone {name}", rows)
    curves = []
    for shards, batch in ((packed, 1), (alone, 8)):
        settings = {
            **OWN[name],
            "train.per_device_train_batch_size": batch,
            "train.gradient_accumulation_steps": 1,
        }
        output = scratch / f"of {shards.name}"
        curves.append(trained(workbench, models, shards, output, settings))
    assert_same_curve(curves[0], curves[1], 1e-5, BOUNDS)
