"""Training, evaluation and export over an S3 server: the same numbers, each byte once a host."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from cluster import Cluster
from counted import CountingProxy
from product import exact, metrics, tail
from s3 import Store

from conftest import CHECKOUT

STEPS = 12
# A read of a header or of a batch's offsets asks for as much (fs.s3a.readahead.range).
RANGE = 1 << 16



@pytest.fixture(scope="module")
def store(tmp_path_factory):
    started = Store(tmp_path_factory.mktemp("s3"), "models", "shards", "runs")
    yield started
    started.close()


@pytest.fixture(scope="module")
def proxy(store):
    started = CountingProxy(store.port)
    yield started
    started.close()


@pytest.fixture(scope="module")
def model() -> Path:
    return CHECKOUT / "sample" / "model"


@pytest.fixture(scope="module")
def data(product, scratch, model, store) -> dict[str, Path]:
    """Full blocks in several files, and conversations of very different length; in S3 too."""
    words = random.Random(3)
    texts = [{"text": f"line {words.random()} of a text " * 20} for _ in range(2500)]
    chats = [
        {"prompt": f"say {i}", "completion": "word " * words.randint(1, 60)} for i in range(400)
    ]
    made = {}
    for name, rows, more in (
        ("blocks", texts, {"tokenize.tail": "drop", "tokenize.shard_mb": 1}),
        ("chats", chats, {"tokenize.stage": "sft", "tokenize.packing": "none"}),
    ):
        corpus = scratch / f"{name}.jsonl"
        corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
        made[name] = scratch / f"shards {name}"
        settings = {
            "tokenize.tokenizer": model,
            "tokenize.inputs": [{"path": str(corpus)}],
            "tokenize.output": made[name],
            "tokenize.block_size": 128,
            "tokenize.chat_template": "chatml",
        }
        product.must("tokenize", {**settings, **more})
        store.upload(made[name], f"shards/{name}")
    store.upload(model, "models/tiny")
    return made


@pytest.fixture(scope="module")
def cluster(scratch, tmp_path_factory):
    """Two workers of one core: two executors on one host."""
    started = Cluster(scratch / "s3 cluster", disks=tmp_path_factory.mktemp("disks"))
    yield started
    started.close()


def settings(model, shards, output, **more) -> dict:
    return {
        "model.path": model,
        "data.train": [str(shards)],
        "train.output_dir": output,
        "train.max_steps": STEPS,
        "train.save_steps": 6,
        "train.per_device_train_batch_size": 4,
        "distributed.world_size": 2,
        "distributed.zero_stage": 2,
        "distributed.threads_per_rank": 1,
        **more,
    }


def in_s3(name: str, output: Path, **more) -> dict:
    return settings("s3a://models/tiny", f"s3a://shards/{name}", output, **more)


def left(cluster: Cluster) -> list[str]:
    return sorted(path.name for path in cluster.disks.glob("anneal-*"))


def assert_nothing_left(cluster: Cluster) -> None:
    """Executors remove what they fetched as they end, which may be after the driver."""
    end = time.monotonic() + 60
    while cluster.executors() and time.monotonic() < end:
        time.sleep(0.2)
    assert left(cluster) == []


def on_cluster(product, job, values, store, proxy, cluster):
    """Runs it with all of S3 through the proxy, from an empty count."""
    proxy.forget()
    outcome = product.run(
        job,
        values,
        submit=[*cluster.submit_arguments(), *store.submit_arguments(proxy.port)],
        env=cluster.environment(),
    )
    assert outcome.code == 0, tail(outcome.output) + cluster.logs()
    assert_nothing_left(cluster)
    return outcome


def test_two_executors_fetch_each_shard_byte_once(
    product, scratch, model, data, store, proxy, cluster
):
    here = scratch / "local blocks"
    product.must("train", settings(model, data["blocks"], here))
    there = scratch / "s3 blocks"
    values = in_s3("blocks", there)
    on_cluster(product, "train", values, store, proxy, cluster)
    assert exact(metrics(there)) == exact(metrics(here))
    shards = sorted(data["blocks"].glob("*.arrow"))
    assert len(shards) >= 3
    for shard in shards:
        assert proxy.bytes[f"shards/blocks/{shard.name}"] <= shard.stat().st_size
    weights = (model / "model.safetensors").stat().st_size
    got = proxy.bytes["models/tiny/model.safetensors"]
    assert weights <= got <= weights + 2 * RANGE, "once, and the header for the driver"


def test_conversations_grouped_by_length(product, scratch, model, data, store, proxy, cluster):
    here = scratch / "local chats"
    product.must("train", settings(model, data["chats"], here))
    there = scratch / "s3 chats"
    on_cluster(product, "train", in_s3("chats", there), store, proxy, cluster)
    assert exact(metrics(there)) == exact(metrics(here))
    for shard in data["chats"].glob("*.arrow"):
        size = shard.stat().st_size
        # Offsets are read ahead of the files, by the driver and once by the host of the ranks.
        assert size <= proxy.bytes[f"shards/chats/{shard.name}"] <= size + 4 * RANGE


def test_a_run_in_s3_is_evaluated_and_exported_there(
    product, scratch, model, data, store, proxy, cluster
):
    """Checkpoints, adapter and export in S3 too; a resume finds the same model there."""
    lora = {"adapter.peft_type": "LORA", "train.learning_rate": 0.001}
    values = in_s3("chats", "s3a://runs/lora", **lora)
    on_cluster(product, "train", values, store, proxy, cluster)
    again = {**values, "train.resume_from_checkpoint": "auto"}
    outcome = on_cluster(product, "train", again, store, proxy, cluster)
    assert "finished at step" in outcome.output
    options = {"submit": store.submit_arguments(), "env": cluster.environment()}
    read = {"model.path": "s3a://models/tiny", "adapter.path": "s3a://runs/lora/adapter"}
    scored = {**read, "data.eval": ["s3a://shards/chats"]}
    evaluated = product.must("evaluate", scored, **options)
    local = {"model.path": model, "adapter.path": "s3a://runs/lora/adapter"}
    same = product.must("evaluate", {**local, "data.eval": [str(data["chats"])]}, **options)
    assert line(evaluated.output) == line(same.output)
    exported = {**read, "export.output": "s3a://runs/merged"}
    assert "Wrote s3a://runs/merged" in product.must("export", exported, **options).output
    assert left(cluster) == []


def line(text: str) -> str:
    """The figures of `evaluate`, without the folder's name."""
    lines = [each for each in text.splitlines() if "token accuracy" in each]
    assert len(lines) == 1, tail(text)
    return lines[0].split(": loss", 1)[1]


def test_plan_reads_no_values(product, model, data, store, proxy):
    proxy.forget()
    values = in_s3("blocks", Path("unused"), **{"train.output_dir": ""})
    planned = product.must("plan", values, submit=store.submit_arguments(proxy.port))
    assert "largest batch" in planned.output
    assert not [path for path in proxy.bytes if path.endswith(".arrow")]
    weights = model / "model.safetensors"
    assert proxy.bytes["models/tiny/model.safetensors"] <= min(
        2 * RANGE, weights.stat().st_size
    )
