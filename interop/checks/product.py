"""The product as a user sees it: the launcher, its settings and the files that a job leaves."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
LITERAL_NEEDS_QUOTES = re.compile(r'^([\[{"].*|-?[0-9.]+([eE][-+]?[0-9]+)?|true|false|null)$', re.S)


def setting(value) -> str:
    """A value as `-s key=value` takes it: HOCON for anything but a plain string."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value) if LITERAL_NEEDS_QUOTES.match(value) else value
    return json.dumps(value, ensure_ascii=False, default=str)


@dataclass(frozen=True)
class Outcome:
    """How one job ended."""

    code: int
    output: str
    seconds: float


class Product:
    """Starts jobs by `bin/anneal`; each job gets its own process group."""

    def __init__(self, checkout: Path):
        self.checkout = checkout
        self.launcher = checkout / "bin" / "anneal"

    def command(self, job: str, settings: dict, files=(), submit=()) -> list[str]:
        words = [str(self.launcher), job]
        for file in files:
            words += ["-c", str(file)]
        for key, value in settings.items():
            words += ["-s", f"{key}={setting(value)}"]
        if submit:
            words += ["--", *submit]
        return words

    def run(self, job, settings, *, files=(), submit=(), env=None, timeout=300) -> Outcome:
        """Runs to the end, whatever the exit code is."""
        start = time.monotonic()
        done = subprocess.run(
            self.command(job, settings, files, submit),
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        return Outcome(done.returncode, done.stdout, time.monotonic() - start)

    def must(self, job, settings, **options) -> Outcome:
        """Runs and insists on exit code 0."""
        outcome = self.run(job, settings, **options)
        assert outcome.code == 0, f"{job} ended with {outcome.code}:\n{tail(outcome.output)}"
        return outcome

    def start(self, job, settings, log: Path, *, submit=(), env=None) -> subprocess.Popen:
        """Starts without waiting; what it prints goes to log."""
        with log.open("wb") as out:
            return subprocess.Popen(
                self.command(job, settings, (), submit),
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def class_path(checkout: Path) -> str:
    target = checkout / "spark-jobs" / "target"
    return os.pathsep.join([str(target / "anneal.jar"), str(target / "spark" / "jars" / "*")])


def compiled(checkout: Path, source: Path, folder: Path) -> str:
    """Compiles a program, and what it uses beside it, against the built jar; its class path."""
    classes = str(folder / "classes")
    command = ["javac", "-cp", class_path(checkout), "-sourcepath", str(source.parent)]
    command += ["-implicit:class", "-d", classes, str(source)]
    subprocess.run(command, check=True)
    return os.pathsep.join([classes, class_path(checkout)])


def native_environment(checkout: Path) -> dict:
    """Where the build unpacked libtorch, for a Java process that the launcher did not start."""
    natives = checkout / "spark-jobs" / "target" / "natives"
    libtorch = next((natives / "pytorch").iterdir())
    return {"PYTORCH_LIBRARY_PATH": str(libtorch), "DJL_CACHE_DIR": str(natives)}


def tail(text: str, lines: int = 60) -> str:
    return "\n".join(text.splitlines()[-lines:])


def kill_group(process: subprocess.Popen) -> None:
    """kill -9 of a started job with all its children."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=60)


def metrics(output_dir: Path) -> list[dict]:
    """The complete lines of metrics.jsonl."""
    file = output_dir / "metrics.jsonl"
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]


def wait_for_step(process: subprocess.Popen, output_dir: Path, step: int, timeout=120) -> None:
    """Returns as soon as metrics.jsonl holds that step."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        lines = metrics(output_dir)
        if lines and lines[-1]["step"] >= step:
            return
        assert process.poll() is None, f"ended with {process.returncode} before step {step}"
        time.sleep(0.02)
    raise AssertionError(f"step {step} was not reached in {timeout} s")


def wait_for_open_checkpoint(
    process: subprocess.Popen, output_dir: Path, after_step: int, timeout=120
) -> int:
    """Returns the step of a checkpoint as soon as its folder is there without its marker."""
    folder = output_dir / "checkpoints"
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            steps = [int(name.removeprefix("step-")) for name in os.listdir(folder)]
        except FileNotFoundError:
            steps = []
        for step in steps:
            marker = folder / f"step-{step:06d}" / "manifest.json"
            if step > after_step and not marker.exists():
                return step
        assert process.poll() is None, f"ended with {process.returncode}, no checkpoint was open"
        time.sleep(0.0005)
    raise AssertionError(f"no checkpoint was open in {timeout} s")


EXACT_FIELDS = ("step", "loss", "grad_norm", "learning_rate", "tokens", "target_tokens", "epoch")


def exact(lines: list[dict]) -> list[tuple]:
    """What must be bit-equal between two runs."""
    return [tuple(line[field] for field in EXACT_FIELDS) for line in lines]
