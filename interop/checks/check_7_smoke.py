"""The one-minute sizes of the benchmarks and soaks, so that they keep working."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from product import tail

SMOKES = [
    ["benchmarks/run", "step", "--smoke", "--qlora"],
    ["benchmarks/run", "sft", "--smoke"],
    ["benchmarks/run", "phases", "--smoke"],
    ["benchmarks/run", "tokenizer", "--smoke"],
    ["interop/ids", "--smoke"],
    ["benchmarks/run", "minhash", "--smoke"],
    ["benchmarks/run", "generation", "--smoke"],
    ["benchmarks/run", "scaling", "--smoke"],
    ["benchmarks/run", "four-bit", "--smoke"],
    ["benchmarks/run", "methods", "--smoke"],
    ["benchmarks/run", "plan", "--smoke"],
    ["benchmarks/run", "methods-speed", "--smoke"],
    ["interop/soak", "kills", "--smoke"],
    ["interop/soak", "executors", "--smoke"],
    ["interop/soak", "memory", "--smoke"],
    ["interop/soak", "steps", "--smoke"],
    ["interop/soak", "tokenize-memory", "--smoke"],
    ["interop/soak", "tokenize-kills", "--smoke"],
    ["interop/soak", "listing", "--smoke"],
    ["benchmarks/run", "tokenize", "--smoke"],
]


@pytest.mark.parametrize("words", SMOKES, ids=" ".join)
def test_smoke_size_runs(product, words):
    done = subprocess.run(
        [str(product.checkout / words[0]), *words[1:]],
        env={**os.environ, "ANNEAL_PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, tail(done.stdout)
