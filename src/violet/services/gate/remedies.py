"""The commands that show a requirement's answer again, and those that would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import shell
from violet.domain.gate import Outcome, Requirement, RequirementResult
from violet.policy.cel.tree import compared

if TYPE_CHECKING:
    from violet.policy.expression import Expression
    from violet.policy.judge import Facts
    from violet.services.gate.gather import Gathered, Request

_MAKING = {
    "scan": "violet attest scan {path} --key KEY",
    "tests": "violet test {path} --data DATA --threat THREAT --attest --key KEY",
    "signature": "violet sign {path} --key KEY",
    "bom": "violet gate {path} --run-missing",
    "vulnerabilities": "violet gate {path} --run-missing",
    "lineage": "violet attest training {path} --data DATA --code CODE --key KEY",
    "attestations": "violet attest scan {path} --key KEY",
}
_SHOWING = {
    "scan": "violet scan {path} --isolated",
    "tests": "violet attest verify {path}",
    "signature": "violet verify {path}",
    "bom": "violet bom {path}",
    "vulnerabilities": "violet intel match {path}",
    "lineage": "violet lineage {path}",
    "attestations": "violet attest verify {path}",
}


_TYPES = {
    "test-result": "violet attest scan {path} --key KEY",
    "provenance": "violet attest training {path} --data DATA --code CODE --key KEY",
    "derivation": "violet attest derivation {path} --base BASE --relation RELATION --key KEY",
    "summary": "violet gate {path} --key KEY",
}
_OTHER_TYPE = "violet attest statement {path} --predicate-type {kind} --predicate FILE --key KEY"


def making(source: str, model: str, asked: Expression | None = None) -> str:
    """The command that makes evidence of this kind; for attestations, of the type that ``asked`` names first."""
    if source == "attestations" and asked is not None:
        for kind in compared(asked.node, "type"):
            return _TYPES.get(kind, _OTHER_TYPE).format(path=model, kind=kind)
    return _MAKING[source].format(path=model)


def reproduce(requirement: Requirement, request: Request, found: dict[str, Gathered]) -> str:
    """One command for each kind of evidence that the requirement asks about, believing whom the gate believed."""
    shown = [_SHOWING[source].format(path=request.shown) + _settings(source, request) for source in requirement.needs]
    if not shown:
        shown = [request.identity.command(request.path)]
    return " && ".join(dict.fromkeys(shown))


def _settings(source: str, request: Request) -> str:
    """The options with which a command sees the evidence that the gate saw."""
    if source in ("scan", "bom"):
        return ""
    options = request.options
    words: list[str] = []
    if source == "signature":
        words += ["--signature", options.signature] if options.signature else []
        words += [word for named in options.trust for word in ("--key", named.rpartition("=")[2])]
    elif source in ("attestations", "lineage", "tests"):
        words += [word for named in options.trust for word in ("--trust", named)]
        where = "--search" if source == "lineage" else "--store"
        words += [word for store in options.stores for word in (where, store)]
    configuration = request.configuration.file
    believed_here = source == "signature" and options.trust  # keys that are named stand for those of the settings
    if configuration and not believed_here:
        words += ["--config", configuration]
    return f" {shell.join(words)}" if words else ""


def fix(result: RequirementResult, asked: Expression, request: Request, facts: Facts) -> str:
    """What to do: what the policy itself says, else what its evidence suggests."""
    if result.requirement.remedy and result.outcome is not Outcome.UNKNOWN:
        return result.requirement.remedy
    missing = [entry.fix for entry in facts.missing if entry.source in result.requirement.needs and entry.fix]
    if missing:
        return missing[0]
    if result.requirement.remedy:
        return result.requirement.remedy
    signature = facts.context.get("signature")
    if "signature" in result.requirement.needs and isinstance(signature, dict) and signature.get("altered"):
        return "Get the model again from whoever signed it; a change that was meant is signed anew by its maker."
    if result.findings:
        return f"violet rules explain {result.findings[0].rule}"
    for source in result.requirement.needs:
        return making(source, request.shown, asked)
    return ""
