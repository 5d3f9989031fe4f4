"""Every command and program of docs/tokenize.md, as it stands there, in its order."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from check_c_spark_ml import CHATS, JAR
from cluster import spark_home
from pages import MASTER, run, run_on_cluster
from s3 import KEY, SECRET, Store

from conftest import CHECKOUT

PAGE = (CHECKOUT / "docs" / "tokenize.md").read_text(encoding="utf-8")
PACKAGES = "--packages org.apache.hadoop:hadoop-aws:3.3.4"
LLAMA_FACTORY = "llamafactory==0.9.5"
TIMEOUT = 600
S3FS = "s3fs==2026.9.0"


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language; each fence closes the one before or opens the next."""
    parts = re.split(r"^```", PAGE, flags=re.M)[1::2]
    return [text for kind, text in (part.split("\n", 1) for part in parts) if kind == language]


def commands() -> list[str]:
    """The commands of blocks without a language, continuation lines joined."""
    text = "\n".join(blocks("")).replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    """Buckets with what the page expects there."""
    store = Store(tmp_path_factory.mktemp("s3"), "models", "corpora", "shards")
    files = store.files()
    for folder, bucket in (("sample/model", "models/tiny"), ("sample/corpus", "corpora/news")):
        for file in sorted((CHECKOUT / folder).iterdir()):
            if file.suffix != ".safetensors":
                with files.open_output_stream(f"{bucket}/{file.name}") as out:
                    out.write(file.read_bytes())
    yield store
    store.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    """A folder that looks like the checkout but keeps what the commands write."""
    folder = tmp_path_factory.mktemp("tokenize")
    for name in ("bin", "conf", "sample", "docs"):
        (folder / name).symlink_to(CHECKOUT / name)
    (folder / "anneal.jar").symlink_to(JAR)
    lines = [json.dumps({"messages": chat}, ensure_ascii=False) for chat in CHATS]
    (folder / "chats.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_the_page_has_what_is_checked_here() -> None:
    kinds = [command.split()[0] for command in commands()]
    assert kinds == ["bin/anneal"] * 4 + ["spark-submit"]
    assert sum(PACKAGES in command for command in commands()) == 1
    assert len(blocks("python")) == 3


@pytest.mark.parametrize("command", commands(), ids=lambda line: line[:60])
def test_command(command: str, desk: Path, tmp_path: Path, request) -> None:
    if MASTER in command:
        run_on_cluster(command, desk, tmp_path / "cluster", TIMEOUT)
        same_shards(desk / "shards", desk / "shards-of-a-cluster")
    elif PACKAGES in command:
        # The same package, brought by Maven; the rest is what spark-defaults.conf would hold.
        store = request.getfixturevalue("store")
        run(command.replace(PACKAGES, shlex.join(store.submit_arguments())), desk, {}, TIMEOUT)
    elif command.startswith("spark-submit"):
        run(f"{spark_home()}/bin/{command}", desk, {"SPARK_HOME": str(spark_home())}, TIMEOUT)
        assert (desk / "out" / "rows" / "_SUCCESS").exists()
    else:
        run(command, desk, {}, TIMEOUT)


def same_shards(one: Path, other: Path) -> None:
    """The Arrow files of both, byte for byte."""
    names = sorted(file.name for file in one.glob("*.arrow"))
    assert names and names == sorted(file.name for file in other.glob("*.arrow"))
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes()


@pytest.mark.parametrize("program", blocks("python"), ids=["torch", "s3", "spark"])
def test_program(program: str, desk: Path, tmp_path: Path, request) -> None:
    environment = {"SPARK_LOCAL_IP": "127.0.0.1"}
    if "s3://" in program:
        packages = installed(tmp_path, S3FS)
        port = request.getfixturevalue("store").port
        environment |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        environment |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        environment |= {"PYTHONPATH": str(packages)}
    printed = run(python(program), desk, environment, TIMEOUT)
    rows, tokens = counts(desk / "shards")
    if "torch" in program:
        assert "torch.Size([4, 2048]) torch.int64" in printed
    elif "s3://" in program:
        assert f"num_rows: {rows}" in printed
    else:
        assert re.search(rf"\|\s*{rows}\|\s*{tokens}\|", printed), printed[-2000:]


def python(program: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}"


def counts(folder: Path) -> tuple[int, int]:
    """Rows and tokens of a shard folder, as datasets reads it."""
    from datasets import load_from_disk

    rows = load_from_disk(str(folder))["input_ids"]
    return len(rows), sum(len(row) for row in rows)


def test_llama_factory_loads_the_tokenized_path(desk: Path, tmp_path: Path) -> None:
    """Its own loader and collator, without the dependencies that only images and sound need."""
    packages = installed(tmp_path, LLAMA_FACTORY, "--no-deps")
    settings = dict(line.split(": ", 1) for line in blocks("yaml")[0].splitlines())
    program = f"""
import sys, types
from importlib.machinery import ModuleSpec
from types import SimpleNamespace
sound = types.ModuleType("torchaudio")
sound.__spec__ = ModuleSpec("torchaudio", None)
sys.modules["torchaudio"] = sound
from llamafactory.data import MultiModalDataCollatorForSeq2Seq
from llamafactory.data.loader import get_dataset
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("{settings["model_name_or_path"]}")
data = SimpleNamespace(tokenized_path="{settings["tokenized_path"]}", streaming=False)
rows = get_dataset(None, None, data, None, "{settings["stage"]}", tokenizer)["train_dataset"]
from llamafactory.data.template import TEMPLATES
collate = MultiModalDataCollatorForSeq2Seq(tokenizer=tokenizer, template=TEMPLATES["qwen"])
batch = collate([dict(rows[i]) for i in range(4)])
longest = max(len(row["input_ids"]) for row in rows.select(range(4)))
assert batch["input_ids"].shape == batch["labels"].shape == (4, longest), batch
assert batch["attention_mask"].sum() == sum(len(row["input_ids"]) for row in rows.select(range(4)))
assert (batch["labels"] != -100).any()
print("rows", len(rows))
"""
    environment = {"PYTHONPATH": str(packages), "DISABLE_VERSION_CHECK": "1"}
    printed = run(python(program), desk, environment, TIMEOUT)
    assert f"rows {counts(desk / 'instructions')[0]}" in printed


def installed(folder: Path, package: str, *options: str) -> Path:
    """A folder with a package beside what the environment has; skips where pip cannot get it."""
    target = folder / "packages"
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    command += [*options, "--target", str(target), package]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        pytest.skip(f"{package} was not checked: pip cannot get it: {done.stderr[-300:]}")
    return target
