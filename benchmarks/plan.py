"""What `plan` says of each method beside what a run holds and takes: memory, and the time of a step.

Usage: plan.py [--methods "LoRA;VeRA"] [--shape base|qwen] [--steps N] [--threads N]
Memory: the planned bytes without the runtime's own, over the growth of a process that has run a
small model before. Time: the step by `plan.calibrate` over the median of a run's own steps, each in
a process of its own, one after the other.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
sys.path.insert(1, str(CHECKOUT / "interop" / "checks"))

from compared_methods import Compared, chosen  # noqa: E402
from measure import measure, processor, write_result  # noqa: E402
from product import compiled, native_environment  # noqa: E402
from step import SHAPES, WARM_UP, Parties, Shape, core_steps, prepare  # noqa: E402

# With biases, so that every method can run on it.
SMALL = Shape({**SHAPES["smoke"].model, "model_type": "qwen2", "num_hidden_layers": 1}, 4, 512)
# A heap that is there from the start: what grows is native.
HEAP = ["-Xms384m", "-Xmx384m", "-XX:+AlwaysPreTouch"]
MIB = 2**20
# The base shape has no biases: this method's has those of Qwen2.
BIASES = "BitFit"


class Machine:
    """Runs of one shape, each a process."""

    def __init__(self, folder: Path, small: str, shape: Shape, steps: int, threads: int):
        self.folder, self.small = folder, folder / small
        self.parties = Parties(folder / "full", shape, "full", steps, threads)
        self.planner = compiled(CHECKOUT, HERE / "CorePlan.java", folder)

    def settings(self, method: Compared) -> list[str]:
        more = method.all_settings(self.parties.steps)
        if method.name == BIASES and (self.folder / "biased").exists():
            more["model.path"] = self.folder / "biased" / "model"
        words = [word for key, value in more.items() for word in ("-s", f"{key}={value}")]
        return [*self.parties.settings(self.parties.folder / "unused"), *words]

    def java(self, classes: str, main: str, words: list[str]) -> str:
        command = ["java", *HEAP, "-cp", classes, main, *words]
        return measure(command, native_environment(CHECKOUT)).output

    def planned(self, method: Compared) -> dict:
        said = self.java(self.planner, "CorePlan", [str(self.small), *self.settings(method)])
        line = next(x for x in said.splitlines() if x.startswith("RESULT "))
        return json.loads(line.removeprefix("RESULT "))

    def run_seconds(self, method: Compared) -> float:
        said = self.java(self.parties.classes, "CoreTrainer", self.settings(method))
        return statistics.median(step.seconds for step in core_steps(said)[WARM_UP:])

    def compared(self, method: Compared) -> dict:
        plan, run = self.planned(method), self.run_seconds(method)
        line = {
            "method": method.name,
            "planned_mb": round(plan["planned_bytes"] / MIB, 1),
            "grown_mb": round(plan["grown_bytes"] / MIB, 1),
            "planned_over_grown": round(plan["planned_bytes"] / plan["grown_bytes"], 3),
            "calibrated_step_seconds": round(plan["step_seconds"], 4),
            "run_step_seconds": round(run, 4),
            "calibrated_over_run": round(plan["step_seconds"] / run, 3),
        }
        print(json.dumps(line), flush=True)
        return {**line, "planned_by_kind": plan["planned_by_kind"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--methods", default="", help="names or their begins, parted by ;")
    parser.add_argument("--shape", choices=["base", "qwen"], default="base")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    shape = SHAPES["smoke" if options.smoke else options.shape]
    methods = chosen("LoRA, Pi" if options.smoke else options.methods)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = {"full": shape} if options.smoke else {"full": shape, "small": SMALL}
        if any(method.name == BIASES for method in methods):
            parts = {"biased": Shape({**shape.model, "model_type": "qwen2"}, 1, 64), **parts}
        for part, made in parts.items():
            (folder / part).mkdir()
            prepare(folder / part, made, "full", options.steps)
        machine = Machine(folder, list(parts)[-1], shape, options.steps, options.threads)
        lines = [machine.compared(method) for method in methods if not method.same_step]
    report = {"shape": shape.model, "tokens_per_step": shape.tokens, "methods": lines}
    if not (options.smoke or options.methods):
        write_result(CHECKOUT, f"plan.{processor()}", {"benchmark": "plan"}, report)


if __name__ == "__main__":
    main()
