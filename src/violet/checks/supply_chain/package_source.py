"""Packages that a model has installed from elsewhere than the usual index.

## What it looks for

Lines of `requirements.txt`, `conda.yaml`, `python_env.yaml` and their like that install from a web address or a
repository, switch to or add another index, trust a host without certificates, or hold shell commands.

## Why it matters

Installing a model's environment runs the set-up code of every package in it. An extra index is enough for
dependency confusion: the name of a private package is taken from wherever its version is highest.

## Example

    --extra-index-url http://203.0.113.5/simple
    internal-models

## Fix

Install from one index that you trust, with versions and hashes pinned.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.formats.project.facts import Dependency, Setting

RULE = Rule(
    id="supply_chain/package-source",
    title="Package is installed from elsewhere than the usual index",
    severity=Severity.MEDIUM,
    fix="Install from one index that you trust, with versions and hashes pinned.",
    techniques=("AML.T0010.001", "AML.T0011.001"),
    cwe=(494, 829, 427),
)

_KNOWN_HOSTS = (
    "github.com", "gitlab.com", "pypi.org", "files.pythonhosted.org", "download.pytorch.org", "huggingface.co",
    "storage.googleapis.com", "conda.anaconda.org", "pypi.nvidia.com", "developer.download.nvidia.com", "test.pypi.org",
    "data.pyg.org", "pypi.ngc.nvidia.com", "dist.apache.org", "wheels.vllm.ai", "bitbucket.org", "codeberg.org",
)  # fmt: skip


@check(RULE, formats=("requirements",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.project.facts import DependencyFacts

    facts = context.facts(DependencyFacts)
    if facts is None:
        return
    items: list[Dependency | Setting] = [*facts.dependencies, *facts.settings]
    for item in sorted(items, key=lambda entry: entry.region.start):
        found = _judge(item)
        if found is not None:
            severity, message = found
            yield context.finding(
                message,
                evidence=re.sub(r"//[^/@\s]+@", "//***@", item.text)[:200],
                key=f"{item.kind}:{item.text[:120]}",
                line=item.line,
                severity=severity,
                confidence=Confidence.MEDIUM,
            )


def _judge(item: Dependency | Setting) -> tuple[Severity, str] | None:
    if item.kind in ("package", "include", "constraint"):
        return None
    text = item.text.lower()
    host = _host(text)
    known = any(host == name or host.endswith("." + name) for name in _KNOWN_HOSTS)
    pinned = getattr(item, "pinned", False)
    insecure = "http://" in text and not host.startswith(("localhost", "127."))
    if item.kind == "command":
        return Severity.HIGH, "The line holds a shell command."
    if insecure and item.kind in ("url", "index", "extra-index", "links", "repository"):
        return Severity.HIGH, "Packages come over an unprotected connection, where anyone on the way can replace them."
    if item.kind == "trusted-host":
        return Severity.MEDIUM, "The certificate of a package host is not checked."
    if item.kind == "index" or item.kind == "extra-index":
        if known:
            return Severity.LOW, "Packages come from an index other than the usual one."
        return Severity.MEDIUM, f"Packages come from an index at an uncommon host, {host or 'unknown'}."
    if item.kind in ("url", "repository"):
        if not known and host:
            return Severity.MEDIUM, f"A package comes from an uncommon host, {host}."
        return None if pinned else (Severity.LOW, "A package comes from a repository or address, unpinned.")
    if item.kind == "links":
        return (Severity.LOW if known else Severity.MEDIUM), "Packages come from a list of links."
    if item.kind == "path" and (".." in text or text.startswith(("/", "~")) or "file:///" in text):
        return Severity.MEDIUM, "A package comes from outside the model's directory."
    if item.kind == "channel" and "://" in text and not known:
        return Severity.MEDIUM, "Packages come from a channel at an uncommon host."
    return None


def _host(text: str) -> str:
    match = re.search(r"://(?:[^/@\s]*@)?([^/:\s'\"]+)", text)
    return match.group(1) if match else ""
