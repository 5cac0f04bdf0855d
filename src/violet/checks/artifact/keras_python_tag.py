"""YAML that makes Python objects.

## What it looks for

Tags such as ``!!python/object/new``, ``!!python/object/apply``, ``!!python/name`` or ``!!python/module`` in a YAML
file. Tags for plain data (``!!python/tuple``) do not count.

## Why it matters

A loader that honours these tags imports modules and calls functions while it reads the text. Keras before
2.6 read architectures in YAML that way (CVE-2021-37678), and PyYAML's ``unsafe_load`` still does.

## Example

    !!python/object/apply:os.system ["id"]

## Fix

Keep architectures as JSON, and read YAML with ``yaml.safe_load`` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Rule, Severity
from violet.formats.keras.facts import KerasFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/keras-python-tag",
    title="YAML that makes Python objects",
    severity=Severity.CRITICAL,
    fix="Do not load it with anything but yaml.safe_load.",
    techniques=("AML.T0011.000",),
    cwe=(502,),
    references=("https://nvd.nist.gov/vuln/detail/CVE-2021-37678",),
)


@check(RULE, formats=("keras-yaml",))
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(KerasFacts)
    for line, tag in facts.yaml_tags if facts else ():
        yield context.finding(
            "Reading this YAML with a loader that honours its tags runs Python code.",
            evidence=tag,
            key=tag.split()[0],
            line=line,
        )
