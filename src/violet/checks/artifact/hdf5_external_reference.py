"""HDF5 that reads other files.

## What it looks for

External links, datasets whose bytes are kept in other files (external storage), and virtual datasets made
of other files. A target outside the file's own directory is high; one beside it is medium, for the file
is then not whole without it. Addresses and absolute paths count as outside.

## Why it matters

The library opens the named file as soon as the object is read, with no setting that forbids it. A weights
file can so pull in any readable file of the loading machine as a tensor, which is then saved or sent on with the
model (CVE-2026-1669, CVE-2026-12480).

## Example

    with h5py.File("model.weights.h5", "w") as file:
        file.create_dataset("kernel", (4096,), "u1", external=[("/etc/passwd", 0, 4096)])

## Fix

Ask for a file that holds all of its data, or copy the objects into one with ``h5repack`` on a machine that
has nothing to lose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Rule, Severity
from violet.formats.hdf5.facts import Hdf5Facts
from violet.formats.keras.trust import outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/hdf5-external-reference",
    title="HDF5 file reads other files",
    severity=Severity.HIGH,
    fix="Do not load it; ask for a file that holds all of its data.",
    techniques=("AML.T0011.000", "AML.T0025"),
    cwe=(73, 22),
    references=(
        "https://nvd.nist.gov/vuln/detail/CVE-2026-1669",
        "https://nvd.nist.gov/vuln/detail/CVE-2026-12480",
    ),
)

MOST = 50


@check(RULE, formats=("hdf5",))
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(Hdf5Facts)
    for entry in facts.references[:MOST] if facts else ():
        reason = outside(entry.file)
        target = f" ({entry.target})" if entry.target else ""
        yield context.finding(
            f"Reading {entry.path} opens another file through its {entry.reach}: {reason or 'one beside it'}.",
            evidence=f"{entry.path} -> {entry.file}{target}",
            key=f"{entry.path}:{entry.file}",
            severity=Severity.HIGH if reason else Severity.MEDIUM,
        )
