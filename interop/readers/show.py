"""Opens outputs of `tokenize` in the library that the format belongs to; prints their rows as JSON.

    python show.py FORMAT FOLDER...     arrow | megatron | datatrove | mds

Runs under the Python of that library, which need not have anything else of interop. Where the
library can write as well, the same rows are written again and the bytes must be ours.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path


def arrow(folder: Path) -> dict:
    """Any version of datasets."""
    import datasets

    data = datasets.load_from_disk(str(folder))
    return {"version": datasets.__version__, "columns": data.column_names, "rows": list(data)}


def same_bytes(ours: Path, theirs: Path) -> None:
    assert ours.read_bytes() == theirs.read_bytes(), f"{ours} differs from what the library writes"


def megatron(folder: Path) -> dict:
    """Megatron's indexed data set; a prefix is a pair of files."""
    from importlib.metadata import version

    import torch
    from megatron.core.datasets.indexed_dataset import IndexedDataset, IndexedDatasetBuilder

    rows, types = [], set()
    for index in sorted(folder.glob("*.idx")):
        data = IndexedDataset(str(index.with_suffix("")))
        types.add(data.index.dtype.__name__)
        with tempfile.TemporaryDirectory() as again:
            prefix = Path(again) / "again"
            builder = IndexedDatasetBuilder(f"{prefix}.bin", dtype=data.index.dtype)
            for i in range(len(data)):
                rows.append(data[i].tolist())
                builder.add_document(torch.tensor(rows[-1]), [len(rows[-1])])
            builder.finalize(f"{prefix}.idx")
            for suffix in (".bin", ".idx"):
                same_bytes(index.with_suffix(suffix), prefix.with_suffix(suffix))
    return {"version": version("megatron-core"), "rows": rows, "types": sorted(types)}


def datatrove(folder: Path) -> dict:
    """datatrove's file data set gives windows; documents are read by their ends."""
    from importlib.metadata import version

    import numpy
    from datatrove.io import get_datafolder
    from datatrove.pipeline.tokens.tokenizer import TokenizedFile
    from datatrove.utils.dataset import DatatroveFolderDataset

    documents, losses, windows, sizes = [], [], [], set()
    for file in sorted(folder.glob("*.ds")):
        tokenizer, size = Path(f"{file}.metadata").read_text().split("\n")[0].split("|")
        sizes.add(int(size))
        ids = numpy.fromfile(file, dtype="<u2" if size == "2" else "<u4")
        ends = numpy.fromfile(f"{file}.index", dtype="<u8").astype("int64")
        loss = Path(f"{file}.loss")
        mask = numpy.fromfile(loss, dtype=bool) if loss.exists() else None
        with tempfile.TemporaryDirectory() as again:
            written = TokenizedFile(
                get_datafolder(again),
                file.name,
                save_loss_metadata=mask is not None,
                tokenizer_name_or_path=tokenizer,
                save_final_metadata=True,
                token_size=int(size),
            )
            start = 0
            for end in ends:
                documents.append(ids[start:end].tolist())
                if mask is not None:
                    losses.append(mask[start:end].astype(int).tolist())
                written.write(documents[-1], None if mask is None else mask[start:end])
                start = end
            written.close()
            for made in sorted(Path(again).iterdir()):
                same_bytes(folder / made.name, made)
    (size,) = sizes
    data = DatatroveFolderDataset(str(folder), seq_len=31, token_size=size, return_positions=True)
    for i in range(len(data)):
        windows.append([data[i]["input_ids"].tolist(), data[i]["positions"].tolist()])
    return {
        "version": version("datatrove"),
        "rows": documents,
        "losses": losses,
        "windows": windows,
        "token_size": size,
    }


def mds(folder: Path) -> dict:
    """MosaicML streaming; its vision part wants torchvision, which rows of ids do not need."""
    import types

    sys.modules["streaming.vision"] = types.ModuleType("streaming.vision")
    import streaming

    index = json.loads((folder / "index.json").read_text())
    rows = []
    with tempfile.TemporaryDirectory() as fetched:
        # From afar, so that sizes and hashes of the index are compared too.
        data = streaming.StreamingDataset(
            remote=str(folder), local=fetched, shuffle=False, batch_size=1, validate_hash="sha256"
        )
        samples = [data[i] for i in range(len(data))]
    for shard in index["shards"]:
        columns = dict(zip(shard["column_names"], shard["column_encodings"], strict=True))
        with tempfile.TemporaryDirectory() as again:
            writer = streaming.MDSWriter(
                out=again, columns=columns, size_limit=shard["size_limit"], hashes=["sha256"]
            )
            with writer:
                for sample in samples[len(rows) : len(rows) + shard["samples"]]:
                    rows.append({name: value.tolist() for name, value in sample.items()})
                    writer.write(sample)
            same_bytes(folder / shard["raw_data"]["basename"], Path(again) / "shard.00000.mds")
    assert len(rows) == len(samples)
    return {"version": streaming.__version__, "rows": rows, "files": len(index["shards"])}


if __name__ == "__main__":
    show = {"arrow": arrow, "megatron": megatron, "datatrove": datatrove, "mds": mds}[sys.argv[1]]
    json.dump([show(Path(folder)) for folder in sys.argv[2:]], sys.stdout)
