"""Secrets in text, source, notebooks and configuration beside a model.

## What it looks for

Private keys, cloud keys, tokens of code hosts, model hubs and API providers (by their prefix, length and check
digits), database addresses with passwords, JSON Web Tokens, and assignments to names like `password` whose
value is too random to be a placeholder. Evidence shows only the first four and last two characters.

## Why it matters

A model directory is copied, published and cached by many. A credential in it is public, and with it goes
whatever it opens: training data, the model registry, the next release.

## Example

    huggingface_token = "hf_..."

## Fix

Revoke the credential now; taking it out of the file is not enough once it was published. Then keep it in the
environment or a secret store.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.checks.artifact._secret_patterns import Secret
    from violet.formats.text.document import Document

RULE = Rule(
    id="artifact/secret-in-text",
    title="Secret in a file beside a model",
    severity=Severity.HIGH,
    fix="Revoke the credential now, then keep it in the environment or a secret store.",
    techniques=("AML.T0055",),
    cwe=(798, 312),
)

FORMATS = (
    "text", "json", "yaml", "python", "xml", "html", "shell", "requirements", "mlflow", "jinja", "modelfile",
    "python-project", "lock-file", "dockerfile", "compose", "pipeline",
)  # fmt: skip
MOST_TOLD = 50
SHORTEST = 16
"""Bytes below which no text holds a secret worth the name."""


@check(RULE, formats=FORMATS)
def judge(context: Context) -> Iterable[Outcome]:
    node = context.node
    if node.format is None or next(entry.id for entry in node.formats if entry.id in FORMATS) != node.format.id:
        return
    document = _document(node.parsed.facts)
    if document is None or node.source.size < SHORTEST:
        return
    from violet.checks.artifact._secret_patterns import redacted, secrets_in

    told: set[tuple[str, str]] = set()
    for number, piece in enumerate(document.pieces()):
        for secret in secrets_in(piece):
            shown = redacted(secret)
            if (secret.kind.name, shown) in told:
                continue
            told.add((secret.kind.name, shown))
            if len(told) > MOST_TOLD:
                return
            yield context.finding(
                f"The text holds {secret.kind.title}.",
                evidence=shown,
                key=f"{secret.kind.name}:{shown}",
                line=document.line(secret.start) if number == 0 else None,
                severity=_severity(node.logical_path, secret),
                confidence=Confidence.HIGH if secret.kind.severity is Severity.HIGH else Confidence.MEDIUM,
            )


def _severity(path: str, secret: Secret) -> Severity:
    """Keys of test suites and encrypted keys open nothing by themselves."""
    if re.search(r"(?:^|[/_.-])(?:self)?(?:tests?|testing|testdata|fixtures?|examples?)(?:[/_.-]|$)", path.lower()):
        return Severity.LOW
    if "ENCRYPTED" in secret.text[:120]:
        return min(secret.kind.severity, Severity.MEDIUM)
    return secret.kind.severity


def _document(facts: object) -> Document | None:
    from violet.formats.text.document import Document

    found = facts if isinstance(facts, Document) else getattr(facts, "document", None)
    return found if isinstance(found, Document) else None
