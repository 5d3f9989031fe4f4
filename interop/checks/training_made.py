"""Training runs of the product on shards that Python wrote."""

from __future__ import annotations

from pathlib import Path

import datasets
from parity_training import SETTINGS


def foreign_shards(folder: Path, rows: list[dict]) -> Path:
    """Ragged rows by datasets.save_to_disk: no manifest, int64 lists."""
    datasets.Dataset.from_list(rows).save_to_disk(str(folder))
    return folder


def train_settings(model: Path, shards: Path, output: Path, **more) -> dict:
    """The settings of the recorded curves, rows in order, fp32, one rank."""
    settings = {
        "model.path": model,
        "data.train": [str(shards)],
        "data.allow_foreign": True,
        "train.output_dir": output,
        "train.shuffle": False,
        "train.max_steps": SETTINGS["max_steps"],
        "train.per_device_train_batch_size": SETTINGS["per_device_train_batch_size"],
        "train.gradient_accumulation_steps": SETTINGS["gradient_accumulation_steps"],
        "train.learning_rate": SETTINGS["learning_rate"],
        "train.lr_scheduler_type": SETTINGS["lr_scheduler_type"],
        "train.warmup_steps": SETTINGS["warmup_steps"],
        "train.weight_decay": SETTINGS["weight_decay"],
        "train.max_grad_norm": SETTINGS["max_grad_norm"],
        "optimizer.adam_epsilon": SETTINGS["adam_epsilon"],
        "train.seed": 42,
        "distributed.world_size": 1,
        "distributed.threads_per_rank": 1,
    }
    return {**settings, **more}
