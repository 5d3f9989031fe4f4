"""A base in 4 bits has bitsandbytes' values, and QLoRA trains on them as PEFT does."""

from __future__ import annotations

import os
import subprocess

import bitsandbytes.functional as bnb
import pytest
import torch
from curves import assert_same_curve, assert_steps_once
from make_parity import save_adapter, with_adapter
from parity_models import build
from parity_rows import training_rows
from parity_training import curve
from product import class_path, metrics, native_environment, tail
from safetensors.torch import save_file
from training_made import foreign_shards, train_settings

BOUNDS = {"loss": 1e-4, "grad_norm": 1e-3, "learning_rate": 1e-6}
# Of Qwen2.5-0.5B, of Llama 3.2 1B, and sizes that end inside a block, a byte or a group of scales.
SHAPES = [
    *((896, 896), (128, 896), (4864, 896), (896, 4864), (2048, 2048), (512, 2048)),
    *((1, 1), (1, 63), (64, 1), (13, 5), (127, 129), (255, 257), (1000, 333), (37, 4099)),
]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """The mean of absmax depends on libtorch's threads, in bitsandbytes too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def matrices() -> dict[str, torch.Tensor]:
    torch.manual_seed(17)
    made = {}
    for i, (rows, columns) in enumerate(SHAPES):
        dtype = (torch.float32, torch.bfloat16, torch.float16)[i % 3]
        spread = torch.rand(rows, 1) * 0.1 if i % 2 else 0.02
        made[f"w{i}"] = (torch.randn(rows, columns) * spread).to(dtype)
    made["zeros"] = torch.zeros(100, 70)
    made["an outlier"] = torch.cat([torch.randn(64, 64) * 1e-6, torch.full((1, 64), 3e4)])
    return made


def quantised(flat: torch.Tensor, quant_type: str, double: bool):
    """Flat: the AVX-512 kernel takes wrong scales where rows are not whole blocks."""
    codes, state = bnb.quantize_4bit(
        flat, blocksize=64, quant_type=quant_type, compress_statistics=double
    )
    state.dtype = torch.float32
    return codes, state


def as_bytes(*tensors: torch.Tensor) -> bytes:
    return b"".join(t.contiguous().reshape(-1).numpy().tobytes() for t in tensors)


@pytest.mark.parametrize("quant_type", ["nf4", "fp4"])
def test_codes_and_scales_are_those_of_bitsandbytes(product, scratch, quant_type):
    folder = scratch / f"codes {quant_type}"
    folder.mkdir()
    made = matrices()
    save_file(made, folder / "matrices.safetensors")
    program = product.checkout / "interop" / "java" / "FourBit.java"
    words = ["java", "-Xmx512m", "-cp", class_path(product.checkout), str(program), quant_type]
    done = subprocess.run(
        [*words, str(folder / "matrices.safetensors"), str(folder)],
        env={**os.environ, **native_environment(product.checkout)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, tail(done.stdout)
    for name, matrix in made.items():
        codes, plain = quantised(matrix.reshape(-1), quant_type, False)
        _, double = quantised(matrix.reshape(-1), quant_type, True)
        wanted = as_bytes(codes, plain.absmax, double.absmax, double.state2.absmax, double.offset)
        assert (folder / f"{name}.bin").read_bytes() == wanted, f"{name} {tuple(matrix.shape)}"


def rounded(model, quant_type: str, double: bool):
    """Linear matrices of the layers as bitsandbytes gives them back."""
    for name, parameter in model.named_parameters():
        if name.endswith("_proj.weight"):
            codes, state = quantised(parameter.detach().reshape(-1), quant_type, double)
            values = bnb.dequantize_4bit(codes, state)
            parameter.data.copy_(values.reshape(parameter.shape))
    return model


@pytest.mark.parametrize(
    ("case", "quant_type", "double"),
    [("llama", "nf4", True), ("qwen2", "fp4", True), ("qwen3", "nf4", False)],
)
def test_same_curve_as_the_trainer(product, scratch, models, case, quant_type, double):
    rows = training_rows(23, 27)
    name = f"{case} {quant_type} {double}"
    model, start = with_adapter(rounded(build(case, 3), quant_type, double), 5), scratch / name
    save_adapter(model, start)
    theirs = curve(model, rows)
    output = scratch / f"run {name}"
    shards = foreign_shards(scratch / f"rows {name}", rows)
    more = {
        "adapter.path": start,
        "model.frozen_storage": quant_type,
        "model.double_quantisation": double,
    }
    product.must("train", train_settings(models.case(case), shards, output, **more))
    ours = metrics(output)
    assert_steps_once(ours, 20)
    worst = assert_same_curve(ours, theirs, 1e-4, BOUNDS)
    print(f"{name}: largest relative distance {worst:.1e}")
