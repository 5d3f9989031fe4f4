"""A standalone cluster of the unmodified Spark distribution inside PyPI's pyspark."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
COMPILED_FOR_THE_START = "-XX:TieredStopAtLevel=1"


def spark_home() -> Path:
    import pyspark

    return Path(pyspark.__file__).resolve().parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """One master and workers of one core each, on loopback.

    cards: of a single worker, which then has as many cores and finds them by deploy/'s script.
    """

    def __init__(self, folder: Path, workers: int = 2, disks: Path | None = None, cards: int = 0):
        self.folder = folder
        self.cards = cards
        self.disks = disks  # where Spark keeps its data; the system's own place without it
        self.port, self.web = free_port(), free_port()
        self.url = f"spark://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen] = []
        folder.mkdir(parents=True)
        self._daemon(
            "master",
            "org.apache.spark.deploy.master.Master",
            ["--host", "127.0.0.1", "--port", str(self.port), "--webui-port", str(self.web)],
        )
        self._wait(lambda status: status["status"] == "ALIVE")
        for i in range(workers):
            self.workers_started = i + 1
            self._daemon(
                f"worker{i}",
                "org.apache.spark.deploy.worker.Worker",
                ["--host", "127.0.0.1", "--cores", str(max(1, cards))]
                + ["--memory", "2g", "--webui-port", "0", *self._resources()]
                + ["--work-dir", str(folder / f"work{i}"), self.url],
            )
        self._wait(lambda status: status["aliveworkers"] == workers)

    def _resources(self) -> list[str]:
        if not self.cards:
            return []
        file = self.folder / "worker.conf"
        script = CHECKOUT / "deploy" / "gpu" / "discover-gpus.sh"
        file.write_text(
            f"spark.worker.resource.gpu.amount {self.cards}\n"
            f"spark.worker.resource.gpu.discoveryScript {script}\n",
            "utf-8",
        )
        return ["--properties-file", str(file)]

    def _daemon(self, name: str, main: str, arguments: list[str]) -> None:
        environment = {**os.environ, "SPARK_HOME": str(spark_home()), "SPARK_LOCAL_IP": "127.0.0.1"}
        environment["SPARK_DAEMON_MEMORY"] = "256m"
        environment["SPARK_DAEMON_JAVA_OPTS"] = COMPILED_FOR_THE_START
        if self.cards:
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, range(self.cards)))
        if self.disks:
            environment["SPARK_LOCAL_DIRS"] = str(self.disks)
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(spark_home() / "bin" / "spark-class"), main, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)

    def _wait(self, ready, timeout: float = 60) -> None:
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{self.web}/json/", timeout=2
                ) as page:
                    if ready(json.load(page)):
                        return
            except OSError:
                pass
            time.sleep(0.3)
        raise AssertionError(f"the cluster is not up after {timeout} s, see {self.folder}")

    def environment(self) -> dict:
        disks = {"SPARK_LOCAL_DIRS": str(self.disks)} if self.disks else {}
        return {"SPARK_HOME": str(spark_home()), "SPARK_LOCAL_IP": "127.0.0.1", **disks}

    def submit_arguments(self, *more: str) -> list[str]:
        return [
            "--master",
            self.url,
            "--conf",
            "spark.driver.host=127.0.0.1",
            "--conf",
            "spark.executor.cores=1",
            "--conf",
            "spark.executor.memory=1g",
            "--conf",
            f"spark.executor.extraJavaOptions={COMPILED_FOR_THE_START}",
            *more,
        ]

    def executors(self) -> list[int]:
        """Process ids of the executors under the workers of this cluster."""
        found = []
        for process in self.processes[1:]:
            found += [p for p in descendants(process.pid) if is_executor(p)]
        return found

    def logs(self) -> str:
        files = sorted(self.folder.glob("work*/*/*/stderr"))
        return "\n".join(f"== {f}\n{f.read_text(errors='replace')[-2000:]}" for f in files[-4:])

    def close(self) -> None:
        for process in reversed(self.processes):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait(timeout=30)


def children() -> dict[int, list[int]]:
    tree: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            tree.setdefault(int(fields[1]), []).append(int(entry.name))
    return tree


def descendants(root: int) -> list[int]:
    tree, found, todo = children(), [], [root]
    while todo:
        below = tree.get(todo.pop(), [])
        found += below
        todo += below
    return found


def is_executor(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"CoarseGrainedExecutorBackend" in command
