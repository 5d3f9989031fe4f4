"""One measured child process: seconds, peak memory, and what else the machine did meanwhile."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# They keep the libraries below what the processor can do.
CAPS = ("ONEDNN_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS", "ATEN_CPU_CAPABILITY")


@dataclass(frozen=True)
class Measured:
    """peak_rss_mb is of the largest process of the child's tree; other_cpu_share is of 1."""

    seconds: float
    cpu_seconds: float
    peak_rss_mb: float
    other_cpu_share: float
    output: str

    def facts(self) -> dict:
        return {key: value for key, value in asdict(self).items() if key != "output"}


def busy_seconds() -> float:
    """CPU seconds that all processes of the machine have used."""
    fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    user, nice, system, _idle, _wait, irq, soft, steal = fields[:8]
    return (user + nice + system + irq + soft + steal) / TICKS


def measure(command: list[str], environment: dict | None = None) -> Measured:
    """Runs to the end; a failure is an error with what the child printed."""
    with tempfile.TemporaryFile("w+") as out:
        before, start = busy_seconds(), time.monotonic()
        child = subprocess.Popen(
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        _pid, status, usage = os.wait4(child.pid, 0)
        seconds, busy = time.monotonic() - start, busy_seconds() - before
        out.seek(0)
        output = out.read()
    code = os.waitstatus_to_exitcode(status)
    child.returncode = code
    if code != 0:
        raise SystemExit(f"{command[0]} ended with {code}:\n{output[-4000:]}")
    own = usage.ru_utime + usage.ru_stime
    others = max(0.0, busy - own) / (seconds * os.cpu_count())
    return Measured(seconds, own, usage.ru_maxrss / 1024, others, output)


def hardware() -> dict:
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "kernel": platform.release(),
        "processor": processor(),
        "caps": {name: os.environ[name] for name in CAPS if name in os.environ},
    }


def processor() -> str:
    """Maker and vector units, such as amd-avx2: results of different ones lie side by side.

    Any cap counts: give all of CAPS or none."""
    words: dict[str, list[str]] = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        words.setdefault(key.strip(), value.split())
    maker = {"AuthenticAMD": "amd", "GenuineIntel": "intel"}.get(
        " ".join(words.get("vendor_id", [])), platform.machine()
    )
    capped = any(os.environ.get(name, "").upper().startswith("AVX2") for name in CAPS)
    widths = ["avx2"] if capped else ["avx512f", "avx2"]
    width = next((w for w in widths if w in words.get("flags", [])), "other")
    return f"{maker}-{width.removesuffix('f')}"


def write_result(checkout: Path, file: str, kind: dict, facts: dict) -> None:
    """benchmarks/results/FILE.json: what was measured, of which commit, when and on what."""
    result = {
        **kind,
        "commit": commit(checkout),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "hardware": hardware(),
        **facts,
    }
    target = checkout / "benchmarks" / "results" / f"{file}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n")
    print(f"wrote {target.relative_to(checkout)}")


def commit(checkout: Path) -> str:
    """The commit, marked where tracked files differ from it."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(checkout), *words], capture_output=True, text=True
        ).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no")
    return git("rev-parse", "--short=12", "HEAD") + (" with local changes" if changed else "")
