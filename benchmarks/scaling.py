"""Two ranks of one thread against one: ours over TCP, Hugging Face's by DDP over gloo, in turns.

Usage: scaling.py [--pairs N] [--steps N] [--batch 2] [--method full] [--zero-stage 2]
The base shape, LoRA or full tuning, a constant batch a rank. "bound" is two of our one-rank runs side by side that
know nothing of each other: what this machine's memory and caches leave of two times one rank.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import busy_seconds, measure, processor, write_result
from step import (
    BASE,
    CHECKOUT,
    HERE,
    SHAPES,
    WARM_UP,
    Parties,
    Shape,
    assert_same_work,
    core_steps,
    native_environment,
    prepare,
)

RANKS = 2
LENGTH = 512


class Ranks:
    """Our processes that run at the same time, each one thread; joined ones sum their gradients."""

    def __init__(self, parties: Parties, zero_stage: int = 0):
        command = ["java", "-Xmx512m", "-cp", parties.classes, "CoreTrainer"]
        settings = parties.settings(parties.folder / "unused")
        self.words = [*command, *settings, "-s", f"distributed.zero_stage={zero_stage}"]
        self.folder = parties.folder

    def run(self, joined: bool) -> tuple[dict, list[dict]]:
        busy, start = busy_seconds(), time.monotonic()
        processes = [self._start(rank, joined) for rank in range(RANKS)]
        if joined:
            addresses = [self._address(process) for process in processes]
            for process in processes:
                process.stdin.write(" ".join(addresses) + "\n")
                process.stdin.flush()
        outputs = [process.stdout.read() for process in processes]
        usages = [self._end(p, o) for p, o in zip(processes, outputs, strict=True)]
        own = sum(usage.ru_utime + usage.ru_stime for usage in usages)
        seconds = time.monotonic() - start
        others = max(0.0, busy_seconds() - busy - own) / (seconds * os.cpu_count())
        facts = {
            "seconds": seconds,
            "other_cpu_share": others,
            "peak_rss_mb": max(usage.ru_maxrss for usage in usages) / 1024,
        }
        return facts, [steps(output) for output in outputs]

    def _start(self, rank: int, joined: bool) -> subprocess.Popen:
        words = self.words
        if joined:
            words = [words[0], f"-Danneal.rank={rank}", *words[1:]]
        with (self.folder / f"rank{rank}.log").open("w") as log:
            return subprocess.Popen(
                words,
                env={**os.environ, **native_environment(CHECKOUT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    @staticmethod
    def _address(process: subprocess.Popen) -> str:
        for line in process.stdout:
            if line.startswith("ADDRESS "):
                return line.split()[1]
        raise SystemExit("a rank ended before it gave its address")

    @staticmethod
    def _end(process: subprocess.Popen, output: str) -> resource.struct_rusage:
        """What a process used whose output has ended."""
        process.stdin.close()
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"a rank ended with {process.returncode}:\n{output[-4000:]}")
        return usage


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def steps(output: str) -> dict:
    lines = core_steps(output)
    return {
        "losses": [step.loss for step in lines],
        "seconds": [step.seconds for step in lines],
        "wait_seconds": [step.wait_seconds for step in lines],
        "reduce_seconds": [step.reduce_seconds for step in lines],
        "hidden_seconds": [step.hidden_seconds for step in lines],
    }


def median(values: list[float]) -> float:
    return statistics.median(values[WARM_UP:])


class Scaling:
    """The five parties of a turn; each gives facts with the median seconds of a step."""

    def __init__(self, parties: Parties, zero_stage: int):
        self.parties = parties
        self.ranks = Ranks(parties, zero_stage)
        self.losses: dict[str, dict] = {}

    def one(self) -> dict:
        measured, result = self.parties.core()
        self.losses["one"] = result
        return {**measured.facts(), "step_seconds": median(result["seconds"])}

    def two(self) -> dict:
        measured, ranks = self.ranks.run(joined=True)
        if ranks[0]["losses"] != ranks[1]["losses"]:
            raise SystemExit("the two ranks report different losses")
        self.losses["two"] = ranks[0]
        waits = [median(rank["wait_seconds"]) for rank in ranks]
        return {
            **measured,
            "step_seconds": median(ranks[0]["seconds"]),
            "reduce_seconds": round(median(ranks[0]["reduce_seconds"]), 5),
            "hidden_seconds": round(median(ranks[0]["hidden_seconds"]), 5),
            "wait_seconds_by_rank": [round(wait, 5) for wait in waits],
        }

    def bound(self) -> dict:
        measured, ranks = self.ranks.run(joined=False)
        return {
            **measured,
            "step_seconds": statistics.fmean(median(rank["seconds"]) for rank in ranks),
        }

    def huggingface_one(self) -> dict:
        measured, result = self.parties.huggingface()
        self.losses["huggingface_one"] = result
        return {**measured.facts(), "step_seconds": median(result["seconds"])}

    def huggingface_two(self) -> dict:
        folder = self.parties.folder
        adapter = folder / "adapter" if self.parties.method == "lora" else "none"
        words = [folder / "model", adapter, folder / "rows"]
        words += [self.parties.steps, self.parties.shape.batch, 1]
        launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(RANKS)]
        launch += ["--master-addr", "127.0.0.1", "--master-port", str(free_port())]
        done = measure(
            [*launch, str(HERE / "hf_step.py"), *map(str, words)],
            {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        )
        lines = [x for x in done.output.splitlines() if x.startswith("RESULT ")]
        result = json.loads(lines[0].removeprefix("RESULT "))
        self.losses["huggingface_two"] = next(
            x for x in (json.loads(line.removeprefix("RESULT ")) for line in lines) if x["losses"]
        )
        return {**done.facts(), "step_seconds": median(result["seconds"])}

    def turn(self, backwards: bool) -> dict:
        starters = {
            "huggingface_one": self.huggingface_one,
            "huggingface_two": self.huggingface_two,
            "one": self.one,
            "bound": self.bound,
            "two": self.two,
        }
        facts = {}
        for name in reversed(starters) if backwards else starters:
            facts[name] = starters[name]()
            print(f"{name} {facts[name]['step_seconds']:.3f} s a step", flush=True)
        for pair in (("huggingface_one", "one"), ("huggingface_two", "two")):
            assert_same_work({name: self.losses[name] for name in pair})
        return facts


def ratios(turns: list[dict], shape: Shape) -> dict:
    """Tokens a second of two ranks over those of one; medians over the turns."""

    def over(two: str, one: str) -> float:
        key = "step_seconds"
        return round(statistics.median(RANKS * t[one][key] / t[two][key] for t in turns), 3)

    def part(key: str) -> float:
        return statistics.median(t["two"][key] / t["two"]["step_seconds"] for t in turns)

    def tokens(name: str, ranks: int) -> float:
        seconds = statistics.median(turn[name]["step_seconds"] for turn in turns)
        return round(ranks * shape.tokens / seconds, 1)

    waits = [min(turn["two"]["wait_seconds_by_rank"]) for turn in turns]
    return {
        "tokens_per_second": {
            "one": tokens("one", 1),
            "two": tokens("two", RANKS),
            "huggingface_one": tokens("huggingface_one", 1),
            "huggingface_two": tokens("huggingface_two", RANKS),
        },
        "two_over_one": over("two", "one"),
        "bound": over("bound", "one"),
        "huggingface_two_over_one": over("huggingface_two", "huggingface_one"),
        "share_of_gradient_sums": round(part("reduce_seconds"), 4),
        "share_of_sums_behind_the_backward": round(part("hidden_seconds"), 4),
        "peak_rss_mb": {
            name: round(statistics.median(turn[name]["peak_rss_mb"] for turn in turns), 1)
            for name in ("one", "two")
        },
        "share_of_waiting": round(
            statistics.median(
                wait / turn["two"]["step_seconds"] for wait, turn in zip(waits, turns, strict=True)
            ),
            4,
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--method", choices=["lora", "full"], default="lora")
    parser.add_argument("--zero-stage", type=int, choices=[0, 1, 2], default=0)
    options = parser.parse_args()
    shape = SHAPES["smoke"] if options.smoke else Shape(BASE, options.batch, LENGTH)
    pairs, count = (1, 4) if options.smoke else (options.pairs, options.steps)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), shape, options.method, RANKS * count)
        parties = Parties(Path(folder), shape, options.method, count, threads=1)
        scaling = Scaling(parties, options.zero_stage)
        turns = [scaling.turn(turn % 2 == 1) for turn in range(pairs)]
    report = {
        "shape": {**shape.model, "batch": shape.batch, "length": shape.length},
        "ranks": RANKS,
        "threads_per_rank": 1,
        "method": options.method,
        "zero_stage": options.zero_stage,
        **ratios(turns, shape),
        "turns": turns,
    }
    shown = ["tokens_per_second", "two_over_one", "bound", "huggingface_two_over_one"]
    shares = ["share_of_gradient_sums", "share_of_sums_behind_the_backward", "share_of_waiting"]
    for key in [*shown, *shares, "peak_rss_mb"]:
        print(f"{key}: {report[key]}")
    if not options.smoke:
        plain = options.method == "lora" and options.zero_stage == 0
        kind = "" if plain else f"-{options.method}-zero-{options.zero_stage}"
        write_result(CHECKOUT, f"scaling{kind}.{processor()}", {"benchmark": "scaling"}, report)


if __name__ == "__main__":
    main()
