"""Resident memory of a long run: the last quarter may not stand above the second one."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from ground import Ground, options, write_result
from product import metrics

ALLOWED_GROWTH = 1.03


def main() -> None:
    chosen = options(steps=3000)
    steps = 200 if chosen.smoke else chosen.steps
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(Path(folder))
        output = Path(folder) / "run"
        saves = {"train.save_steps": max(50, steps // 10)}
        ground.product.must("train", ground.settings(output, steps, **saves), timeout=7200)
        memory = [line["memory_bytes"] / 1e6 for line in metrics(output)]
    quarter = steps // 4
    early = statistics.median(memory[quarter : 2 * quarter])
    late = statistics.median(memory[3 * quarter :])
    print(f"{steps} steps: {early:.0f} MB in the second quarter, {late:.0f} MB in the last")
    if not chosen.smoke and late > early * ALLOWED_GROWTH:
        raise SystemExit(f"memory grew by {late - early:.0f} MB")
    if not chosen.smoke:
        facts = {"steps": steps, "second_quarter_mb": round(early), "last_quarter_mb": round(late)}
        write_result("memory", facts)


if __name__ == "__main__":
    main()
