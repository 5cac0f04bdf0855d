"""Secrets that stay in an image or a pipeline's file.

## What it looks for

In Dockerfiles: `ENV` and `ARG` with the name of a secret and a literal value (medium), an `ARG` of such a name that
is to be passed at build time (low), files of credentials that are copied in (`.env`, `.netrc`, `id_rsa`, `.aws`).
In pipelines and Compose files: variables of such names with literal values (medium). References to a secret store
(`${{ secrets.X }}`, `$VARIABLE`) and placeholders are not reported.

## Why it matters

Every layer and every build argument can be read by whoever can pull the image (`docker history`), and files of a
repository by whoever can clone it.

## Example

    ENV HF_TOKEN=value-of-a-real-token

## Fix

Revoke it; mount secrets while building (`RUN --mount=type=secret,id=token ...`) and inject them at run time.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from violet.formats.project.dockerfile import DockerfileFacts

RULE = Rule(
    id="supply_chain/secret-in-build",
    title="Secret stays in an image or a pipeline's file",
    severity=Severity.MEDIUM,
    fix="Revoke it, mount secrets while building (--mount=type=secret) and inject them at run time.",
    techniques=("AML.T0055",),
    cwe=(798, 538),
)


@cache
def _secret_name() -> re.Pattern[str]:
    return re.compile(
        r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRET_KEY|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?"
        r"|AUTH_?KEY)(?:$|_)",
        re.IGNORECASE,
    )


@cache
def _no_secret() -> re.Pattern[str]:
    return re.compile(
        r"(?:_FILE|_PATH|_DIR|_NAME|_ID|_URL|_TYPE|_LENGTH|_COUNT|_LIMIT|_EXPIRY|_TTL|_ENABLED|_HEADER)$|PAD_TOKEN|EOS_TOKEN"
        r"|^(?:MAX|MIN|NUM|N)_|TOKENS?_PER|IMPLICIT_TOKEN|ALLOW_EMPTY",
        re.IGNORECASE,
    )


def is_secret(name: str, value: str) -> bool:
    """Whether a variable holds a secret as it stands."""
    if _secret_name().search(name) is None or _no_secret().search(name) is not None:
        return False
    return not _is_placeholder(value)


def _is_placeholder(value: str) -> bool:
    plain = value.strip().strip("\"'").lower()
    if len(plain) < 4 or plain.startswith(("$", "/", "<", "{", "%", "#{")) or "${" in plain or "{{" in plain:
        return True
    words = (
        "changeme|change_me|change-me|example|placeholder|dummy|your[-_ ]|xxx|todo|none|null|true|false|test|insert"
        "|replace|redacted|secret$|password$|postgres$|root$|minio|admin$"
    )
    return re.search(rf"^(?:{words})|^\*+$|^\.+$|\.\.\.", plain) is not None or (plain.isdigit() and len(plain) < 6)


@check(RULE, formats=("dockerfile", "compose", "pipeline"))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.project.compose import ComposeFacts
    from violet.formats.project.dockerfile import DockerfileFacts
    from violet.formats.project.pipelines import PipelineFacts

    facts = context.node.parsed.facts
    if isinstance(facts, DockerfileFacts):
        yield from _dockerfile(context, facts)
        return
    if isinstance(facts, ComposeFacts):
        variables = [variable for service in facts.services for variable in service.environment]
    elif isinstance(facts, PipelineFacts):
        variables = facts.environment
    else:
        return
    for name, value, line in variables:
        if is_secret(name, value):
            yield context.finding(
                f"The variable {name} has its value in the file.",
                evidence=f"{name}: {value.strip()[:2]}...",
                key=name,
                line=line,
                confidence=Confidence.MEDIUM,
            )


def _dockerfile(context: Context, facts: DockerfileFacts) -> Iterator[Outcome]:
    from violet.formats.project.dockerfile import assignments

    for instruction in facts.of("ENV", "ARG"):
        for name, value in assignments(instruction):
            if is_secret(name, value):
                message, severity, shown = (
                    f"The value of {name} stays in the image.",
                    Severity.MEDIUM,
                    value[:2] + "...",
                )
            elif instruction.name == "ARG" and not value and is_secret(name, "unknown-value"):
                message = f"The value that is passed for {name} stays in the history of the image."
                severity, shown = Severity.LOW, ""
            else:
                continue
            evidence = f"{instruction.name} {name}" + (f"={shown}" if shown else "")
            yield context.finding(
                message,
                evidence=evidence,
                key=f"{instruction.name}:{name}",
                line=instruction.line,
                severity=severity,
                confidence=Confidence.MEDIUM,
            )
    for instruction in facts.of("COPY", "ADD"):
        for source in instruction.words[:-1]:
            if re.search(r"(?:^|/)(?:\.env|\.netrc|\.pypirc|id_rsa|id_ed25519|\.aws|\.ssh|\.git-credentials)$", source):
                yield context.finding(
                    "A file of credentials is copied into the image.",
                    evidence=f"{instruction.name} {source[:160]}",
                    key=f"copy:{source[:160]}",
                    line=instruction.line,
                )
