"""What every format of a decision says alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import Verdict
from violet.domain.gate import Enforcement, Outcome
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.gate import CheckedWaiver, EvidenceItem, GateDecision, RequirementResult, Waiver

OUTCOMES = {
    Outcome.MET: "met",
    Outcome.WAIVED: "waived",
    Outcome.NOT_MET: "not met",
    Outcome.UNKNOWN: "unknown",
    Outcome.ERROR: "error",
}
VERDICTS = {Verdict.ALLOW: "allowed", Verdict.WARN: "allowed with warnings", Verdict.DENY: "denied"}


def ordered(decision: GateDecision) -> tuple[RequirementResult, ...]:
    """What denies first, then what warns, what is waived, and what is met; else in the order of the policy."""
    return tuple(sorted(decision.results, key=_rank))


def _rank(result: RequirementResult) -> int:
    if result.passed:
        return 3 if result.outcome is Outcome.MET else 2
    return 0 if result.requirement.enforcement is Enforcement.DENY else 1


def style(result: RequirementResult) -> str:
    """``allow``, ``warn`` or ``deny``: what it does to the decision."""
    if result.passed:
        return "allow" if result.outcome is Outcome.MET else "warn"
    return "deny" if result.requirement.enforcement is Enforcement.DENY else "warn"


def tally(decision: GateDecision) -> str:
    """``2 of 7 requirements are not met, 1 is waived``."""
    total = len(decision.results)
    unmet, waived = len(decision.unmet), sum(r.outcome is Outcome.WAIVED for r in decision.results)
    if not total:
        return "nothing was asked"
    said = f"all {total:,} requirements are met" if not unmet else f"{unmet:,} of {total:,} requirements not met"
    if total == 1:
        said = "the requirement is met" if not unmet else "the requirement is not met"
    return said + (f", {waived:,} of them waived" if waived and not unmet else f", {waived:,} waived" if waived else "")


def described(result: RequirementResult) -> str:
    """What is asked, in words."""
    return visible(result.requirement.description) or visible(result.requirement.name)


def item_line(item: EvidenceItem) -> str:
    """One line for a piece of evidence: what, where, by whom."""
    parts = [visible(item.detail)]
    if item.path:
        parts.append(visible(item.path))
    if item.signers:
        parts.append(f"signed by {', '.join(map(visible, item.signers))}")
    return ", ".join(part for part in parts if part)


def waiver_line(waiver: Waiver) -> str:
    return visible(
        f"{waiver.target}, until {waiver.expires.isoformat()}, approved by {waiver.approver} for {waiver.owner}: "
        f"{waiver.reason}"
    )


def ineffective_line(entry: CheckedWaiver) -> str:
    about = f" ({entry.waiver.target})" if entry.waiver is not None else ""
    return visible(f"{entry.status}: {entry.path}{about}: {entry.reason}.")


def provenance_rows(decision: GateDecision) -> tuple[tuple[str, str], ...]:
    """What the decision is about, and how to make it again."""
    rows = (
        ("Model", f"{decision.path}, {decision.identity.digest}"),
        ("Environment", decision.environment),
        ("Policy", _policy(decision)),
        ("Time", decision.time.strftime("%Y-%m-%d %H:%M:%S UTC")),
        ("Summary", decision.summary),
        ("Again", decision.command),
    )
    return tuple((name, visible(value)) for name, value in rows if value)


def _policy(decision: GateDecision) -> str:
    if decision.policy_digest is None:
        return decision.policy
    return f"{decision.policy}, {decision.policy_digest}"
