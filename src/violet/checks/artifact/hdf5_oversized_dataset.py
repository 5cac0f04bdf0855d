"""HDF5 datasets that declare far more than they hold.

## What it looks for

Datasets that declare more than 4 GiB, and more than a hundred times the size of the whole file. More than a
tebibyte is high, less is medium.

## Why it matters

HDF5 keeps the shape apart from the bytes, and fills in what was never stored. Whoever reads the dataset into
memory, as Keras does with every weight, asks for as much memory as the shape says (CVE-2026-0897).

## Example

    file.create_dataset("kernel", shape=(50_000_000, 50_000_000), dtype="f4", chunks=(1, 1024))

## Fix

Do not load the file; look at the declared shapes with ``h5ls`` first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Rule, Severity
from violet.formats.hdf5.facts import Hdf5Facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/hdf5-oversized-dataset",
    title="HDF5 dataset declares far more than the file holds",
    severity=Severity.HIGH,
    fix="Do not load it; its shapes ask for more memory than any model of this size needs.",
    techniques=("AML.T0029",),
    cwe=(770, 400),
    references=("https://nvd.nist.gov/vuln/detail/CVE-2026-0897",),
)

CERTAIN = 1 << 40


@check(RULE, formats=("hdf5",))
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(Hdf5Facts)
    for entry in facts.oversized[:50] if facts else ():
        shape = " x ".join(str(n) for n in entry.shape)
        yield context.finding(
            f"The dataset {entry.path} declares {entry.declared:,} bytes in a file of {context.node.source.size:,}.",
            evidence=f"{entry.path}: {shape}",
            key=entry.path,
            severity=Severity.HIGH if entry.declared > CERTAIN else Severity.MEDIUM,
            confidence=Confidence.HIGH if entry.declared > CERTAIN else Confidence.MEDIUM,
        )
