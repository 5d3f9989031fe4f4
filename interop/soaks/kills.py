"""kill -9 of the driver until the run ends: at random steps, and while a checkpoint is written."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from ground import Ground, options, write_result
from product import exact, kill_group, metrics, wait_for_open_checkpoint, wait_for_step


def main() -> None:
    chosen = options(count=20, steps=200, seed=0)
    count, steps = (1, 40) if chosen.smoke else (chosen.count, chosen.steps)
    seed = chosen.seed or random.SystemRandom().randrange(1, 10**6)
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(Path(folder))
        calm, killed = Path(folder) / "calm", Path(folder) / "killed"
        ground.product.must("train", ground.settings(calm, steps))
        at = sorted(rng.randrange(3, steps - 10) for _ in range(count))
        print(f"seed {seed}: kills after steps {at}")
        done = 0
        for step in at:
            settings = ground.settings(killed, steps, **{"train.resume_from_checkpoint": "auto"})
            process = ground.product.start("train", settings, Path(folder) / "log")
            wait_for_step(process, killed, step)
            if done % 2 == 1:
                wait_for_open_checkpoint(process, killed, step)
            kill_group(process)
            done += 1
            same = exact(metrics(killed)) == exact(metrics(calm))[: len(metrics(killed))]
            print(f"kill {done} of {count} after step {metrics(killed)[-1]['step']}: {same}")
            if not same:
                raise SystemExit(f"the curve differs after kill {done} (seed {seed})")
        ground.product.must(
            "train", ground.settings(killed, steps, **{"train.resume_from_checkpoint": "auto"})
        )
        if exact(metrics(killed)) != exact(metrics(calm)):
            raise SystemExit(f"the last resume differs (seed {seed})")
        weights = [f / "model" / "model.safetensors" for f in (calm, killed)]
        if weights[0].read_bytes() != weights[1].read_bytes():
            raise SystemExit(f"the weights differ (seed {seed})")
    print(f"{count} kills, {steps} steps, every line and every weight bit-equal")
    if not chosen.smoke:
        write_result("kills", {"kills": count, "steps": steps, "seed": seed, "bit_equal": True})


if __name__ == "__main__":
    main()
