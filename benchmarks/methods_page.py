"""The table of docs/methods.md, of the results of `methods` and `methods-speed`."""

from __future__ import annotations

import json
from pathlib import Path

from measure import processor

HEAD = [
    "| method | rate | trained | held-out NLL | gain ± its error | exact match | step over LoRA's "
    "| peak MB | over PEFT's step | of LoRA's lead |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
]


def markdown(checkout: Path, scores: dict | None = None, speed: dict | None = None) -> str:
    """Cells whose results are not there yet are empty."""
    scores = scores or stored(checkout, "methods") or {"methods": []}
    speed = speed or stored(checkout, "methods-speed") or {"methods": []}
    scored = {line["method"]: line for line in scores["methods"]}
    timed = {line["method"]: line for line in speed["methods"]}
    lines = list(HEAD)
    if "untouched" in scores:
        bare = scores["untouched"]
        cells = ["untouched", "", "", f"{bare['answer_nll']:.3f}", "", percent(bare["exact_match"])]
        lines.append(row([*cells, "", "", "", ""]))
    for name in dict.fromkeys([*scored, *timed]):
        lines.append(row([name, *score_cells(scored.get(name)), *speed_cells(timed.get(name))]))
    return "\n".join(lines)


def stored(checkout: Path, name: str) -> dict | None:
    """Of this processor; else the newest of another, on which scores do not depend."""
    folder = checkout / "benchmarks" / "results"
    own = folder / f"{name}.{processor()}.json"
    if own.exists():
        return json.loads(own.read_text())
    others = [json.loads(file.read_text()) for file in folder.glob(f"{name}.*.json")]
    return max(others, key=lambda result: result["date"], default=None)


def row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def score_cells(line: dict | None) -> list[str]:
    if line is None:
        return [""] * 5
    verdict = "" if line["better"] else " (within 3 errors)"
    return [
        f"{line['learning_rate']:.1e}".replace("e-0", "e-"),
        f"{line['trained_share']:.2%}",
        f"{line['answer_nll']:.3f}",
        f"{line['gain']:.4f} ± {line['standard_error']:.4f}{verdict}",
        percent(line["exact_match"]),
    ]


def speed_cells(line: dict | None) -> list[str]:
    if line is None:
        return [""] * 4
    cells = [ratio(line["time_over_lora"]), f"{line['peak_mb']:.0f}"]
    if line["program"] != "written":
        cells[0] += f" ({line['program']})"
    return [*cells, ratio(line["speed_over_peft"]), ratio(line["lead_over_loras"])]


def ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"
