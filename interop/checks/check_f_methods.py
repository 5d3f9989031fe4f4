"""Every method of PEFT: the same curve, the same files, the same logits, the same greedy text."""

from __future__ import annotations

import pytest
import torch
from curves import assert_same_curve, assert_same_weights, assert_steps_once
from methods_made import config_of, distance, greedy, logits_of, reloaded, saved, started
from methods_table import FROM_FILES, METHODS
from not_yet import expected
from parity_rows import IGNORE, training_rows
from peft import get_peft_model_state_dict, load_peft_weights
from product import metrics
from training_made import foreign_shards, train_settings
from transformers import AutoModelForCausalLM

# Cases that the product cannot do yet, by the first words of their names, each with its reason. A
# case that begins to work must leave this list: it fails as long as it stands here.
NOT_YET: dict[str, str] = {}

BOUNDS = {"loss": 1e-4, "grad_norm": 1e-3, "learning_rate": 1e-6}
CLOSE = 1e-4


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def rows():
    """No first token is a target: PEFT trains it behind virtual tokens, its Trainer counts none."""
    rows = training_rows(41, 27)
    for row in rows:
        row["labels"][0] = IGNORE
    return rows


@pytest.fixture(scope="module")
def shards(scratch, rows):
    return foreign_shards(scratch / "method rows", rows)


def learns(steps) -> bool:
    """27 rows are 7 windows: steps 15 to 20 see the rows of steps 1 to 6."""
    losses = [line["loss"] for line in steps]
    return sum(losses[14:20]) < sum(losses[:6])


@pytest.mark.parametrize("method", [*METHODS, *FROM_FILES], ids=lambda method: method.name)
def test_equals_peft(workbench, scratch, models, rows, shards, method):
    few = rows[:4]
    model = started(method, models)
    start = saved(model, scratch / f"start of {method.name}")
    at_start, said = logits_of(model, few), greedy(model, few)
    assert distance(logits_of(reloaded(method, models, start), few), at_start) < 1e-5
    theirs = method.trained(model, rows)
    assert learns(theirs), "PEFT does not learn"
    assert any(line["grad_norm"] > method.clip for line in theirs), "clipping idle"
    end = saved(model, scratch / f"end of {method.name}")
    folder, output = models.case(method.base), scratch / f"run {method.name}"

    def against_the_product():
        ours = workbench.answers(folder, few, start)
        assert distance(ours.logits, at_start) < CLOSE
        assert ours.tokens == said
        more = {"adapter.path": start, "train.max_grad_norm": method.clip, **method.more}
        workbench.must("train", train_settings(folder, shards, output, **more))
        lines = metrics(output)
        assert_steps_once(lines, 20)
        worst = assert_same_curve(lines, theirs, 1e-4, BOUNDS)
        print(f"{method.name}: largest relative distance {worst:.1e}")
        assert_same_export(workbench, method, models, output / "adapter", end, few)
        if method.merges:
            assert_merges(workbench, folder, output / "adapter", few)

    expected(NOT_YET, method.name, against_the_product)


def assert_same_export(workbench, method, models, ours, theirs, rows) -> None:
    """In PEFT: no key missing or unexpected, PEFT's own configuration, and our logits."""
    adapted = reloaded(method, models, ours)
    in_file, wanted = load_peft_weights(ours, device="cpu"), get_peft_model_state_dict(adapted)
    assert set(in_file) == set(wanted), f"{sorted(set(in_file) ^ set(wanted))}"
    for key, tensor in in_file.items():
        assert tensor.dtype == torch.float32 and torch.equal(tensor, wanted[key]), key
    assert config_of(ours, method.free) == config_of(theirs, method.free)
    if config_of(ours) == config_of(theirs):
        by_peft = load_peft_weights(theirs, device="cpu")
        assert_same_weights(in_file, by_peft, absolute=1e-4, relative=1e-3)
    exported = workbench.answers(models.case(method.base), rows, ours)
    assert distance(exported.logits, logits_of(adapted, rows)) < CLOSE
    assert exported.tokens == greedy(adapted, rows)


def assert_merges(workbench, folder, adapter, rows) -> None:
    """Merged = unmerged within 1e-5 of the largest logit, in ours and in transformers."""
    unmerged = workbench.answers(folder, rows, adapter).logits
    merged = adapter.parent / "merged"
    settings = {"model.path": folder, "adapter.path": adapter, "export.output": merged}
    workbench.must("export", settings)
    bound = 1e-5 * max(float(logits.abs().max()) for logits in unmerged)
    assert distance(workbench.answers(merged, rows).logits, unmerged) < bound
    loaded, report = AutoModelForCausalLM.from_pretrained(
        merged, dtype=torch.float32, output_loading_info=True
    )
    assert not report["missing_keys"] and not report["unexpected_keys"], report
    assert distance(logits_of(loaded.eval(), rows), unmerged) < CLOSE
