"""The peak of a process that goes on to another measurement: Linux keeps it until it is told."""

from __future__ import annotations

import ctypes
import gc
import os
from pathlib import Path


def restart_peak(pid: int | None = None) -> None:
    """From now on the peak counts anew, from what is held at this moment."""
    Path(f"/proc/{pid or os.getpid()}/clear_refs").write_text("5")


def peak_mb(pid: int | None = None) -> float:
    for line in Path(f"/proc/{pid or os.getpid()}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"no VmHWM of {pid}")


def trim() -> None:
    """Gives what this process freed back to the system."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
