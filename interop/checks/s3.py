"""An S3 server on loopback (s3proxy, its objects in memory) and Hadoop's client for it."""

from __future__ import annotations

import base64
import hmac
import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from email.utils import formatdate
from pathlib import Path

import pytest

# s3proxy knows the checksums that S3 itself asks for, not those that newer clients add.
os.environ.setdefault("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
os.environ.setdefault("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required")

MAVEN = Path(__file__).resolve().parents[1] / "maven"
KEY, SECRET = "interop", "interop-secret"


def jars(name: str, folder: Path) -> list[Path]:
    """The jars of a pom under interop/maven, by Maven; skips where it cannot get them."""
    if shutil.which("mvn") is None:
        pytest.skip("S3 was not checked: Maven is missing")
    target = folder / name
    command = ["mvn", "-q", "-B", "-f", str(MAVEN / name / "pom.xml")]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={target}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        pytest.skip(f"S3 was not checked: Maven cannot get {name}: {done.stdout[-300:]}")
    return sorted(target.glob("*.jar"))


class Store:
    """The server with its buckets; s3a:// reaches it by submit_arguments()."""

    def __init__(self, folder: Path, *buckets: str, heap: str = "256m"):
        server = jars("s3proxy", folder)
        self.client = jars("hadoop-aws", folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        settings = folder / "s3proxy.conf"
        settings.write_text(
            f"s3proxy.endpoint=http://127.0.0.1:{self.port}\n"
            "s3proxy.authorization=aws-v2-or-v4\n"
            f"s3proxy.identity={KEY}\ns3proxy.credential={SECRET}\n"
            "jclouds.provider=transient\njclouds.identity=x\njclouds.credential=x\n"
        )
        with (folder / "s3proxy.log").open("wb") as log:
            self.process = subprocess.Popen(
                ["java", f"-Xmx{heap}", "-cp", ":".join(map(str, server))]
                + ["org.gaul.s3proxy.Main", "--properties", str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait(folder / "s3proxy.log")
        for bucket in buckets:
            self.files().create_dir(bucket)

    def _wait(self, log: Path, timeout: float = 60) -> None:
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, log.read_text(errors="replace")[-2000:]
            time.sleep(0.2)
        raise AssertionError(f"the S3 server is not up after {timeout} s, see {log}")

    def files(self):
        """Its objects for pyarrow."""
        from pyarrow.fs import S3FileSystem

        return S3FileSystem(
            access_key=KEY,
            secret_key=SECRET,
            endpoint_override=f"http://127.0.0.1:{self.port}",
            region="us-east-1",
            allow_bucket_creation=True,
        )

    def options(self, port: int | None = None) -> list[str]:
        """What a cluster's spark-defaults.conf would hold; another port is a proxy's."""
        conf = {
            "endpoint": f"http://127.0.0.1:{port or self.port}",
            "path.style.access": "true",
            "access.key": KEY,
            "secret.key": SECRET,
            "connection.ssl.enabled": "false",
        }
        return [f"spark.hadoop.fs.s3a.{key}={value}" for key, value in conf.items()]

    def upload(self, folder: Path, target: str) -> None:
        """A folder with everything below it."""
        files = self.files()
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                name = f"{target}/{file.relative_to(folder).as_posix()}"
                with files.open_output_stream(name) as out:
                    out.write(file.read_bytes())

    def put(self, bucket: str, names: list[str], data: bytes) -> None:
        """Many objects of the same bytes, a request each: pyarrow's client takes three."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        for name in names:
            date, path = formatdate(usegmt=True), f"/{bucket}/{name}"
            words = f"PUT\n\n\n{date}\n{path}".encode()
            digest = base64.b64encode(hmac.digest(SECRET.encode(), words, "sha1")).decode()
            headers = {"Date": date, "Authorization": f"AWS {KEY}:{digest}"}
            connection.request("PUT", path, data, headers)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, f"{path}: {answer.status} {body[:300]!r}"
        connection.close()

    def submit_arguments(self, port: int | None = None) -> list[str]:
        arguments = ["--jars", ",".join(map(str, self.client))]
        for option in self.options(port):
            arguments += ["--conf", option]
        return arguments

    def close(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)
