"""kill -9 of the driver and of an executor; what follows equals the undisturbed run."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import time

import pytest
from check_5_ranks import settings_for
from cluster import Cluster, spark_home
from curves import assert_same_curve, assert_steps_once
from parity_rows import training_rows
from product import (
    exact,
    kill_group,
    metrics,
    tail,
    wait_for_open_checkpoint,
    wait_for_step,
)
from training_made import foreign_shards

STEPS = 60
SLOW = {"train.max_steps": STEPS, "train.save_steps": 5, "train.shuffle": True}


@pytest.fixture(scope="module")
def shards(scratch):
    return foreign_shards(scratch / "resume rows", training_rows(53, 65))


@pytest.fixture(scope="module")
def undisturbed(product, scratch, models, shards):
    output = scratch / "undisturbed"
    product.must("train", settings_for(models.spoken(), shards, output, 2, 2, **SLOW))
    assert_steps_once(metrics(output), STEPS)
    return output


def checkpoints(output):
    return sorted((output / "checkpoints").glob("step-*"))


def test_killed_driver_resumes_bit_equal(product, scratch, models, shards, undisturbed):
    seed = random.SystemRandom().randrange(10**6)
    step = random.Random(seed).randrange(7, STEPS - 10)
    print(f"killed after step {step} (seed {seed})")
    output = scratch / "killed driver"
    settings = settings_for(models.spoken(), shards, output, 2, 2, **SLOW)
    process = product.start("train", settings, scratch / "killed driver.log")
    wait_for_step(process, output, step)
    kill_group(process)
    assert len(metrics(output)) < STEPS, "the run had ended before it was killed"
    product.must("train", {**settings, "train.resume_from_checkpoint": True})
    assert_steps_once(metrics(output), STEPS)
    assert exact(metrics(output)) == exact(metrics(undisturbed))
    ours, theirs = (folder / "model" / "model.safetensors" for folder in (output, undisturbed))
    assert ours.read_bytes() == theirs.read_bytes()


def test_killed_while_a_checkpoint_is_written(product, scratch, models, shards, undisturbed):
    """The ranks' files are under way or there, the marker is not: the one before is taken."""
    output = scratch / "killed writer"
    settings = settings_for(models.spoken(), shards, output, 2, 2, **SLOW)
    process = product.start("train", settings, scratch / "killed writer.log")
    step = wait_for_open_checkpoint(process, output, random.SystemRandom().randrange(5, 40))
    kill_group(process)
    torn = not (output / "checkpoints" / f"step-{step:06d}" / "manifest.json").exists()
    print(f"killed while step {step} was written, torn: {torn}")
    outcome = product.must("train", {**settings, "train.resume_from_checkpoint": True})
    if torn:
        assert f"step-{step:06d}: no manifest.json" in outcome.output, tail(outcome.output)
    assert_steps_once(metrics(output), STEPS)
    assert exact(metrics(output)) == exact(metrics(undisturbed))
    assert json.loads((output / "result.json").read_text())["status"] == "ok"


def test_finished_run_has_nothing_to_do(product, models, shards, undisturbed):
    before = {f: f.stat().st_mtime_ns for f in undisturbed.rglob("*") if f.is_file()}
    settings = settings_for(models.spoken(), shards, undisturbed, 2, 2, **SLOW)
    outcome = product.must("train", {**settings, "train.resume_from_checkpoint": True})
    assert "nothing to do" in outcome.output, tail(outcome.output)
    assert [f for f, t in before.items() if f.stat().st_mtime_ns != t and f.suffix != ".json"] == []


@pytest.mark.parametrize("home", ["built", "spark-submit"])
def test_sigterm_saves_the_step_in_progress(product, scratch, models, shards, undisturbed, home):
    """To the launcher's process alone, which is the driver's; by its own Spark and by another's."""
    output = scratch / f"stopped {home}"
    settings = settings_for(models.spoken(), shards, output, 2, 2, **SLOW)
    log = scratch / f"stopped {home}.log"
    environment = {"SPARK_HOME": str(spark_home())} if home == "spark-submit" else {}
    process = product.start("train", settings, log, env=environment)
    wait_for_step(process, output, 12)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(timeout=60) == 6, tail(log.read_text(errors="replace"))
    result = json.loads((output / "result.json").read_text())
    assert (result["exit_code"], result["exit_class"]) == (6, "interrupted"), result
    steps = len(metrics(output))
    assert 12 <= steps < STEPS and result["counts"]["steps"] == steps, result
    assert (checkpoints(output)[-1] / "manifest.json").exists()
    assert checkpoints(output)[-1].name == f"step-{steps:06d}"
    product.must("train", {**settings, "train.resume_from_checkpoint": "auto"})
    assert exact(metrics(output)) == exact(metrics(undisturbed))


