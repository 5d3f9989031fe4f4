"""One rank, two ranks and a standalone cluster: the same curve, the same weights."""

from __future__ import annotations

import os
import subprocess

import pytest
from cluster import Cluster, spark_home
from curves import assert_same_curve, assert_same_weights, assert_steps_once
from parity_rows import training_rows
from product import metrics, setting, tail
from safetensors.torch import load_file
from training_made import foreign_shards, train_settings

# DESIGN, section 8: losses relative 1e-5 for the first 20 steps.
EQUAL_TO_ROUNDING = 1e-5
STEPS = 20


@pytest.fixture(scope="module")
def shards(scratch):
    """33 rows in windows of 4: the last window of an epoch holds one row for two ranks."""
    return foreign_shards(scratch / "rank rows", training_rows(41, 33))


@pytest.fixture(scope="module")
def cluster(scratch):
    started = Cluster(scratch / "cluster")
    yield started
    started.close()


def settings_for(model, shards, output, world: int, zero: int, **more) -> dict:
    """The global batch is 4 rows whatever the number of ranks."""
    ranks = {
        "distributed.world_size": world,
        "distributed.zero_stage": zero,
        "train.per_device_train_batch_size": 2 // world if world <= 2 else 1,
        "train.gradient_accumulation_steps": 2,
    }
    return train_settings(model, shards, output, **{**ranks, **more})


def weights(output):
    return load_file(output / "model" / "model.safetensors")


@pytest.fixture(scope="module")
def one_rank(product, scratch, models, shards):
    output = scratch / "one rank"
    product.must("train", settings_for(models.case("qwen2"), shards, output, 1, 0))
    assert_steps_once(metrics(output), STEPS)
    return output


@pytest.fixture(scope="module")
def two_ranks(product, scratch, models, shards):
    """ZeRO 0 and ZeRO 2 on two ranks; the flat partition has an odd size."""
    outputs = {}
    for zero in (0, 2):
        outputs[zero] = scratch / f"two ranks zero {zero}"
        settings = settings_for(models.case("qwen2"), shards, outputs[zero], 2, zero)
        product.must("train", settings)
        assert_steps_once(metrics(outputs[zero]), STEPS)
    return outputs


def test_two_ranks_give_the_curve_of_one(one_rank, two_ranks):
    for output in two_ranks.values():
        assert_same_curve(metrics(output), metrics(one_rank), EQUAL_TO_ROUNDING)
        assert_same_weights(weights(output), weights(one_rank))


def test_zero_stages_give_the_same_weights(two_ranks):
    plain, sharded = (metrics(two_ranks[zero]) for zero in (0, 2))
    assert plain[0]["grad_norm"] == pytest.approx(sharded[0]["grad_norm"], rel=1e-12)
    assert_same_curve(plain, sharded, EQUAL_TO_ROUNDING)
    assert_same_weights(weights(two_ranks[0]), weights(two_ranks[2]))


def test_zero_2_of_one_rank_equals_zero_0(product, scratch, models, shards, one_rank):
    output = scratch / "one rank zero 2"
    product.must("train", settings_for(models.case("qwen2"), shards, output, 1, 2))
    assert_same_curve(metrics(output), metrics(one_rank), EQUAL_TO_ROUNDING)
    assert_same_weights(weights(output), weights(one_rank))


def test_launcher_on_a_standalone_cluster(product, scratch, models, shards, cluster, one_rank):
    output = scratch / "cluster run"
    outcome = product.run(
        "train",
        settings_for(models.case("qwen2"), shards, output, 2, 2),
        submit=cluster.submit_arguments(),
        env=cluster.environment(),
    )
    assert outcome.code == 0, tail(outcome.output) + cluster.logs()
    assert_steps_once(metrics(output), STEPS)
    assert_same_curve(metrics(output), metrics(one_rank), EQUAL_TO_ROUNDING)
    assert_same_weights(weights(output), weights(one_rank))


def test_ranks_come_back_whatever_serializer_the_cluster_sets(
    product, scratch, models, shards, cluster, one_rank
):
    output = scratch / "kryo run"
    kryo = ["--conf", "spark.serializer=org.apache.spark.serializer.KryoSerializer"]
    strict = ["--conf", "spark.kryo.registrationRequired=true"]
    outcome = product.run(
        "train",
        settings_for(models.case("qwen2"), shards, output, 2, 2),
        submit=cluster.submit_arguments(*kryo, *strict),
        env=cluster.environment(),
    )
    assert outcome.code == 0, tail(outcome.output) + cluster.logs()
    assert "the ranks were started again" not in outcome.output
    assert_steps_once(metrics(output), STEPS)
    assert_same_curve(metrics(output), metrics(one_rank), EQUAL_TO_ROUNDING)
    assert_same_weights(weights(output), weights(one_rank))


def test_plain_spark_submit_of_the_jar(product, scratch, models, shards, cluster, one_rank):
    """The unmodified spark-submit, the jar and its main class, without the launcher."""
    jars = sorted((product.checkout / "spark-jobs" / "target").glob("anneal*.jar"))
    jar = max(jars, key=lambda file: file.stat().st_size)
    output = scratch / "spark-submit run"
    words = [str(spark_home() / "bin" / "spark-submit"), *cluster.submit_arguments()]
    words += ["--class", "dev.anneal.jobs.Main", str(jar), "train"]
    for key, value in settings_for(models.case("qwen2"), shards, output, 2, 0).items():
        words += ["-s", f"{key}={setting(value)}"]
    done = subprocess.run(
        words,
        env={**os.environ, **cluster.environment()},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, tail(done.stdout) + cluster.logs()
    assert_same_curve(metrics(output), metrics(one_rank), EQUAL_TO_ROUNDING)


def test_tokenize_on_a_cluster_writes_the_same_bytes(product, scratch, tokenizer_folder, cluster):
    from check_1_shards import tokenize_settings
    from corpora import write_corpus

    corpus = scratch / "cluster corpus"
    write_corpus(corpus)
    here, there = scratch / "tokenized here", scratch / "tokenized there"
    product.must("tokenize", tokenize_settings(tokenizer_folder, corpus, here))
    outcome = product.run(
        "tokenize",
        tokenize_settings(tokenizer_folder, corpus, there),
        submit=cluster.submit_arguments(),
        env=cluster.environment(),
    )
    assert outcome.code == 0, tail(outcome.output) + cluster.logs()
    names = sorted(file.name for file in here.glob("data-*"))
    assert names and names == sorted(file.name for file in there.glob("data-*"))
    for name in names:
        assert (here / name).read_bytes() == (there / name).read_bytes(), name
