"""What deploy/ and conf/ hold: scripts that parse, and a DAG that names jobs and keys there are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPTS = [
    "bin/anneal",
    "deploy/standalone/start-cluster",
    "deploy/standalone/stop-cluster",
    "deploy/gpu/discover-gpus.sh",
]


class Recorded:
    """Stands for an Airflow class: keeps how it was made and what was put behind it."""

    made: list = []

    def __init__(self, *arguments, **named):
        self.arguments, self.named, self.next = arguments, named, []
        Recorded.made.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def __rshift__(self, other):
        self.next.append(other)
        return other


@pytest.fixture
def tasks(monkeypatch):
    """The DAG's tasks in order, made with stand-ins for Airflow."""
    Recorded.made = []
    for name, attribute in [
        ("airflow", "DAG"),
        ("airflow.io", None),
        ("airflow.models", None),
        ("airflow.models.param", "Param"),
        ("airflow.providers", None),
        ("airflow.providers.apache", None),
        ("airflow.providers.apache.spark", None),
        ("airflow.providers.apache.spark.operators", None),
        ("airflow.providers.apache.spark.operators.spark_submit", "SparkSubmitOperator"),
    ]:
        module = types.ModuleType(name)
        if attribute:
            setattr(module, attribute, type(attribute, (Recorded,), {}))
        monkeypatch.setitem(sys.modules, name, module)
    exceptions = types.ModuleType("airflow.exceptions")
    exceptions.AirflowException = type("AirflowException", (Exception,), {})
    exceptions.AirflowFailException = type("AirflowFailException", (Exception,), {})
    monkeypatch.setitem(sys.modules, "airflow.exceptions", exceptions)
    paths = types.ModuleType("airflow.io.path")
    paths.ObjectStoragePath = Path
    monkeypatch.setitem(sys.modules, "airflow.io.path", paths)
    operator = sys.modules["airflow.providers.apache.spark.operators.spark_submit"]
    operator.SparkSubmitOperator.template_fields = ("application_args",)
    file = CHECKOUT / "deploy" / "airflow" / "anneal_pipeline.py"
    exec(compile(file.read_text("utf-8"), str(file), "exec"), {"__name__": "dag"})
    return [made for made in Recorded.made if "task_id" in made.named]


def failing(task, monkeypatch, message: str):
    """Lets the task's spark-submit fail as the provider's hook says it."""
    failure = sys.modules["airflow.exceptions"].AirflowException(message)

    def execute(self, context):
        raise failure

    operator = sys.modules["airflow.providers.apache.spark.operators.spark_submit"]
    monkeypatch.setattr(operator.SparkSubmitOperator, "execute", execute, raising=False)
    with pytest.raises(Exception) as raised:
        task.execute({})
    return raised.value


@pytest.mark.parametrize(
    "code, told, retried",
    [(2, True, False), (4, False, False), (5, True, True), (5, False, True), (None, False, True)],
)
def test_a_failure_that_would_repeat_is_not_retried(
    tasks, monkeypatch, tmp_path, code, told, retried
):
    task = tasks[1]
    task.folder = str(tmp_path)
    if code is not None:
        result = {"exit_code": code, "message": "loss is NaN at step 3", "paths": {}}
        (tmp_path / "result.json").write_text(json.dumps(result), "utf-8")
    message = "Cannot execute: spark-submit. Error code is: %d." % code if told else "Cannot execute"
    raised = failing(task, monkeypatch, message)
    assert type(raised).__name__ == ("AirflowException" if retried else "AirflowFailException")
    if not retried:
        assert str(raised) == "loss is NaN at step 3"


def test_a_task_gives_the_paths_of_its_result(tasks, monkeypatch, tmp_path):
    operator = sys.modules["airflow.providers.apache.spark.operators.spark_submit"]
    monkeypatch.setattr(
        operator.SparkSubmitOperator, "execute", lambda self, context: None, raising=False
    )
    task = tasks[0]
    task.folder = str(tmp_path)
    (tmp_path / "result.json").write_text('{"paths": {"shards": "s"}}', "utf-8")
    assert task.execute({}) == {"shards": "s"}


