"""GPUs without a GPU: who holds which, what CUDA's libraries say, what is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
import tarfile
import zipfile

import pytest
from cluster import Cluster, spark_home
from parity_rows import training_rows
from product import CHECKOUT, class_path, compiled, metrics, setting, tail
from training_made import foreign_shards, train_settings
from workbench import Workbench

MAKE_NATIVES = CHECKOUT / "deploy" / "gpu" / "make-natives"
NO_CARD = "cuInit of libcuda.so.1 failed: no CUDA-capable device is detected (error 100)"
NOT_BUILT = "Cannot train on CUDA: this version trains on CPUs alone (set distributed.device = cpu)"
# DESIGN, section 8: losses relative 1e-5 for the first 20 steps.
EQUAL_TO_ROUNDING = 1e-5


def make_natives(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([MAKE_NATIVES, *arguments], capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def cuda_natives(tmp_path_factory):
    """The folder for CUDA, linked to what pip installed here."""
    out = tmp_path_factory.mktemp("natives") / "cuda"
    site = sysconfig.get_paths()["purelib"]
    done = make_natives("--out", out, "--site-packages", site, "--link")
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def stub_driver(tmp_path_factory):
    """A folder with a driver that has no card."""
    folder = tmp_path_factory.mktemp("driver")
    source = CHECKOUT / "interop" / "stub" / "libcuda.c"
    options = ["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1"]
    subprocess.run(["cc", *options, "-o", folder / "libcuda.so.1", source], check=True)
    return folder


@pytest.fixture(scope="module")
def cuda_flavour(cuda_natives, stub_driver) -> dict:
    """The engine told that it is CUDA's: it then loads what wants a driver at once."""
    return {
        "ANNEAL_NATIVES": str(cuda_natives),
        "LD_LIBRARY_PATH": str(stub_driver),
        "PYTORCH_VERSION": "2.7.1",
        "PYTORCH_FLAVOR": "cu128",
    }


@pytest.fixture(scope="module")
def cuda_workbench(product, scratch, cuda_flavour):
    bench = Workbench(product, scratch / "cuda workbench", environment=cuda_flavour)
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def shards(scratch):
    return foreign_shards(scratch / "gpu rows", training_rows(41, 24))


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


def test_the_cuda_flavour_trains_on_the_cpu_when_told_to(
    workbench, cuda_workbench, scratch, models, shards
):
    losses = []
    for bench, name in [(workbench, "cpu"), (cuda_workbench, "cuda")]:
        output = scratch / f"gpu flavour {name}"
        more = {"train.max_steps": 5, "distributed.device": "cpu"}
        bench.must("train", train_settings(models.case("qwen2"), shards, output, **more))
        losses.append([line["loss"] for line in metrics(output)])
    assert len(losses[1]) == 5
    assert losses[1] == pytest.approx(losses[0], rel=EQUAL_TO_ROUNDING)


def test_cuda_without_a_card_is_refused_before_anything_is_read(cuda_workbench, scratch, shards):
    output = scratch / "gpu refused"
    settings = train_settings(scratch / "no such model", shards, output)
    outcome = cuda_workbench.run("train", {**settings, "distributed.device": "cuda"})
    assert outcome.code == 2
    assert f"Cannot use CUDA: {NO_CARD}" in outcome.output and NOT_BUILT in outcome.output
    assert not metrics(output) and "no such model" not in outcome.output


def test_doctor_says_the_same(cuda_workbench):
    outcome = cuda_workbench.run("doctor", {"distributed.device": "cuda"})
    assert outcome.code == 2
    table, said = outcome.output.split("Error: ")
    assert re.search(r"driver +\S+ +2 +2\.7\.1 cuda +\S+ +12\.6 +(\S+ )?cuda 12\.8", table)
    assert re.search(r" 2\.\d+\.\d+ +" + re.escape(NO_CARD), table), "NCCL's version, no card"
    assert f"Cannot use CUDA: {NO_CARD}" in said and NOT_BUILT in said
    outcome = cuda_workbench.must("doctor", {"distributed.device": "cpu"})
    assert "a training of 1 ranks could start" in outcome.output


