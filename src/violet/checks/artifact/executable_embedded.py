"""Executables and pickles inside tensors and other bytes, found by reading everything (`--deep`).

## What it looks for

With `--deep`, all bytes of every file that is not text or an archive are searched, in pieces (without it, small
files of no known format, and bytes that a format has no place for): headers of ELF,
Windows and Mach-O executables that hold together, shell scripts, and pickle opcodes that import a function
which runs programs or code. Not found this way: what is encrypted, or spread over the low bits of weights.

## Why it matters

Weights are where nobody looks: a loader of a few lines, elsewhere, carves the payload out of a tensor and
starts it ("EvilModel", arXiv 2107.08590; StegoNet).

## Example

    tensor = np.frombuffer(open("payload.elf", "rb").read(), np.uint8)
    safetensors.numpy.save_file({"weight": tensor}, "model.safetensors")

## Fix

Do not use the file: take the model from its original source and compare digests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Cost, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.checks.base import Node

RULE = Rule(
    id="artifact/executable-embedded",
    title="Executable or pickle inside tensors or other bytes",
    severity=Severity.HIGH,
    fix="Do not use the file: take the model from its original source and compare digests.",
    techniques=("AML.T0018.002",),
    cwe=(506, 912),
    cost=Cost.READS_ALL,
    references=("https://arxiv.org/abs/2107.08590",),
)

_LOOKED_INTO = frozenset(
    ["zip", "tar", "sevenzip", "gzip", "bzip2", "xz", "lzma", "zlib", "zstd", "lz4", "zfile", "elf", "pe", "macho",
     "ape", "text", "json", "yaml", "xml", "html", "python", "shell", "notebook", "jinja", "requirements", "mlflow",
     "huggingface", "python-bytecode", "python-path", "lfs-pointer", "python-project", "lock-file", "dockerfile",
     "compose", "pipeline"]
)  # fmt: skip
"""Formats whose parts are examined on their own, or that are executables or text themselves."""


SEARCHED_ALWAYS = 1 << 20
"""Bytes of no known format that are searched without ``--deep``."""


@check(RULE, formats=("*",))
def judge(context: Context) -> Iterable[Outcome]:
    node = context.node
    if node.source.size < 64 or not (_is_asked_for(node) or _is_unaccounted(node)):
        return
    if any(entry.id in _LOOKED_INTO for entry in node.formats):
        return
    from violet.formats.executable.search import search

    for hit in search(node.source):
        if hit.offset == 0 or (hit.kind == "pickle" and _is_pickle(node)):
            continue  # the file itself, which is judged as what it is
        yield context.finding(
            f"At offset {hit.offset:,} there is {_ARTICLE[hit.kind]}.",
            evidence=hit.text,
            key=f"{hit.kind}:{hit.text[:80]}",
            offset=hit.offset,
            severity=Severity.MEDIUM if hit.kind == "shell" else Severity.HIGH,
            confidence=Confidence.MEDIUM,
        )


_ARTICLE = {
    "elf": "an ELF executable",
    "pe": "a Windows executable",
    "macho": "a Mach-O executable",
    "pickle": "a pickle that imports a function which runs programs or code",
    "shell": "a shell script",
}


def _is_asked_for(node: Node) -> bool:
    return node.deep and node.relation not in ("nested", "text")


def _is_unaccounted(node: Node) -> bool:
    """Bytes of no known format, few enough to be searched every time: a file, or what a format leaves over."""
    outer = node.parent is None or node.relation == "hidden"
    return node.format is None and outer and node.source.size <= SEARCHED_ALWAYS


def _is_pickle(node: Node) -> bool:
    return any(entry.id in ("pickle", "torch-legacy", "torch_legacy", "numpy_array", "npy") for entry in node.formats)
