"""YAML that makes Python objects when it is loaded.

## What it looks for

Tags such as `!!python/object/apply`, `!!python/object/new`, `!!python/name` and `!!python/module`, also behind
`%TAG` shorthands and in verbatim form, in any YAML file. Tags for plain data (`!!python/tuple`,
`!!python/str`) do not count.

## Why it matters

`yaml.load` with an unsafe loader imports the module and calls the function that a tag names.

## Example

    train: !!python/object/apply:os.system ["id"]

## Fix

Remove the tags, and read YAML with `yaml.safe_load` only.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="artifact/script-yaml-tag",
    title="YAML makes Python objects when it is loaded",
    severity=Severity.HIGH,
    fix="Remove the tags, and read YAML with yaml.safe_load only.",
    techniques=("AML.T0011.000",),
    cwe=(502,),
)


@cache
def _tag() -> re.Pattern[str]:
    return re.compile(
        r"(?:!!|!?<?tag:yaml\.org,2002:)python/(?:object|name|module)[^\s>]*>?[^\n]{0,100}"
        r"|^%TAG[^\n]*yaml\.org,2002:(?:python[^\n]*)?$",
        re.MULTILINE,
    )


@check(RULE, formats=("yaml", "mlflow", "requirements"))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.text.document import Document

    facts = context.node.parsed.facts
    document = facts if isinstance(facts, Document) else getattr(facts, "document", None)
    if not isinstance(document, Document):
        return
    if any(entry.id == "keras-yaml" for entry in context.node.formats):
        return
    if "yaml.org,2002:" not in document.text and "!!python" not in document.text:
        return
    for match in _tag().finditer(document.text):
        line = document.text.rfind("\n", 0, match.start()) + 1
        if document.text[line : match.start()].lstrip().startswith("#"):
            continue
        yield context.finding(
            "A tag has Python import a module or call a function while the file is read.",
            evidence=match.group(0).strip()[:160],
            key=match.group(0).split()[0][:120],
            line=document.line(match.start()),
        )
