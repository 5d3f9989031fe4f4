"""tokenize -> train -> export as spark-submits, one run folder a DAG run.

Needs the provider apache-airflow-providers-apache-spark and a Spark connection: spark_default, or
the one that ANNEAL_SPARK_CONNECTION names. All settings are parameters of the DAG. Every task is
safe to repeat: a task that is tried again goes on where the last try was, tokenize from the parts
that are done, train from its last checkpoint. A failure that would repeat (settings, data, a loss
that is not finite: exit codes 2 to 4) fails the task at once with the message of result.json.
Each task gives the paths that it wrote to XCom.
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime, timedelta

from airflow import DAG
from airflow.exceptions import AirflowException, AirflowFailException
from airflow.io.path import ObjectStoragePath
from airflow.models.param import Param
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

CONNECTION = os.environ.get("ANNEAL_SPARK_CONNECTION", "spark_default")
RUN = "{{ params.root }}/runs/{{ run_id | replace(':', '_') | replace('+', '_') }}"
SHARDS = f"{RUN}/shards"
TRAINED = f"{RUN}/train"
MODEL = f"{RUN}/model"


# Exit codes of failures that a retry repeats, see docs/formats/run-folder.md.
FINAL = {2, 3, 4}


class AnnealOperator(SparkSubmitOperator):
    """spark-submit of one job, which says in result.json of its output folder how it ended."""

    template_fields = (*SparkSubmitOperator.template_fields, "folder")

    def __init__(self, *, folder: str, **named):
        super().__init__(**named)
        self.folder = folder

    def execute(self, context):
        try:
            super().execute(context)
        except AirflowException as failure:
            # A cluster manager may lose the code; a job that never started leaves no result.
            told = re.search(r"Error code is: (\d+)", str(failure))
            result = self.result()
            code = int(told.group(1)) if told else result.get("exit_code")
            if code in FINAL:
                raise AirflowFailException(result.get("message") or str(failure)) from failure
            raise
        return self.result().get("paths", {})

    def result(self) -> dict:
        # Spark's s3a:// is s3:// elsewhere.
        path = ObjectStoragePath(re.sub(r"^s3a:", "s3:", self.folder)) / "result.json"
        return json.loads(path.read_text()) if path.exists() else {}


def anneal(job: str, folder: str, files: list[str], settings: dict[str, str]) -> AnnealOperator:
    """One job of Anneal: the arguments that bin/anneal would take."""
    arguments = [job]
    for name in files:
        arguments += ["-c", name]
    for key, value in settings.items():
        arguments += ["-s", f"{key}={value}"]
    return AnnealOperator(
        task_id=job,
        folder=folder,
        conn_id=CONNECTION,
        application="{{ params.jar }}",
        java_class="dev.anneal.jobs.Main",
        application_args=arguments,
        name=f"anneal-{job}",
        packages="{{ params.packages }}",
        executor_cores=1,
        conf={
            # The ranks of a run need a fixed set of executors.
            "spark.dynamicAllocation.enabled": "false",
            # A rank is a task: as many executors of one core as there are ranks.
            "spark.executor.instances": "{{ params.world_size }}",
            "spark.cores.max": "{{ params.world_size }}",
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
        # What reads s3a://, in the version of Spark's Hadoop; "" where the cluster has it.
        "packages": Param("org.apache.hadoop:hadoop-aws:3.3.4", type="string"),
        "root": Param("s3a://anneal", type="string"),
        "corpus": Param("s3a://corpora/instructions.jsonl", type="string"),
        "model": Param("s3a://models/base", type="string"),
        "world_size": Param(2, type="integer", minimum=1),
    },
) as dag:
    tokenize = anneal(
        "tokenize",
        SHARDS,
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
        TRAINED,
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
        MODEL,
        [],
        {
            "model.path": "{{ params.model }}",
            "adapter.path": f"{TRAINED}/adapter",
            "export.output": MODEL,
        },
    )
    tokenize >> train >> export
