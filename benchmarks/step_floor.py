"""The matrix products that a training step cannot do without, and nothing else.

Usage: step_floor.py lora|full TOKENS STEPS THREADS HIDDEN INTERMEDIATE LAYERS HEADS KV_HEADS V
Each linear module and the head: the output and the input's gradient, in full tuning the weight's
gradient too; no attention, no adapter. By oneDNN or MKL, whichever is faster on this processor.
"""

from __future__ import annotations

import json
import sys
import time

import torch

HEAD_ROWS = 256


def onednn(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    return torch.ops.mkldnn._linear_pointwise(x, w, None, "none", [], "")


def mkl(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    return torch.mm(x, w.t())


def products(product, inputs, weights, head, full: bool) -> None:
    for x, w in zip(inputs, weights, strict=True):
        y = product(x, w)
        product(y, w.t())
        if full:
            product(y.t(), x.t())
    rows = inputs[0]
    for start in range(0, len(rows), HEAD_ROWS):
        part = rows[start : start + HEAD_ROWS]
        logits = product(part, head)
        product(logits, head.t())
        if full:
            product(logits.t(), part.t())


def main() -> None:
    full = sys.argv[1] == "full"
    tokens, steps, threads, hidden, inner, layers, heads, kv_heads, vocabulary = map(
        int, sys.argv[2:]
    )
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    narrow = hidden // heads * kv_heads
    sizes = [(hidden, hidden), (hidden, narrow), (hidden, narrow), (hidden, hidden)]
    sizes += [(hidden, inner), (hidden, inner), (inner, hidden)]
    by_width = {width: torch.randn(tokens, width) for width in {hidden, inner}}
    weights = [torch.randn(out, width) for _ in range(layers) for width, out in sizes]
    inputs = [by_width[w.shape[1]] for w in weights]
    head = torch.randn(vocabulary, hidden)
    best: list[float] = []
    with torch.no_grad():
        for product in (onednn, mkl):
            seconds = []
            for _ in range(steps):
                start = time.perf_counter()
                products(product, inputs, weights, head, full)
                seconds.append(time.perf_counter() - start)
            if not best or min(seconds) < min(best):
                best = seconds
    print("RESULT " + json.dumps({"seconds": best}))


if __name__ == "__main__":
    main()
