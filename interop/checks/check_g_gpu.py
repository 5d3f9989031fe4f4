"""GPUs without a GPU: who holds which, what CUDA's libraries say, what is refused."""

from __future__ import annotations

import json
import os
import subprocess

from cluster import Cluster, spark_home
from product import CHECKOUT, class_path, compiled, setting, tail


def test_two_ranks_hold_a_card_each_and_tokenizing_holds_none(scratch, tokenizer_folder, tmp_path):
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(json.dumps({"text": "Two ranks, two cards. " * 9}) + "\n", "utf-8")
    compiled(CHECKOUT, CHECKOUT / "interop" / "java" / "GpuPlacement.java", tmp_path)
    jar = tmp_path / "placement.jar"
    subprocess.run(["jar", "cf", jar, "-C", tmp_path / "classes", "."], check=True)
    cluster = Cluster(scratch / "gpu cluster", workers=1, cards=2)
    settings = {
        "tokenize.inputs": [{"path": str(corpus), "format": "jsonl"}],
        "tokenize.tokenizer": tokenizer_folder,
        "tokenize.block_size": 32,
        "tokenize.output": tmp_path / "shards",
        "distributed.world_size": 2,
    }
    anneal = class_path(CHECKOUT).split(os.pathsep)[0]
    try:
        submit = [spark_home() / "bin" / "spark-submit", "--class", "GpuPlacement"]
        submit += cluster.submit_arguments("--conf", "spark.executor.cores=2")
        submit += ["--conf", "spark.executor.resource.gpu.amount=2", "--jars", anneal, jar]
        done = subprocess.run(
            submit + [f"{key}={setting(value)}" for key, value in settings.items()],
            env={**os.environ, **cluster.environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, tail(done.stdout) + cluster.logs()
    finally:
        cluster.close()
    words = [line.split() for line in done.stdout.splitlines()]
    ranks = sorted(line[1:] for line in words if line[:1] == ["RANK"])
    assert [rank[0] for rank in ranks] == ["0", "1"]
    assert sorted(rank[1:] for rank in ranks) == [["cuda:0", "0"], ["cuda:1", "1"]]
    stages = [line[1:] for line in words if line[:1] == ["STAGE"]]
    assert ["2", "1.0"] in stages, "the ranks hold a card each"
    others = [cards for tasks, cards in stages if [tasks, cards] != ["2", "1.0"]]
    assert len(others) >= 3 and set(others) == {"0"}, "two of tokenizing, one behind the ranks"
