"""A step of every method: ours against Hugging Face Trainer with PEFT's same method, in turns.

Usage: methods_speed.py [--methods "LoRA;VeRA"] [--pairs N] [--steps N] [--threads N]
The shape `base` of step.py: 39 M parameters, 4 x 512 tokens, fp32. Each side is one process that
goes from method to method, ours the train job of a warm JVM; a method's two runs follow each other,
in an order that changes from turn to turn. The first steps of a run are not counted. Both must
train the same number of parameters, and methods that begin as the base must have its loss. Peak
memory is that of the process during the method's runs, after it gave back what it had freed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
sys.path.insert(1, str(CHECKOUT / "interop" / "checks"))

import step  # noqa: E402
from compared_methods import PROMPT_LEAD, Compared, chosen  # noqa: E402
from measure import busy_seconds, processor, write_result  # noqa: E402
from methods_page import markdown  # noqa: E402
from process_memory import peak_mb, restart_peak  # noqa: E402
from product import Product, metrics, tail  # noqa: E402
from step import SHAPES, WARM_UP, Shape  # noqa: E402
from workbench import Workbench  # noqa: E402

SECONDS = 1200
FIRST = "LoRA"
SMOKE = "AdaLoRA;BitFit"
QLORA_MOST = 1.3
# Virtual tokens and encoders begin at random: their loss of a random model is near, not equal.
SAME_LOSS, NEAR_LOSS = 1e-3, 5e-2


class Peer:
    """Theirs: hf_methods.py, asked by lines."""

    def __init__(self, folder: Path, threads: int):
        self.log = (folder / "peer.log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "hf_methods.py"), str(threads)],
            env={**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def ask(self, request: dict) -> dict:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("RESULT "):
                return json.loads(line.removeprefix("RESULT "))
        self.log.seek(0)
        raise SystemExit(f"{request['method']}: the peer ended:\n{tail(self.log.read(), 30)}")

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.log.close()


class Sides:
    """Both, over one model and one set of rows."""

    def __init__(self, folder: Path, shape: Shape, steps: int, threads: int):
        self.folder, self.shape, self.steps, self.threads = folder, shape, steps, threads
        self.bench = Workbench(Product(CHECKOUT), folder / "workbench", SECONDS, options=())
        self.peer = Peer(folder, threads)
        self.runs = 0

    def model(self, method: Compared) -> Path:
        """The base shape has no biases: BitFit's has those of Qwen2."""
        return self.folder / ("biased" if method.name == "BitFit" else "plain") / "model"

    def ours(self, method: Compared) -> dict:
        self.runs += 1
        output = self.folder / f"run{self.runs}"
        settings = {
            "model.path": self.model(method),
            "data.train": [str(self.folder / "plain" / "rows")],
            "data.allow_foreign": True,
            "train.output_dir": output,
            "train.shuffle": False,
            "train.max_steps": self.steps,
            "train.per_device_train_batch_size": self.shape.batch,
            "train.learning_rate": 1e-4,
            "train.lr_scheduler_type": "constant",
            "train.warmup_steps": 0,
            "train.save_steps": 0,
            "distributed.threads_per_rank": self.threads,
            **method.all_settings(self.steps),
        }
        planned = self.bench.must("plan", settings).output
        program = re.search(r"layer backward:\s+(\w+)", planned)
        self.bench.trim()
        pid = self.bench.process.pid
        restart_peak(pid)
        self.bench.must("train", settings)
        lines = metrics(output)
        counts = json.loads((output / "plan" / "result.json").read_text())["counts"]
        return {
            "seconds": [line["tokens"] / line["tokens_per_second"] for line in lines],
            "losses": [line["loss"] for line in lines],
            "trained_parameters": counts["trained_parameters"],
            "peak_mb": peak_mb(pid),
            "program": program.group(1),
        }

    def theirs(self, method: Compared) -> dict:
        name, fields = method.peer
        return self.peer.ask(
            {
                "model": str(self.model(method)),
                "rows": str(self.folder / "plain" / "rows"),
                "steps": self.steps,
                "batch": self.shape.batch,
                "method": name,
                "fields": fields,
            }
        )

    def pair(self, method: Compared, backwards: bool) -> dict[str, dict]:
        starters = {"ours": self.ours} | ({"theirs": self.theirs} if method.peer else {})
        facts = {}
        for side in reversed(starters) if backwards else starters:
            busy, start = busy_seconds(), time.monotonic()
            result = starters[side](method)
            wall = time.monotonic() - start
            facts[side] = {
                **result,
                "step_seconds": statistics.median(result["seconds"][WARM_UP:]),
                "busy_share": round((busy_seconds() - busy) / wall / os.cpu_count(), 3),
            }
        return facts

    def close(self) -> None:
        self.bench.close()
        self.peer.close()


