"""Every command of the README and of the page on training; the cluster's is a real one on loopback."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pages import MASTER, run, run_on_cluster

from conftest import CHECKOUT

TIMEOUT = 1200


def commands() -> list[str]:
    """The lines that start the launcher, continuation lines joined."""
    pages = [CHECKOUT / "README.md", CHECKOUT / "docs" / "training.md"]
    text = "".join(page.read_text(encoding="utf-8") for page in pages).replace("\\\n", " ")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.S | re.M)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("bin/anneal ")]


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    command = re.search(r"\*\*Test it\*\*.*?^```\n(.*?)\n^```", text, re.S | re.M).group(1)
    parts = (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert f'part "{command}" {command}' in parts
    assert 'part "interop/run" interop/run' in parts


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
        run_on_cluster(command, desk, tmp_path / "cluster", TIMEOUT)
    else:
        run(command, desk, {}, TIMEOUT)


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
