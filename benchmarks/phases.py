"""Where a training step goes: libtorch's profile of one step of our trainer, by phase.

Usage: phases.py [--method lora|full] [--shape base|qwen] [--ranks 2] [--zero-stage 2] [--smoke]
With two ranks: what of a step, at a ZeRO stage, goes between them, and what of that is behind the
backward; no profile. One thread, so that every operation is the rank's own. The programs' methods are in the profile too,
around their operations: an operation belongs to the innermost method that names a phase. The
profiler itself makes small operations slower.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path

from measure import measure, processor, write_result
from scaling import RANKS, Ranks, median
from step import CHECKOUT, SHAPES, Parties, core_steps, native_environment, prepare

STEPS = 7
PRODUCTS = ("mkldnn::_linear_pointwise", "aten::mm", "aten::addmm")
PHASES = {
    "attend": "attention",
    "attend_backward": "attention",
    "lora_gradients": "LoRA's gradients",
    "effective_weight": "merging W + sBA",
    "rotate": "rotary embedding",
    "rotate_backward": "rotary embedding",
    "rotary": "rotary embedding",
    "rms_norm": "norms",
    "rms_norm_backward": "norms",
    "rms_scale": "norms",
    "head_loss": "head",
    "linear_gradients": "weights' gradients",
    "written_linear": "linear modules",
    "written_linear_onto": "linear modules",
    "linear_backward": "linear modules",
    "linear_backward_onto": "linear modules",
    "linear_backward_gradients": "linear modules",
    "written_forward": "feed-forward and layout, element by element",
    "written_project": "feed-forward and layout, element by element",
    "feed_forward_backward": "feed-forward and layout, element by element",
    "attention_backward": "feed-forward and layout, element by element",
    "written_backward": "feed-forward and layout, element by element",
    "written_backward_gradients": "feed-forward and layout, element by element",
    "adamw": "optimizer",
    "norm": "optimizer",
    "scale": "optimizer",
    "embed": "embedding",
    "embed_backward": "embedding",
}
SPLIT = ("attention", "head")


def self_times(events: list[dict]) -> list[tuple[list[str], float]]:
    """Every event's own milliseconds with the names around it, outermost first."""
    times: list[tuple[list[str], float]] = []
    open_events: list[list] = []  # [name, end, own]

    def close() -> None:
        name, _end, own = open_events.pop()
        times.append(([*(e[0] for e in open_events), name], own / 1000))

    for event in sorted(events, key=lambda e: (e["ts"], -e["dur"])):
        while open_events and open_events[-1][1] <= event["ts"]:
            close()
        if open_events:
            open_events[-1][2] -= event["dur"]
        open_events.append([event["name"], event["ts"] + event["dur"], event["dur"]])
    while open_events:
        close()
    return times


def phase(names: list[str]) -> str:
    for name in reversed(names):
        if name in PHASES:
            found = PHASES[name]
            if found in SPLIT:
                kind = "products" if any(n in PRODUCTS for n in names) else "the rest"
                return f"{found}: {kind}"
            return found
    return "other"


def between_ranks(parties: Parties, zero_stage: int) -> dict:
    """Median milliseconds of rank 0's steps, by what the rank does or waits for."""
    _facts, ranks = Ranks(parties, zero_stage).run(joined=True)
    step, small, moved, hidden = (
        1000 * median(ranks[0][key])
        for key in ("seconds", "wait_seconds", "reduce_seconds", "hidden_seconds")
    )
    return {
        "computing": step - small - moved,
        "of that with sums of gradients under way": hidden,
        "waiting for sums of gradients and for values": moved,
        "small exchanges": small,
    }


def report_ranks(options: argparse.Namespace, shape, parties: Parties) -> None:
    phases = between_ranks(parties, options.zero_stage)
    print("| phase of two ranks | ms |\n| --- | --- |")
    for name, own in phases.items():
        print(f"| {name} | {own:.1f} |")
    if not options.smoke:
        file = f"phases-{options.method}-{options.shape}-zero-{options.zero_stage}"
        report = {
            "shape": {**shape.model, "batch": shape.batch, "length": shape.length},
            "ranks": options.ranks,
            "threads": 1,
            "milliseconds": {name: round(own, 2) for name, own in phases.items()},
        }
        write_result(CHECKOUT, f"{file}.{processor()}", {"benchmark": "phases"}, report)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ranks", type=int, choices=[1, RANKS], default=1)
    parser.add_argument("--zero-stage", type=int, choices=[0, 1, 2], default=0)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--method", choices=["lora", "full"], default="lora")
    parser.add_argument("--shape", choices=["base", "qwen"], default="base")
    options = parser.parse_args()
    shape = SHAPES["smoke" if options.smoke else options.shape]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, shape, options.method, options.ranks * STEPS)
        parties = Parties(folder, shape, options.method, STEPS, threads=1)
        if options.ranks > 1:
            report_ranks(options, shape, parties)
            return
        trace = folder / "trace.json"
        command = ["java", "-Xmx512m", f"-Danneal.profile={trace}", "-cp", parties.classes]
        settings = parties.settings(folder / "unused")
        done = measure([*command, "CoreTrainer", *settings], native_environment(CHECKOUT))
        events = [e for e in json.loads(trace.read_text()) if e.get("ph") == "X"]
    steps = [step.seconds for step in core_steps(done.output)]
    milliseconds: dict[str, float] = defaultdict(float)
    for names, own in self_times(events):
        milliseconds[phase(names)] += own
    milliseconds["between the programs' calls"] = max(
        0.0, 1000 * steps[STEPS - 2] - sum(milliseconds.values())
    )
    ordered = dict(sorted(milliseconds.items(), key=lambda item: -item[1]))
    total = sum(ordered.values())
    print("| phase | ms | share |\n| --- | --- | --- |")
    for name, own in ordered.items():
        print(f"| {name} | {own:.1f} | {own / total:.1%} |")
    print(f"the step {steps[STEPS - 2]:.3f} s, the next one without the profiler {steps[-1]:.3f} s")
    if not options.smoke:
        file = f"phases-{options.method}-{options.shape}"
        report = {
            "shape": {**shape.model, "batch": shape.batch, "length": shape.length},
            "threads": 1,
            "other_cpu_share": round(done.other_cpu_share, 3),
            "step_seconds": {"profiled": steps[STEPS - 2], "next": steps[-1]},
            "milliseconds": {name: round(own, 2) for name, own in ordered.items()},
        }
        write_result(CHECKOUT, f"{file}.{processor()}", {"benchmark": "phases"}, report)


if __name__ == "__main__":
    main()
