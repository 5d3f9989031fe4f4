"""Every command of the README, as it stands there; the cluster's is a real one on loopback."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from cluster import Cluster

from conftest import CHECKOUT

MASTER = "spark://host:7077"


def commands() -> list[str]:
    """The lines that start the launcher, continuation lines joined."""
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.S | re.M)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("bin/anneal ")]


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    """A folder that looks like the checkout but keeps what the commands write."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("bin", "conf", "sample"):
        (folder / name).symlink_to(CHECKOUT / name)
    return folder


@pytest.mark.parametrize("command", commands(), ids=lambda line: " ".join(line.split()[:2]))
def test_command(command: str, desk: Path, tmp_path: Path) -> None:
    if MASTER in command:
        cluster = Cluster(tmp_path / "cluster")
        try:
            options = shlex.join(cluster.submit_arguments()[2:])
            run(f"{command.replace(MASTER, cluster.url)} {options}", desk, cluster.environment())
        finally:
            cluster.close()
    else:
        run(command, desk, {})


def run(command: str, desk: Path, environment: dict) -> None:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=desk,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_quickstart_learned_what_the_corpus_says(desk: Path) -> None:
    """Exact match: under 10 % before, at least 75 % after."""
    run_folder = desk / "anneal-quickstart"
    counts = json.loads((run_folder / "result.json").read_text(encoding="utf-8"))["counts"]
    print(json.dumps(counts, indent=1))

    def share(model: str, questions: str = "held-out questions") -> float:
        name = f"{questions}, {model}"
        return counts[f"{name}: right"] / counts[f"{name}: asked"]

    assert counts["held-out questions, before: asked"] == 100
    assert share("before") < 0.10
    assert share("after") >= 0.75
    assert counts["facts that no instruction asks, after: asked"] >= 100
    page = (run_folder / "report.html").read_text(encoding="utf-8")
    for text in ("held-out questions", "without the corpus", "facts that no instruction asks"):
        assert text in page
    assert "http://" not in page.replace("http://www.w3.org", "")
