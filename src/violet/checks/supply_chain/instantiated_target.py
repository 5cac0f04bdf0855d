"""Configurations that name a function to be called when they are instantiated.

## What it looks for

`_target_` entries (Hydra, OmegaConf, and the loaders built on them) in JSON and YAML whose value is a function
that runs programs or code, loads pickles, fetches, deletes or imports.

## Why it matters

`hydra.utils.instantiate` imports the name and calls it with the arguments beside it. Libraries of several
vendors loaded model metadata that way (CVE-2025-23304 in NeMo among them).

## Example

    model:
      _target_: os.system
      command: id

## Fix

Do not load it; instantiate only names from a list of your own.
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
    id="supply_chain/instantiated-target",
    title="Configuration names a dangerous function to be called",
    severity=Severity.HIGH,
    fix="Do not load it; instantiate only names from a list of your own.",
    techniques=("AML.T0011.000", "AML.T0010.003"),
    cwe=(470, 94),
    references=("https://nvd.nist.gov/vuln/detail/CVE-2025-23304",),
)


@cache
def _target() -> re.Pattern[str]:
    return re.compile(r"""["']?_target_["']?\s*:\s*["']?([A-Za-z_][\w.]*)""")


@check(RULE, formats=("yaml", "json"))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.text.document import Document

    facts = context.node.parsed.facts
    document = facts if isinstance(facts, Document) else getattr(facts, "document", None)
    if not isinstance(document, Document):
        return
    text = document.text
    if "\\u005" in text or "\\u006" in text or "\\u007" in text:
        text = re.sub(r"\\u00([2-7][0-9a-fA-F])", lambda m: chr(int(m.group(1), 16)), text)
    if "_target_" not in text:
        return
    for match in _target().finditer(text):
        name = match.group(1)
        if is_dangerous(name):
            yield context.finding(
                f"Instantiating the configuration calls {name}.",
                evidence=match.group(0)[:160],
                key=name,
                line=text.count("\n", 0, match.start()) + 1,
            )


def is_dangerous(name: str) -> bool:
    """Whether calling a function of this name does what no part of a model needs."""
    from violet.formats.python_source import names

    path = names.normalise(name)
    return (
        path in names.COMMAND
        or path in names.EXECUTE
        or path in names.SENSITIVE_BUILTINS
        or path in names.DESERIALIZE
        or path in names.LOAD_CODE
        or path in names.DELETE
        or path in names.NATIVE
        or path in names.DOWNLOAD_TO
        or path in ("builtins.open", "builtins.getattr", "importlib.import_module", "pip.main", "hydra.utils.call")
    )