def test_ranks_and_executors_are_one_number(tasks):
    for task in tasks:
        conf = task.named["conf"]
        assert conf["spark.executor.instances"] == conf["spark.cores.max"]
        assert task.named["executor_cores"] == 1


def keys():
    """Every key of reference.conf as section.key."""
    section, found = [], set()
    for line in (CHECKOUT / "conf" / "reference.conf").read_text("utf-8").splitlines():
        line = line.split("#")[0].strip()
        if line.endswith("{"):
            section.append(line[:-1].strip())
        elif line == "}":
            section.pop()
        elif "=" in line:
            found.add(".".join([*section, line.split("=")[0].strip()]))
    return found


def test_the_dag_goes_from_tokenize_over_train_to_export(tasks):
    assert [task.named["task_id"] for task in tasks] == ["tokenize", "train", "export"]
    assert tasks[0].next == [tasks[1]] and tasks[1].next == [tasks[2]]


def test_the_dag_names_the_main_class_and_keys_that_exist(tasks):
    for task in tasks:
        assert task.named["java_class"] == "dev.anneal.jobs.Main"
        arguments = task.named["application_args"]
        assert arguments[0] == task.named["task_id"]
        for option, value in zip(arguments[1::2], arguments[2::2]):
            if option == "-c":
                assert (CHECKOUT / "conf" / f"{value}.conf").is_file()
            else:
                assert option == "-s" and value.split("=")[0] in keys(), value


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_parse_and_may_be_executed(script):
    assert os.access(CHECKOUT / script, os.X_OK)
    subprocess.run(["bash", "-n", CHECKOUT / script], check=True)


@pytest.mark.parametrize(
    "visible, addresses",
    [("3,5", ["0", "1"]), ("GPU-a", ["0"]), ("2, 0,-1,1", ["0", "1"]), ("", []), ("-1", [])],
)
def test_gpu_discovery_numbers_what_the_process_may_use(visible, addresses):
    done = subprocess.run(
        [CHECKOUT / "deploy/gpu/discover-gpus.sh"],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": visible},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"name": "gpu", "addresses": addresses}


def test_every_key_in_reference_conf_is_explained_or_stands_beside_one_that_is():
    text = (CHECKOUT / "conf" / "reference.conf").read_text("utf-8")
    assert len(re.findall(r"^\s*#", text, re.M)) >= len(keys()) * 0.8


def launch(launcher, *arguments, folder, **environment):
    return subprocess.run(
        [launcher, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_launcher_works_through_a_link_from_a_folder_with_spaces(tmp_path):
    folder = tmp_path / "a folder 文"
    folder.mkdir()
    link = folder / "my anneal"
    link.symlink_to(CHECKOUT / "bin" / "anneal")
    done = launch(link, "--help", "--", "--conf", "spark.x=a b", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "tokenize" in done.stdout and "Exit codes" in done.stdout
    (folder / "my run.conf").write_text("trian { seed = 1 }", "utf-8")
    done = launch(link, "train", "-c", "my run.conf", "-s", "train.output_dir=o ut", folder=folder)
    assert done.returncode == 2
    assert "Unknown key: trian.seed (did you mean train.seed?" in done.stderr
    assert json.loads((folder / "o ut" / "result.json").read_text("utf-8"))["exit_code"] == 2


def test_the_launcher_names_what_is_missing(tmp_path):
    done = launch(CHECKOUT / "bin" / "anneal", "train", folder=tmp_path, SPARK_HOME="/no such")
    assert done.returncode == 2 and "Invalid SPARK_HOME: /no such" in done.stderr
    done = launch(CHECKOUT / "bin" / "anneal", "train", folder=tmp_path, ANNEAL_JAR="/no.jar")
    assert done.returncode == 2 and "mvn -DskipTests package" in done.stderr