def test_doctor_describes_cards_and_names_libtorch_of_the_cpu(product, stub_driver):
    """The driver's cards, with the natives of the build, which cannot use them."""
    settings = {"distributed.device": "cuda", "distributed.world_size": 3}
    environment = {"LD_LIBRARY_PATH": str(stub_driver), "STUB_CUDA_CARDS": "2"}
    outcome = product.run("doctor", settings, env=environment)
    assert outcome.code == 2, outcome.output
    assert "0: Stub card 0, 8.0 GiB, compute capability 9.0" in outcome.output
    assert "1: Stub card 1, 16.0 GiB, compute capability 9.1" in outcome.output
    assert "computes on CPUs alone (make natives for CUDA with deploy/gpu" in outcome.output
    assert "the driver shows 2 cards to ranks that need 3" in outcome.output


def test_a_folder_without_libtorch_is_named(product, tmp_path):
    outcome = product.run("inspect", {}, env={"ANNEAL_NATIVES": str(tmp_path)})
    assert outcome.code == 2
    assert f"Invalid ANNEAL_NATIVES: {tmp_path} (holds no pytorch/" in outcome.output


def test_natives_are_made_of_wheels_without_what_nothing_needs(tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    contents = {
        "torch-2.7.1-cp311-cp311-manylinux_2_28_x86_64.whl": [
            "torch/lib/libtorch.so",
            "torch/lib/libtorch_cuda.so",
            "torch/lib/libgomp.so.1",
            "torch/lib/libtorch_python.so",
            "torch/__init__.py",
        ],
        "nvidia_cublas_cu12-12.6.4.1-py3-none-manylinux2014_x86_64.whl": [
            "nvidia/cublas/lib/libcublasLt.so.12",
            "nvidia/cublas/lib/libnvblas.so.12",
            "nvidia/cublas/include/cublas.h",
        ],
        "nvidia_cusparselt_cu12-0.6.3-py3-none-manylinux2014_x86_64.whl": [
            "cusparselt/lib/libcusparseLt.so.0"
        ],
    }
    for wheel, names in contents.items():
        with zipfile.ZipFile(wheels / wheel, "w") as file:
            for name in names:
                file.writestr(name, name)
    out, archive = tmp_path / "out", tmp_path / "natives.tar.gz"
    done = make_natives("--out", out, "--wheels", wheels, "--archive", archive)
    assert done.returncode == 0, done.stderr
    made = {str(f.relative_to(out)) for f in out.rglob("*") if f.is_file()}
    libtorch = "pytorch/2.7.1-cu128-linux-x86_64"
    tokenizers = {name for name in made if name.startswith("tokenizers/")}
    assert len(tokenizers) == 1
    assert made - tokenizers == {
        f"{libtorch}/libtorch.so",
        f"{libtorch}/libtorch_cuda.so",
        f"{libtorch}/libgomp.so.1",
        f"{libtorch}/0.35.1-libdjl_torch.so",
        "nvidia/cublas/lib/libcublasLt.so.12",
        "cusparselt/lib/libcusparseLt.so.0",
    }
    with tarfile.open(archive) as tar:
        assert made <= set(tar.getnames()) and "." not in tar.getnames()
    again = make_natives("--out", out, "--wheels", wheels)
    assert again.returncode == 2 and "(exists already; remove it" in again.stderr
    other = make_natives("--out", tmp_path / "x", "--wheels", wheels, "--torch", "2.9.0")
    assert other.returncode == 2
    assert "is built for 2.7.1; give one for 2.9.0 with --jni" in other.stderr
    cpu = tmp_path / "cpu wheels"
    cpu.mkdir()
    nothing = make_natives("--out", tmp_path / "y", "--wheels", cpu)
    assert nothing.returncode == 2 and "a CPU build of torch?" in nothing.stderr
