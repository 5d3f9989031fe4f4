"""Trained values in a checkpoint of ours, read by docs/formats/checkpoint.md."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file


def trained_values(output_dir: Path) -> dict[str, torch.Tensor]:
    """The parameters of a run's latest checkpoint, whatever the number of ranks."""
    folder = max((output_dir / "checkpoints").glob("step-*"))
    manifest = json.loads((folder / "manifest.json").read_text())
    shapes = manifest["parameters"]
    values = {name: torch.empty(shape).flatten() for name, shape in shapes.items()}
    for file in manifest["files"]:
        shard = load_file(folder / file["name"])["parameters"]
        for cut in file["slices"]:
            at, offset, length = cut["at"], cut["offset"], cut["length"]
            values[cut["parameter"]][offset : offset + length] = shard[at : at + length]
    return {name: value.view(shapes[name]) for name, value in values.items()}
