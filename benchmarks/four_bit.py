"""Dequantising a matrix in NF4: nanoseconds a weight of ways to look its values up, in libtorch.

Usage: four_bit.py [--smoke] [--rows N] [--columns N] [--turns N]
One thread; its own CPU time, the least of the turns. Every way must give the same bits. "copy" is
what LoRA does with a matrix in fp32 before it adds its update. The full size writes
benchmarks/results/four-bit.PROCESSOR.json.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from measure import processor, write_result

CHECKOUT = Path(__file__).resolve().parent.parent
BLOCK = 64
NF4 = [
    *(-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453),
    *(-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0),
    *(0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224),
    *(0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0),
]


class Ways:
    """Each method fills `out` with the values of `codes`, before the scales."""

    def __init__(self, count: int):
        torch.manual_seed(7)
        self.count = count
        self.codes = torch.randint(0, 256, (count // 2,), dtype=torch.uint8)
        self.absmax = torch.rand(count // BLOCK)
        self.out = torch.empty(count)
        self.plain = torch.randn(count)
        self.index = torch.empty(count, dtype=torch.int32)
        self.long = torch.empty(count // 2, dtype=torch.int64)
        values = torch.tensor(NF4)
        byte = torch.arange(256)
        pairs = torch.stack([values[byte >> 4], values[byte & 15]], 1)
        two = torch.arange(-32768, 32768) & 0xFFFF
        self.values = values
        self.pairs = pairs
        self.pairs64 = pairs.view(torch.float64).reshape(-1)
        self.quads = torch.cat([pairs[two & 255], pairs[two >> 8]], 1).contiguous()
        self.quads128 = self.quads.view(torch.complex128).reshape(-1)

    def byte_as_fp64(self) -> None:
        index = self.index[: self.count // 2].copy_(self.codes)
        torch.index_select(self.pairs64, 0, index, out=self.out.view(torch.float64))

    def byte_as_row(self) -> None:
        index = self.index[: self.count // 2].copy_(self.codes)
        torch.index_select(self.pairs, 0, index, out=self.out.view(-1, 2))

    def byte_by_take(self) -> None:
        torch.take(self.pairs64, self.long.copy_(self.codes), out=self.out.view(torch.float64))

    def two_bytes_as_complex128(self) -> None:
        index = self.index[: self.count // 4].copy_(self.codes.view(torch.int16)).add_(32768)
        torch.index_select(self.quads128, 0, index, out=self.out.view(torch.complex128))

    def two_bytes_as_row(self) -> None:
        index = self.index[: self.count // 4].copy_(self.codes.view(torch.int16)).add_(32768)
        torch.index_select(self.quads, 0, index, out=self.out.view(-1, 4))

    def half_byte(self) -> None:
        index = self.index.view(-1, 2)
        index[:, 0] = self.codes >> 4
        index[:, 1] = self.codes & 15
        torch.index_select(self.values, 0, self.index, out=self.out)

    def scale(self) -> None:
        self.out.view(-1, BLOCK).mul_(self.absmax.unsqueeze(1))

    def copy(self) -> None:
        self.out.copy_(self.plain)


LOOKUPS = [
    *("byte_as_fp64", "byte_as_row", "byte_by_take"),
    *("two_bytes_as_complex128", "two_bytes_as_row", "half_byte"),
]


def nanoseconds(way, count: int, turns: int) -> float:
    """A weight, the least of the turns, by the thread's own time."""
    times = []
    for _ in range(turns):
        start = time.thread_time_ns()
        way()
        times.append(time.thread_time_ns() - start)
    return round(min(times) / count, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--rows", type=int, default=4864)
    parser.add_argument("--columns", type=int, default=896)
    parser.add_argument("--turns", type=int, default=40)
    options = parser.parse_args()
    rows, turns = (64, 2) if options.smoke else (options.rows, options.turns)
    torch.set_num_threads(1)
    ways = Ways(rows * options.columns)
    report = {"rows": rows, "columns": options.columns, "nanoseconds_a_weight": {}}
    ways.byte_as_fp64()
    expected = ways.out.clone()
    for name in [*LOOKUPS, "scale", "copy"]:
        took = nanoseconds(getattr(ways, name), ways.count, turns)
        report["nanoseconds_a_weight"][name] = took
        print(f"{name:24s} {took:6.3f} ns a weight")
        if name in LOOKUPS and not torch.equal(ways.out, expected):
            raise SystemExit(f"{name} gives other values")
    if not options.smoke:
        file = f"four-bit.{processor()}"
        write_result(CHECKOUT, file, {"benchmark": "four-bit"}, report)


if __name__ == "__main__":
    main()
