"""kill -9 of executors of one run on a standalone cluster: each time the stage comes back."""

from __future__ import annotations

import os
import random
import signal
import tempfile
from pathlib import Path

from cluster import Cluster
from curves import assert_same_curve, assert_steps_once
from ground import Ground, options, write_result
from product import exact, kill_group, metrics, tail, wait_for_step

# Spark gives a stage up after four attempts without a success.
MOST_KILLS = 3


def main() -> None:
    chosen = options(count=MOST_KILLS, steps=300, seed=0)
    count, steps = (1, 40) if chosen.smoke else (min(chosen.count, MOST_KILLS), chosen.steps)
    seed = chosen.seed or random.SystemRandom().randrange(1, 10**6)
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(Path(folder))
        calm, killed = Path(folder) / "calm", Path(folder) / "killed"
        ground.product.must("train", ground.settings(calm, steps), timeout=1800)
        at = sorted(rng.randrange(6, steps - 10) for _ in range(count))
        print(f"seed {seed}: an executor is killed after steps {at}")
        cluster = Cluster(Path(folder) / "cluster")
        log = Path(folder) / "log"
        process = ground.product.start(
            "train",
            ground.settings(killed, steps),
            log,
            submit=cluster.submit_arguments(),
            env=cluster.environment(),
        )
        try:
            for step in at:
                wait_for_step(process, killed, step)
                os.kill(rng.choice(cluster.executors()), signal.SIGKILL)
            process.wait(timeout=1800)
        finally:
            if process.poll() is None:
                kill_group(process)
            cluster.close()
        text = log.read_text(errors="replace")
        if process.returncode != 0:
            raise SystemExit(f"ended with {process.returncode} (seed {seed}):\n{tail(text)}")
        restarts = text.count("the ranks were started again")
        assert_steps_once(metrics(killed), steps)
        assert_same_curve(metrics(killed), metrics(calm), 1e-5)
        same = exact(metrics(killed)) == exact(metrics(calm))
    print(f"{count} executors killed, {restarts} restarts, {steps} steps, bit-equal: {same}")
    if restarts < 1:
        raise SystemExit("the stage never came back: nothing was killed in time")
    if not chosen.smoke:
        facts = {"kills": count, "restarts": restarts, "steps": steps, "seed": seed}
        write_result("executors", {**facts, "bit_equal": same})


if __name__ == "__main__":
    main()
