"""Names that disagree with the content.

## What it looks for
Files and archive members whose name announces one format and whose content is another. It weighs most where
the name announces something that cannot run code and the content can.

## Why it matters
People and tools decide by names: a pickle called `weights.safetensors` is passed on as safe, a pickle called
`logo.png` is not looked at, and loaders that go by content run it all the same.

## Example
A pickle named `model.safetensors`, or a zip archive named `README.md`.

## Fix
Treat the file as what it is. Ask why it carries another name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity
from violet.formats.registry import expected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.base import Format

RULE = Rule(
    id="artifact/name-mismatch",
    title="Name disagrees with the content",
    severity=Severity.HIGH,
    fix="Treat the file as what its content is, and ask why it carries this name.",
    techniques=("AML.T0074",),
    cwe=(646,),
)
ALWAYS_TELLING = frozenset(
    ("pickle", "elf", "pe", "macho", "ape", "shell", "java-serialized", "java-class", "dex", "wasm", "windows-shortcut")
)
"""Content that runs code as soon as it is loaded or started: no other format's name may stand on it."""
STREAMS = frozenset(("gzip", "bzip2", "xz", "lzma", "zlib", "zstd", "lz4", "zfile"))
CLOSED = frozenset(("rar", "cab", "ar", "rpm", "iso9660", "squashfs", "cpio", "xar"))
"""Archives that Violet cannot look into: under a model's name they ask to be believed."""
PACKED = frozenset(("rar", "cab"))
"""Of these the ones that no model is kept in, and that are used to carry one past whoever looks at names."""
VAGUE = (".bin", ".dat", ".data", ".model", ".mdl", ".sav", ".optim", ".jl", ".p", ".pk", ".th", ".z")
"""Suffixes that pickles are found under, and much else: only a program under them is a surprise."""
WRAPPERS = STREAMS | {"zip", "tar"}


def _unrecognised(context: Context, announced: tuple[Format, ...]) -> Iterator[Outcome]:
    """Content of no known format under the name of one that is always recognised. Suffixes that pickles are
    found under say too little."""
    if not announced or any(entry.id == "pickle" or entry.read is None for entry in announced):
        return
    node = context.node
    titles = " or ".join(dict.fromkeys(entry.title for entry in announced[:3]))
    yield context.finding(
        f"The name {node.name!r} announces {titles}, but the content is not.",
        evidence=f"begins with {node.source.read(0, 16)!r}",
        key="unrecognised",
        severity=Severity.LOW if all(entry.inert for entry in announced) else Severity.MEDIUM,
    )


@check(RULE, formats=("*",))
def judge(context: Context) -> Iterator[Outcome]:
    node = context.node
    found = node.format
    if node.relation in ("nested", "hidden", "text") or not node.source.size:
        return
    announced = expected(node.name)
    if found is None:
        yield from _unrecognised(context, announced)
        return
    if not announced or any(entry.id == own.id for entry in announced for own in node.formats):
        return
    if found.id in WRAPPERS and any(entry.executable for entry in announced):
        return  # joblib, pandas and others compress under the name of what they wrap
    if node.parent is not None and node.name == node.parent.name and all(e.id in WRAPPERS for e in announced):
        return  # pandas compresses under the name of the archive itself
    if found.id not in ALWAYS_TELLING | CLOSED and node.name.lower().endswith(VAGUE):
        return
    if found.id == "requirements" and any(entry.id == "text" for entry in announced):
        return  # lists of packages go by any name of a text
    titles = " or ".join(dict.fromkeys(entry.title for entry in announced[:3]))
    if found.id in STREAMS and all(entry.id in STREAMS for entry in announced):
        severity = Severity.LOW  # one compressor under another's name, as joblib writes: readers go by content
    elif found.textual and found.id not in ALWAYS_TELLING and all(entry.id == "text" for entry in announced):
        severity = Severity.LOW  # one kind of text under another's name, and examined as what it is
    elif found.id in ALWAYS_TELLING or (found.executable and not any(entry.executable for entry in announced)):
        severity = Severity.HIGH
    elif found.inert:
        severity = Severity.LOW
    elif found.id in PACKED and any(entry.executable for entry in announced):
        severity = Severity.HIGH
    else:
        severity = Severity.LOW if node.parent is not None else Severity.MEDIUM
    yield context.finding(
        f"The name {node.name!r} announces {titles}, but the content is {found.title}.",
        evidence=f"{node.name}: {found.title}",
        key=found.id,
        severity=severity,
    )