def cut_largest(checkpoint):
    files = [file for file in checkpoint.rglob("*") if file.is_file()]
    largest = max(files, key=lambda file: file.stat().st_size)
    with largest.open("r+b") as file:
        file.truncate(largest.stat().st_size // 2)


def lose_marker(checkpoint):
    """As after a kill between the tensor files and the marker."""
    (checkpoint / "manifest.json").unlink()


def flip_a_byte(checkpoint):
    tensors = sorted(checkpoint.glob("*.safetensors"))[-1]
    data = bytearray(tensors.read_bytes())
    data[-5] ^= 0x10
    tensors.write_bytes(bytes(data))


@pytest.mark.parametrize("tear", [cut_largest, lose_marker, flip_a_byte])
def test_torn_checkpoint_is_never_chosen(product, scratch, models, shards, undisturbed, tear):
    """The last checkpoint is damaged: the one before it is taken."""
    output = scratch / tear.__name__
    shutil.copytree(undisturbed, output)
    tear(checkpoints(output)[-1])
    settings = settings_for(models.spoken(), shards, output, 2, 2, **SLOW)
    outcome = product.must("train", {**settings, "train.resume_from_checkpoint": True})
    assert "step=60" in outcome.output and "step=55" in outcome.output, tail(outcome.output)
    assert exact(metrics(output)) == exact(metrics(undisturbed))


def test_folder_of_another_run_is_refused(product, scratch, models, shards, undisturbed):
    before = {f: f.stat().st_mtime_ns for f in undisturbed.rglob("*") if f.is_file()}
    settings = settings_for(models.spoken(), shards, undisturbed, 2, 2, **SLOW)
    outcome = product.run("train", settings)
    assert outcome.code != 0
    assert "resume_from_checkpoint" in outcome.output, tail(outcome.output)
    kept = {f: f.stat().st_mtime_ns for f in before if f.name != "result.json"}
    assert kept == {f: t for f, t in before.items() if f.name != "result.json"}


def test_changed_schedule_is_refused_on_resume(product, scratch, models, shards, undisturbed):
    output = scratch / "changed"
    shutil.copytree(undisturbed, output)
    settings = settings_for(models.spoken(), shards, output, 2, 2, **SLOW)
    changed = {"train.resume_from_checkpoint": True, "train.learning_rate": 0.5}
    outcome = product.run("train", {**settings, **changed})
    assert outcome.code != 0
    assert "learning_rate" in outcome.output, tail(outcome.output)


def test_killed_executor_brings_the_stage_back(product, scratch, models, shards, undisturbed):
    cluster = Cluster(scratch / "killed cluster")
    try:
        output = scratch / "killed executor"
        process = product.start(
            "train",
            settings_for(models.spoken(), shards, output, 2, 2, **SLOW),
            scratch / "killed executor.log",
            submit=cluster.submit_arguments(),
            env=cluster.environment(),
        )
        try:
            wait_for_step(process, output, 12)
            victim = cluster.executors()[0]
            os.kill(victim, signal.SIGKILL)
            assert len(metrics(output)) < STEPS, "the run had ended before the kill"
            process.wait(timeout=240)
        finally:
            if process.poll() is None:
                kill_group(process)
        log = (scratch / "killed executor.log").read_text(errors="replace")
        assert process.returncode == 0, tail(log) + cluster.logs()
        assert "attempt=1" in log, "the stage was not started again"
        assert_steps_once(metrics(output), STEPS)
        assert_same_curve(metrics(output), metrics(undisturbed), 1e-5)
    finally:
        cluster.close()


def test_five_losses_with_progress_in_between_do_not_add_up(
    product, scratch, models, shards, undisturbed
):
    """Spark itself gives up at the fourth loss of a stage, which lasts the whole run."""
    cluster = Cluster(scratch / "losses cluster")
    log = scratch / "losses.log"
    try:
        output = scratch / "losses"
        process = product.start(
            "train",
            settings_for(models.spoken(), shards, output, 2, 2, **SLOW),
            log,
            submit=cluster.submit_arguments(),
            env=cluster.environment(),
        )
        try:
            for loss in range(5):
                wait_for_step(process, output, 10 * loss + 6)
                os.kill(cluster.executors()[0], signal.SIGKILL)
            assert len(metrics(output)) < STEPS, "the run had ended before the last kill"
            process.wait(timeout=240)
        finally:
            if process.poll() is None:
                kill_group(process)
        text = log.read_text(errors="replace")
        assert process.returncode == 0, tail(text) + cluster.logs()
        attempts = [int(number) for number in re.findall(r"attempt=(\d+)", text)]
        assert max(attempts) >= 5, "attempts are counted on over Spark's jobs"
        assert_steps_once(metrics(output), STEPS)
        assert_same_curve(metrics(output), metrics(undisturbed), 1e-5)
    finally:
        cluster.close()


def test_resume_on_another_world_size(product, scratch, models, shards, undisturbed):
    """Two ranks up to step 30, one rank after: the global batch stays."""
    output = scratch / "other world"
    shutil.copytree(undisturbed, output)
    for folder in checkpoints(output):
        if int(folder.name.split("-")[1]) > 30:
            shutil.rmtree(folder)
    settings = settings_for(models.spoken(), shards, output, 1, 0, **SLOW)
    start = time.monotonic()
    product.must("train", {**settings, "train.resume_from_checkpoint": True})
    print(f"resumed in {time.monotonic() - start:.0f} s")
    assert_steps_once(metrics(output), STEPS)
    assert exact(metrics(output))[:30] == exact(metrics(undisturbed))[:30]
    assert_same_curve(metrics(output), metrics(undisturbed), 1e-3)
