"""HDF5 data that need a filter from outside the library.

## What it looks for

Filter numbers that the HDF5 library and h5py do not have themselves. Filters registered with the HDF Group
are information; numbers that nobody registered are low.

## Why it matters

To read such data the library looks for a shared library in its plugin directory and loads it. The file does
not carry that library, but it decides that one is loaded, and which.

## Example

A dataset with filter 40001.

## Fix

Read such files only with the plugin directory under your control (``HDF5_PLUGIN_PATH``).
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
    id="artifact/hdf5-filter-plugin",
    title="HDF5 data need a filter plugin",
    severity=Severity.LOW,
    fix="Read it only with the HDF5 plugin directory under your control.",
    techniques=("AML.T0011.000",),
    cwe=(426,),
)

OWN = frozenset({1, 2, 3, 4, 5, 6, 32000})
"""deflate, shuffle, fletcher32, szip, nbit and scale-offset, and the LZF that h5py brings."""


@check(RULE, formats=("hdf5",))
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(Hdf5Facts)
    for number, entry in sorted(facts.filters.items()) if facts else ():
        if number in OWN:
            continue
        registered = 256 < number < 512 or 32000 <= number < 32768
        yield context.finding(
            f"Reading {entry.path} loads a plugin for filter {number}{f' ({entry.name})' if entry.name else ''}.",
            evidence=f"filter {number} {entry.name}".strip(),
            key=f"filter:{number}",
            severity=Severity.INFO if registered else Severity.LOW,
            confidence=Confidence.MEDIUM,
        )
