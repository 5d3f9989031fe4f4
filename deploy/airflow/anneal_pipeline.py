"""tokenize -> train -> export as spark-submits, one run folder a DAG run.

Needs the provider apache-airflow-providers-apache-spark and a Spark connection: spark_default, or
the one that ANNEAL_SPARK_CONNECTION names. All settings are parameters of the DAG. Every task is
safe to repeat: tokenize does nothing when nothing changed, train goes on from its last checkpoint.
A task whose settings or data are wrong (exit codes 2 to 4, see docs/formats/run-folder.md) would fail again:
give it few retries and read result.json in its output folder.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow import DAG
from airflow.models.param import Param
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

CONNECTION = os.environ.get("ANNEAL_SPARK_CONNECTION", "spark_default")
RUN = "{{ params.root }}/runs/{{ run_id | replace(':', '_') | replace('+', '_') }}"
SHARDS = f"{RUN}/shards"
TRAINED = f"{RUN}/train"
MODEL = f"{RUN}/model"


def anneal(job: str, files: list[str], settings: dict[str, str]) -> SparkSubmitOperator:
    """One job of Anneal: the arguments that bin/anneal would take."""
    arguments = [job]
    for name in files:
        arguments += ["-c", name]
    for key, value in settings.items():
        arguments += ["-s", f"{key}={value}"]
    return SparkSubmitOperator(
        task_id=job,
        conn_id=CONNECTION,
        application="{{ params.jar }}",
        java_class="dev.anneal.jobs.Main",
        application_args=arguments,
        name=f"anneal-{job}",
        executor_cores=1,
        conf={
            # The ranks of a run need a fixed set of executors.
            "spark.dynamicAllocation.enabled": "false",
            # Not needed where the hosts have the libraries, see deploy/README.md.
            "spark.archives": "{{ params.natives }}#natives",
            "spark.executor.memoryOverhead": "4g",
        },
        retries=2,
        retry_delay=timedelta(minutes=2),
    )


with DAG(
    dag_id="anneal_pipeline",
    description="Corpus to tuned model: tokenize, train, export",
    start_date=datetime(2026, 1, 1),
    schedule=None,
    catchup=False,
    # Two runs of one folder would fight over it; two runs at once would fight over the slots.
    max_active_runs=1,
    params={
        "jar": Param("s3a://anneal/anneal.jar", type="string"),
        "natives": Param("s3a://anneal/natives.tar.gz", type="string"),
        "root": Param("s3a://anneal", type="string"),
        "corpus": Param("s3a://corpora/instructions.jsonl", type="string"),
        "model": Param("s3a://models/base", type="string"),
        "world_size": Param(2, type="integer", minimum=1),
    },
) as dag:
    tokenize = anneal(
        "tokenize",
        ["tokenize"],
        {
            "tokenize.tokenizer": "{{ params.model }}",
            "tokenize.stage": "sft",
            "tokenize.packing": "bfd",
            "tokenize.inputs": "[{{ params.corpus }}]",
            "tokenize.output": SHARDS,
        },
    )
    train = anneal(
        "train",
        ["sft-lora"],
        {
            "model.path": "{{ params.model }}",
            "data.train": f"[{SHARDS}]",
            "train.output_dir": TRAINED,
            "train.resume_from_checkpoint": "auto",
            "distributed.world_size": "{{ params.world_size }}",
        },
    )
    export = anneal(
        "export",
        [],
        {
            "model.path": "{{ params.model }}",
            "adapter.path": f"{TRAINED}/adapter",
            "export.output": MODEL,
        },
    )
    tokenize >> train >> export
