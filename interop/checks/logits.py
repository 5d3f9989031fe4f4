"""The product's logits, through a small Java program on its own classes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import torch
from product import class_path, native_environment, tail


def product_logits(product, model: Path, rows: list[dict], scratch: Path, adapter=None) -> list:
    """A [length, vocabulary] tensor for each row."""
    ids, out = scratch / "logit rows.txt", scratch / "logits.bin"
    ids.write_text("".join(" ".join(map(str, row["input_ids"])) + "\n" for row in rows))
    program = product.checkout / "interop" / "java" / "Logits.java"
    done = subprocess.run(
        [
            "java",
            "-Xmx512m",
            "-cp",
            class_path(product.checkout),
            str(program),
            str(model),
            str(adapter) if adapter else "-",
            str(ids),
            str(out),
        ],
        env={**os.environ, **native_environment(product.checkout)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, tail(done.stdout)
    vocabulary = json.loads((model / "config.json").read_text())["vocab_size"]
    values = torch.frombuffer(bytearray(out.read_bytes()), dtype=torch.float32)
    values = values.view(-1, vocabulary)
    return list(values.split([len(row["input_ids"]) for row in rows]))
