"""What every soak stands on: the product, a small model, shuffled ragged rows."""

from __future__ import annotations

import argparse
from pathlib import Path

import measure
from models_made import Models
from parity_rows import training_rows
from product import Product
from tokenizers_made import small_tokenizer
from training_made import foreign_shards, train_settings

CHECKOUT = Path(__file__).resolve().parents[2]


class Ground:
    def __init__(self, folder: Path):
        self.folder = folder
        self.product = Product(CHECKOUT)
        self.model = Models(folder / "models", small_tokenizer(folder / "tokenizer")).spoken()
        self.shards = foreign_shards(folder / "rows", training_rows(77, 65))

    def settings(self, output: Path, steps: int, **more) -> dict:
        settings = train_settings(self.model, self.shards, output)
        settings.update(
            {
                "train.max_steps": steps,
                "train.save_steps": 5,
                "train.save_total_limit": 3,
                "train.shuffle": True,
                "train.per_device_train_batch_size": 1,
                "distributed.world_size": 2,
                "distributed.zero_stage": 2,
            }
        )
        return {**settings, **more}


def options(**numbers: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true")
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def write_result(name: str, facts: dict) -> None:
    measure.write_result(CHECKOUT, f"soak-{name}", {"soak": name}, facts)
