"""Runs of the product from settings alone."""

from __future__ import annotations

from pathlib import Path

from methods_made import Method
from training_made import train_settings

# One step that moves nothing: what is saved is what training begins with.
STILL = {
    "train.max_steps": 1,
    "train.learning_rate": 1e-30,
    "train.lr_scheduler_type": "constant",
    "train.warmup_steps": 0,
}


def still(method: Method) -> dict:
    """The same for a method that has a learning rate of its own."""
    own = [key for key in method.more if key.endswith("_lr_embedding")]
    return {**STILL, **dict.fromkeys(own, STILL["train.learning_rate"])}


def fresh_run(workbench, models, shards: Path, method: Method, output: Path, **more) -> Path:
    """Trains a new adapter by the fields of a method; answers the run's folder."""
    adapter = {f"adapter.{key}": value for key, value in method.fields.items()}
    adapter["adapter.peft_type"] = method.configured().peft_type.value
    settings = train_settings(models.case(method.base), shards, output)
    workbench.must("train", {**settings, **adapter, **method.more, **more})
    return output
