"""Many short jobs of the product in one warm process: a second each instead of seven."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

import torch
from product import Outcome, Product, class_path, compiled, native_environment, setting, tail

# What Spark's own launcher gives a driver on Java 17.
OPENED = """
    java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util
    java.util.concurrent java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs
    sun.security.action sun.util.calendar
""".split()
SECONDS = 180
# Of jobs of a second or two: compiling them for speed costs more than it brings.
SHORT_JOBS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@dataclass(frozen=True)
class Answers:
    """For each row a [length, vocabulary] tensor of logits, and what is said behind its half."""

    logits: list[torch.Tensor]
    tokens: list[list[int]]


@dataclass(frozen=True)
class Score:
    loss: float
    targets: int


class Workbench:
    """Starts the process when first asked, and again when it died; a job is run as `train` is."""

    def __init__(
        self,
        product: Product,
        folder: Path,
        seconds: float = SECONDS,
        options=SHORT_JOBS,
        environment: dict | None = None,
    ):
        folder.mkdir(parents=True, exist_ok=True)
        self.product = product
        self.folder = folder
        self.seconds = seconds
        self.options = options
        # Where the native libraries lie; those of the build without it.
        self.environment = environment or native_environment(product.checkout)
        self.process: subprocess.Popen | None = None
        self.lines: queue.Queue[str] = queue.Queue()

    def must(self, job: str, settings: dict) -> Outcome:
        """Runs a job and insists on exit code 0."""
        outcome = self.run(job, settings)
        assert outcome.code == 0, f"{job} ended with {outcome.code}: {outcome.output}"
        return outcome

    def run(self, job: str, settings: dict) -> Outcome:
        words = ["job", job]
        for key, value in settings.items():
            words += ["-s", f"{key}={setting(value)}"]
        code, said = self._ask(words)
        return Outcome(code, said, 0.0)

    def answers(
        self,
        model: Path,
        rows: list[dict],
        adapter: Path | None = None,
        vocabulary: int | None = None,
    ) -> Answers:
        """Logits and greedy tokens of a model, with an adapter if one is given.

        vocabulary: where the adapter brings another than the model's.
        """
        ids, out = self.folder / "rows.txt", self.folder / "logits.bin"
        ids.write_text("".join(" ".join(map(str, row["input_ids"])) + "\n" for row in rows))
        code, said = self._ask(["answer", str(model), str(adapter or "-"), str(ids), str(out)])
        assert code == 0, said
        if vocabulary is None:
            vocabulary = json.loads((model / "config.json").read_text())["vocab_size"]
        values = torch.frombuffer(bytearray(out.read_bytes()), dtype=torch.float32)
        values = values.view(-1, vocabulary)
        logits = list(values.split([len(row["input_ids"]) for row in rows]))
        tokens = [[int(token) for token in row.split()] for row in said.split(",")]
        return Answers(logits, tokens)

    def scores(self, model: Path, shards: Path, adapter: Path | None = None) -> list[Score]:
        """Of each row alone: what its targets' negative log-likelihoods add up to."""
        code, said = self._ask(["score", str(model), str(adapter or "-"), str(shards)])
        assert code == 0, said
        pairs = (pair.split(":") for pair in said.split(","))
        return [Score(float(loss), int(targets)) for loss, targets in pairs]

    def trim(self) -> None:
        """Gives free memory back to the system."""
        code, said = self._ask(["trim"])
        assert code == 0, said

    def close(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def _ask(self, words: list[str]) -> tuple[int, str]:
        if self.process is None or self.process.poll() is not None:
            self._start()
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        try:
            while True:
                line = self.lines.get(timeout=self.seconds)
                if line.startswith("ANSWER\t"):
                    _word, code, said = line.rstrip("\n").split("\t", 2)
                    return int(code), said
                assert line, f"the process ended:\n{self._log()}"
        except queue.Empty:
            self.process.kill()
            raise AssertionError(f"no answer in {self.seconds} s:\n{self._log()}") from None

    def _log(self) -> str:
        return tail((self.folder / "workbench.log").read_text(errors="replace"), 30)

    def _start(self) -> None:
        checkout = self.product.checkout
        source = checkout / "interop" / "java" / "Workbench.java"
        classes = self.folder / "classes"
        path = os.pathsep.join([str(classes), class_path(checkout)])
        if not classes.exists():
            path = compiled(checkout, source, self.folder)
        opened = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED]
        command = ["java", "-Xmx1g", *self.options, *opened]
        command += [f"-Dlog4j2.configurationFile={checkout / 'conf' / 'log4j2.properties'}"]
        command += ["-Dspark.master=local[2]", "-Dspark.app.name=workbench"]
        with (self.folder / "workbench.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "-cp", path, "Workbench"],
                env={**os.environ, "LC_ALL": "C.UTF-8", **self.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
            )
        self.lines = queue.Queue()
        arguments = (self.process.stdout, self.lines)
        threading.Thread(target=_read, args=arguments, daemon=True).start()


def _read(stream, lines: queue.Queue[str]) -> None:
    """Hands on every line, and an empty one at the end."""
    for line in stream:
        lines.put(line)
    lines.put("")