def assert_same_work(method: Compared, facts: dict) -> None:
    if "theirs" not in facts:
        return
    ours, theirs = facts["ours"], facts["theirs"]
    counts = [side["trained_parameters"] for side in (ours, theirs)]
    if counts[0] != counts[1]:
        raise SystemExit(f"{method.name}: {counts[0]} trained parameters, PEFT's {counts[1]}")
    bound = NEAR_LOSS if method.lead == PROMPT_LEAD else SAME_LOSS
    first = [side["losses"][0] for side in (ours, theirs)]
    if abs(first[0] - first[1]) > bound * first[1]:
        raise SystemExit(f"{method.name}: first loss {first[0]}, PEFT's {first[1]}")


def summary(method: Compared, turns: list[dict], loras: list[dict]) -> dict:
    """Ratios are taken within a turn, medians over the turns."""

    def seconds(turn: dict, side: str) -> float:
        return turn[side]["step_seconds"]

    def median(side: str, key: str) -> float | None:
        return statistics.median(turn[side][key] for turn in turns) if side in turns[0] else None

    over_lora = [seconds(t, "ours") / seconds(f, "ours") for t, f in zip(turns, loras, strict=True)]
    line = {
        "method": method.name,
        "step_seconds": median("ours", "step_seconds"),
        "peft_step_seconds": median("theirs", "step_seconds"),
        "peak_mb": median("ours", "peak_mb"),
        "peft_peak_mb": median("theirs", "peak_mb"),
        "trained_parameters": turns[0]["ours"]["trained_parameters"],
        "time_over_lora": round(statistics.median(over_lora), 3),
        "speed_over_peft": None,
        "lead_over_loras": None,
        "program": turns[0]["ours"]["program"],
        "alone": method.alone,
    }
    if "theirs" in turns[0]:
        speeds = [seconds(t, "theirs") / seconds(t, "ours") for t in turns]
        lora = [seconds(t, "theirs") / seconds(t, "ours") for t in loras]
        leads = [own / first for own, first in zip(speeds, lora, strict=True)]
        line["speed_over_peft"] = round(statistics.median(speeds), 3)
        line["lead_over_loras"] = round(statistics.median(leads), 3)
    line["least_lead"] = method.lead
    line["holds"] = holds(method, line)
    return line


def holds(method: Compared, line: dict) -> bool | None:
    """None where nothing is asked."""
    if method.lead is None:
        return None
    if method.alone:
        return line["time_over_lora"] <= QLORA_MOST
    return line["lead_over_loras"] >= method.lead


def compare(sides: Sides, methods: list[Compared], pairs: int) -> dict:
    sides.pair(methods[0], False)
    print("warm", flush=True)
    turns: dict[str, list[dict]] = {method.name: [] for method in methods}
    for turn in range(pairs):
        for method in methods:
            facts = sides.pair(method, turn % 2 == 1)
            assert_same_work(method, facts)
            turns[method.name].append(facts)
            steps = {side: round(fact["step_seconds"], 3) for side, fact in facts.items()}
            print(f"turn {turn + 1}: {method.name}: {json.dumps(steps)}", flush=True)
    lines = [summary(method, turns[method.name], turns[FIRST]) for method in methods]
    return {"methods": lines, "turns": turns}


def make(folder: Path, shape: Shape, _method: str, steps: int) -> None:
    """Both models, and the rows beside the first."""
    step.make(folder / "plain", shape, "full", steps)
    biased = Shape({**shape.model, "model_type": "qwen2"}, shape.batch, shape.length)
    step.make(folder / "biased", biased, "full", 1)


def timed(names: str) -> list[Compared]:
    """LoRA first, since the others' leads are taken over its; no step twice."""
    methods = [method for method in chosen(names) if not method.same_step]
    first = chosen(FIRST)[0]
    return [first, *(method for method in methods if method.name != FIRST)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--methods", default="", help="names or their begins, parted by ;")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    shape = SHAPES["smoke" if options.smoke else "base"]
    pairs, threads = (1, 1) if options.smoke else (options.pairs, options.threads)
    methods = timed(options.methods or (SMOKE if options.smoke else ""))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        step.prepare(folder, shape, "full", options.steps, make)
        sides = Sides(folder, shape, options.steps, threads)
        try:
            report = compare(sides, methods, pairs)
        finally:
            sides.close()
    report = {
        "threads": threads,
        "dtype": "float32",
        "steps": options.steps,
        "shape": {**shape.model, "batch": shape.batch, "length": shape.length},
        "tokens_per_step": shape.tokens,
        **report,
    }
    print(markdown(CHECKOUT, scores={"methods": []}, speed=report))
    for line in report["methods"]:
        if line["holds"] is False:
            print(f"{line['method']}: below what is asked of it")
    if not (options.smoke or options.methods):
        write_result(
            CHECKOUT, f"methods-speed.{processor()}", {"benchmark": "methods-speed"}, report
        )


if __name__ == "__main__":
    main()
