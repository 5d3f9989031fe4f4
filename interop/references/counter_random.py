"""Numbers that follow from a seed, a name and an index alone: SplitMix64 (Steele et al., 2014)."""

from __future__ import annotations

import numpy as np
import torch

GAMMA = 0x9E3779B97F4A7C15
WORD = (1 << 64) - 1


def mix(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & WORD
    return z ^ (z >> 31)


def key(seed: int, name: str) -> int:
    """Of the stream of a seed and a name; bytes count with their sign."""
    state = mix((seed + GAMMA) & WORD)
    for byte in name.encode():
        state = mix((state * 31 + (byte - 256 if byte > 127 else byte) + GAMMA) & WORD)
    return state


def bits(seed: int, name: str, count: int) -> np.ndarray:
    """64 bits for each index."""
    z = np.uint64(key(seed, name)) + np.uint64(GAMMA) * np.arange(1, count + 1, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def gate_uniform(seed: int, name: str, step: int, shape) -> torch.Tensor:
    """u of the gates of a step, (k + 1/2) / 2^23 with k the top 23 bits."""
    count = int(np.prod(shape))
    top = (bits(seed, f"{name}_noise:{step}", count) >> np.uint64(41)).astype(np.float64)
    return torch.from_numpy((top + 0.5) / 2.0**23).float().view(tuple(shape))


def gate_noise(model, seed: int, step: int) -> dict[str, torch.Tensor]:
    """For DiffPruned: u of all gates by the product's names of them."""
    noise = {}
    for name, made in model.differences.items():
        module = name.removesuffix(".weight")
        noise[name] = gate_uniform(seed, f"{module}.diff_alpha", step, made.alpha.shape)
        if made.group is not None:
            noise[f"{name}.group"] = gate_uniform(seed, f"{module}.diff_group", step, (1,))[0]
    return noise
