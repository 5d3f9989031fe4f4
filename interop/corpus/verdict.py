"""What a real-corpus run must show: the loss falls, the curve is in the report.

Usage: verdict.py OUTPUT STEPS TOKENIZE_SECONDS TRAIN_SECONDS
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path


def main() -> None:
    output, steps = Path(sys.argv[1]), int(sys.argv[2])
    lines = [json.loads(x) for x in (output / "run" / "metrics.jsonl").read_text().splitlines()]
    if [line["step"] for line in lines] != list(range(1, steps + 1)):
        raise SystemExit(f"real-corpus: {len(lines)} steps in metrics.jsonl (expected {steps})")
    window = max(1, steps // 10)
    first = statistics.fmean(line["loss"] for line in lines[:window])
    last = statistics.fmean(line["loss"] for line in lines[-window:])
    report = (output / "run" / "report.html").read_text(encoding="utf-8")
    if "loss" not in report or "<svg" not in report and "<canvas" not in report:
        raise SystemExit("real-corpus: report.html holds no loss curve")
    result = {
        "corpus_mb": round((output / "corpus.jsonl").stat().st_size / 1e6, 1),
        "steps": steps,
        "tokens_per_step": lines[0]["tokens"],
        "mean_loss_of_first_steps": round(first, 4),
        "mean_loss_of_last_steps": round(last, 4),
        "median_tokens_per_second": round(
            statistics.median(line["tokens_per_second"] for line in lines), 1
        ),
        "tokenize_seconds": int(sys.argv[3]),
        "train_seconds": int(sys.argv[4]),
    }
    (output / "real-corpus.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    if not last < first - 1.0:
        raise SystemExit(f"real-corpus: the loss did not fall: {first:.3f} to {last:.3f}")


if __name__ == "__main__":
    main()
