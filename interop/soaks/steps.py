"""A long run of a small model by the trainer alone: memory, handles and step time stay level.

Usage: steps.py [--steps 2000] [--smoke]
Hidden 256, 4 layers; rows of one length and rows of any length (an allocator that fragments does so
there), LoRA and full tuning. The heap is fixed and touched at the start: what grows is native.
The first 100 steps are warm-up; steps 101 to 200 are what the last 100 are compared with, memory
and time. Both walk the same rows.
"""

from __future__ import annotations

import random
import statistics
import tempfile
from pathlib import Path

from ground import CHECKOUT, options, write_result
from measure import measure
from product import compiled, native_environment
from step import HERE, Parties, Shape, core_steps, prepare

SMALL = {
    "model_type": "llama",
    "vocab_size": 4096,
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "tie_word_embeddings": False,
}
SHAPE = Shape(SMALL, batch=2, length=128)
WINDOW = 100
EARLY = 200
EVERY = 50
ALLOWED_GROWTH = 0.02
# of a run too short for the allocator to settle
ALLOWED_IN_SMOKE = 0.06
ALLOWED_SLOWING = 1.05
HEAP = ["-Xms96m", "-Xmx96m", "-XX:+AlwaysPreTouch"]


def ragged_rows(folder: Path) -> None:
    """Rows of 1 to 512 tokens, log-normal, as many as one window of steps takes."""
    import datasets

    numbers = random.Random(11)
    rows = []
    for _ in range(WINDOW * SHAPE.batch):
        length = max(1, min(512, round(numbers.lognormvariate(4.5, 0.8))))
        ids = [numbers.randrange(SMALL["vocab_size"]) for _ in range(length)]
        rows.append({"input_ids": ids, "labels": ids})
    datasets.Dataset.from_list(rows).save_to_disk(str(folder / "rows"))


def run(folder: Path, method: str, ragged: bool, steps: int) -> dict:
    """Trains in a process of its own; what each step printed."""
    folder.mkdir()
    prepare(folder, SHAPE, method, WINDOW)
    if ragged:
        ragged_rows(folder)
    classes = compiled(CHECKOUT, HERE / "CoreTrainer.java", folder)
    parties = Parties(folder, SHAPE, method, steps, threads=1)
    command = ["java", *HEAP, "-cp", classes, "CoreTrainer"]
    done = measure(command + parties.settings(folder / "unused"), native_environment(CHECKOUT))
    lines = core_steps(done.output)
    assert len(lines) == steps, done.output[-2000:]
    return {
        "seconds": [line.seconds for line in lines],
        "handles": [line.live_tensors for line in lines],
        "resident": [line.resident_bytes / 1e6 for line in lines],
        "other_cpu_share": done.other_cpu_share,
    }


def judge(name: str, steps: dict, allowed: float) -> tuple[dict, list[str]]:
    """The figures of a run, and what is wrong with them."""
    resident, handles, seconds = steps["resident"], steps["handles"], steps["seconds"]
    # means of a window: from step to step the C library's slack comes and goes
    level = statistics.fmean(resident[WINDOW:EARLY])
    end = statistics.fmean(resident[-WINDOW:])
    growth = end / level - 1
    largest = max(resident[EARLY:])
    first = statistics.fmean(seconds[WINDOW:EARLY])
    last = statistics.fmean(seconds[-WINDOW:])
    facts = {
        "resident_mb_at_step": {
            str(step): round(resident[step - 1], 1)
            for step in range(EVERY, len(resident) + 1, EVERY)
        },
        "handles_at_step": {
            str(step): handles[step - 1] for step in range(EVERY, len(handles) + 1, EVERY)
        },
        "mean_resident_mb_101_to_200": round(level, 1),
        "mean_resident_mb_last_100": round(end, 1),
        "largest_resident_mb_after_step_200": round(largest, 1),
        "resident_growth": round(growth, 4),
        "handles": sorted(set(handles)),
        "mean_step_seconds_101_to_200": round(first, 5),
        "mean_step_seconds_last_100": round(last, 5),
        "last_over_first": round(last / first, 4),
        "other_cpu_share": round(steps["other_cpu_share"], 3),
    }
    print(
        f"{name}: {level:.1f} MB in steps 101 to 200, {end:.1f} MB in the last 100 ({growth:+.2%}),"
        f" {largest:.1f} MB at most; handles {facts['handles']};"
        f" {first * 1e3:.2f} ms a step, at the end {last * 1e3:.2f} ms"
    )
    wrong = []
    if growth > allowed:
        wrong.append(f"{name}: resident memory grew by {growth:.2%}")
    if len(facts["handles"]) != 1:
        wrong.append(f"{name}: the number of native handles changed: {facts['handles']}")
    if last > ALLOWED_SLOWING * first:
        wrong.append(f"{name}: the last {WINDOW} steps take {last / first:.3f} of the first's time")
    return facts, wrong


def main() -> None:
    chosen = options(steps=2000)
    steps = 320 if chosen.smoke else chosen.steps
    if steps < EARLY + WINDOW:
        raise SystemExit(f"Invalid --steps: {steps} (must be >= {EARLY + WINDOW})")
    cases = {
        "lora, rows of one length": ("lora", False),
        "lora, ragged rows": ("lora", True),
        "full, ragged rows": ("full", True),
    }
    if chosen.smoke:
        cases = {"lora, ragged rows": ("lora", True)}
    allowed = ALLOWED_IN_SMOKE if chosen.smoke else ALLOWED_GROWTH
    facts, wrong = {}, []
    with tempfile.TemporaryDirectory() as folder:
        for i, (name, (method, ragged)) in enumerate(cases.items()):
            done = run(Path(folder) / str(i), method, ragged, steps)
            facts[name], found = judge(name, done, allowed)
            wrong += found
    if chosen.smoke:
        wrong = [line for line in wrong if "time" not in line]
    else:
        write_result("steps", {"steps": steps, "shape": SMALL, "batch": SHAPE.batch, "runs": facts})
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
