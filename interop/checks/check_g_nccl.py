"""NCCL: the published library answers our bindings, and the contract ran over the test library."""

from __future__ import annotations

import os
import subprocess
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

from product import compiled

PROBE = "dev.anneal.core.collective.nccl.NcclProbe"
CONTRACT = "NcclCollectiveTest"
QUICK = 15  # seconds in which joining without a card must have failed


def library(package: str, name: str) -> Path:
    """A library of the packages that PyPI's torch brings along."""
    found = find_spec(package)
    assert found is not None, f"{package} is not installed: PyPI's torch brings it along"
    return Path(found.submodule_search_locations[0]) / "lib" / name


def test_the_published_library_answers(product, scratch):
    nccl = library("nvidia.nccl", "libnccl.so.2")
    runtime = library("nvidia.cuda_runtime", "libcudart.so.12")
    source = product.checkout / "interop" / "java" / "NcclProbe.java"
    classes = compiled(product.checkout, source, scratch / "nccl probe")
    start = time.monotonic()
    done = subprocess.run(
        ["java", "-cp", classes, PROBE],
        env={
            **os.environ,
            "CUDA_VISIBLE_DEVICES": "",
            "ANNEAL_NCCL_LIBRARY": str(nccl),
            "LD_LIBRARY_PATH": str(runtime.parent),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    seconds = time.monotonic() - start
    assert done.returncode == 0, done.stderr[-2000:]
    answers = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert answers["path"] == str(nccl)
    assert answers["version"] == version("nvidia-nccl-cu12")
    length, filled = map(int, answers["unique id"].split(" bytes, not 0: "))
    assert length == 128 and filled > 8
    # Without a driver, or with one whose cards are hidden.
    reasons = ("driver version is insufficient", "no CUDA-capable device")
    assert answers["runtime"].startswith("Cannot count the cards: ")
    assert any(reason in answers["runtime"] for reason in reasons)
    assert answers["joining"].startswith("NCCL cannot join the ranks: unhandled cuda error")
    assert any(reason in answers["joining"] for reason in reasons)
    assert seconds < QUICK


def test_the_contract_ran_over_the_test_library(product):
    core = product.checkout / "core"
    folder = core / "target" / "surefire-reports"
    report = folder / f"TEST-dev.anneal.core.collective.nccl.{CONTRACT}.xml"
    if not report.exists() or report.stat().st_mtime < newest_source(core):
        command = ["mvn", "-q", "-B", "-Pdev", "-pl", "core", "surefire:test", f"-Dtest={CONTRACT}"]
        done = subprocess.run(
            command, cwd=product.checkout, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout[-3000:]
    counts = ElementTree.parse(report).getroot().attrib
    assert int(counts["tests"]) > 30
    assert counts["failures"] == counts["errors"] == "0"
    assert counts["skipped"] == "0", "the contract was skipped: is there a C compiler, cc?"


def newest_source(core: Path) -> float:
    java = [
        file
        for kind in ("main", "test")
        for file in (core / "src" / kind / "java/dev/anneal/core/collective").rglob("*.java")
    ]
    return max(file.stat().st_mtime for file in [*java, core / "src/test/c/fake_nccl.c"])
