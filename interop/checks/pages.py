"""Commands of a document, run as they stand there; a cluster's on a real one on loopback."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from cluster import Cluster

MASTER = "spark://host:7077"


def run(command: str, desk: Path, environment: dict, timeout: int) -> str:
    """What it printed; a failure fails the check."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=desk,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def run_on_cluster(command: str, desk: Path, folder: Path, timeout: int) -> None:
    """A command with MASTER in it, on a cluster that lives as long as it runs."""
    cluster = Cluster(folder)
    try:
        options = shlex.join(cluster.submit_arguments()[2:])
        line = f"{command.replace(MASTER, cluster.url)} {options}"
        run(line, desk, cluster.environment(), timeout)
    finally:
        cluster.close()
