"""Packages fetched over connections that others can change.

## What it looks for

`http://` indexes, link lists and addresses of packages, and hosts whose certificates are not checked
(`--trusted-host`, `verify_ssl = false`, `allow-insecure-host`), in project settings (`pyproject.toml`, `Pipfile`,
`uv.toml`, `pip.conf`), lock files, and the `pip install` commands of images, pipelines and scripts. In requirements
files and conda environments `supply_chain/package-source` tells the same; in notebooks `artifact/notebook-code`.

## Why it matters

Anyone on the way can hand over a package of their own, and installing it runs their code.

## Example

    [[tool.uv.index]]
    url = "http://pypi.example.com/simple"

## Fix

Use `https://` with a certificate that is checked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._packages import entries, host, without_password
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RULE = Rule(
    id="supply_chain/insecure-index",
    title="Packages come over an unprotected connection",
    severity=Severity.HIGH,
    fix="Use https:// with a certificate that is checked.",
    techniques=("AML.T0010.001", "AML.T0011.001"),
    cwe=(319, 295, 494),
)
FORMATS = ("python-project", "lock-file", "setup-script", "dockerfile", "pipeline", "shell")
_INDEX_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX",
                    "UV_INDEX", "PIP_FIND_LINKS")  # fmt: skip
_HOST_VARIABLES = ("PIP_TRUSTED_HOST", "UV_INSECURE_HOST")


@check(RULE, formats=FORMATS)
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.project.facts import Setting

    told: set[str] = set()
    for entry, line in entries(context):
        address = entry.value if isinstance(entry, Setting) else entry.url
        if isinstance(entry, Setting) and entry.kind == "trusted-host":
            if _is_private(address):
                continue
            shown = f"The certificate of {host(address) or address.strip()} is not checked."
            severity = Severity.MEDIUM
        elif address.startswith(("http://", "git+http://")) and not _is_private(address):
            shown, severity = f"Packages come from {host(address)} without protection on the way.", Severity.HIGH
        else:
            continue
        if shown not in told:
            told.add(shown)
            yield context.finding(
                shown,
                evidence=without_password(entry.text),
                key=f"{entry.kind}:{host(address) or address[:80]}",
                line=line,
                severity=severity,
            )
    yield from _variables(context)


def _variables(context: Context) -> Iterator[Outcome]:
    for name, value, line in _environment(context):
        if name in _INDEX_VARIABLES and value.startswith("http://") and not _is_private(value):
            message, severity = f"Packages come from {host(value)} without protection on the way.", Severity.HIGH
        elif name in _HOST_VARIABLES and value and not _is_private(value):
            message, severity = f"The certificate of {value[:80]} is not checked.", Severity.MEDIUM
        else:
            continue
        shown = without_password(f"{name}={value}")
        yield context.finding(
            message, evidence=shown, key=f"{name}:{host(value) or value}", line=line, severity=severity
        )


def _environment(context: Context) -> Iterator[tuple[str, str, int]]:
    """The variables that a Dockerfile or pipeline sets."""
    from violet.formats.project.dockerfile import DockerfileFacts, assignments
    from violet.formats.project.pipelines import PipelineFacts

    facts = context.node.parsed.facts
    if isinstance(facts, DockerfileFacts):
        for instruction in facts.of("ENV", "ARG"):
            for name, value in assignments(instruction):
                yield name, value, instruction.line
    elif isinstance(facts, PipelineFacts):
        yield from facts.environment


def _is_private(address: str) -> bool:
    """This machine, and networks that are not the Internet's."""
    bare = host(address) or address.strip().partition(":")[0]
    return (
        re.match(r"localhost$|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[?::1|[\w-]+$", bare) is not None
        or bare.endswith((".local", ".internal", ".localdomain"))
        or "$" in bare
    )
