"""Bottleneck adapters in a decoder of transformers.

Serial ones stand behind a block and before the residual: h + s·U f(D h + a) + b, behind attention
and feed-forward (Houlsby et al., 2019, arXiv 1902.00751) or behind the feed-forward alone
(Pfeiffer et al., 2020, arXiv 2005.00247). A parallel one reads what the feed-forward reads, the
normed hidden state, and its output is added (He et al., 2021, arXiv 2110.04366).
"""

from __future__ import annotations

import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "tanh": nn.Tanh}


class Bottleneck(nn.Module):
    """[.., d] -> [.., d]: s·(up(f(down(x)))), zero at first since up begins at zero."""

    def __init__(self, width: int, inner: int, activation: str = "relu", scaling: float = 1.0):
        super().__init__()
        self.down = nn.Linear(width, inner)
        self.activation = ACTIVATIONS[activation]()
        self.up = nn.Linear(inner, width)
        self.scaling = scaling
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scaling * self.up(self.activation(self.down(x)))


def add_bottlenecks(
    model, kind: str, inner: int, activation: str = "relu", scaling: float = 1.0
) -> dict[str, nn.Parameter]:
    """Freezes the model and adds adapters; answers what is trained, by name.

    kind: houlsby, pfeiffer or parallel. Names are layers.N.attention.down.weight and so on.
    """
    model.requires_grad_(False)
    trained: dict[str, nn.Parameter] = {}
    width = model.config.hidden_size
    for index, layer in enumerate(model.model.layers):
        places = {"houlsby": ("attention", "mlp"), "pfeiffer": ("mlp",), "parallel": ("mlp",)}
        for place in places[kind]:
            adapter = Bottleneck(width, inner, activation, scaling)
            block = layer.self_attn if place == "attention" else layer.mlp
            block.register_forward_hook(
                _parallel(adapter) if kind == "parallel" else _serial(adapter)
            )
            # Kept on the layer, so that it is moved, trained and saved with the model.
            layer.add_module(f"adapter_{place}", adapter)
            for name, parameter in adapter.named_parameters():
                trained[f"layers.{index}.{place}.{name}"] = parameter
    return trained


def _serial(adapter: Bottleneck):
    def hook(_block, _arguments, output):
        if isinstance(output, tuple):
            return (output[0] + adapter(output[0]), *output[1:])
        return output + adapter(output)

    return hook


def _parallel(adapter: Bottleneck):
    def hook(_block, arguments, output):
        return output + adapter(arguments[0])

    return hook
