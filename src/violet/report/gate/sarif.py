"""The decision as SARIF 2.1.0: a result for each requirement that is not met, and for each finding behind them.

Requirements are rules called ``gate/NAME``. One that only warns is a warning; one that is waived is suppressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import Asset, Confidence, Decision, Digest, Finding, Location, Report, Rule, Severity
from violet.domain.gate import Enforcement, Outcome
from violet.domain.rule import Stage
from violet.report import View, sarif
from violet.report.gate.words import tally

if TYPE_CHECKING:
    from violet.domain.gate import GateDecision, RequirementResult
    from violet.report.gate import GateView


def render(view: GateView) -> str:
    return sarif.render(as_report(view))


def as_report(view: GateView) -> View:
    """The decision as a report whose findings are the requirements that are not met, and what the scan found."""
    decision = view.decision
    unmet = [_finding(result, decision) for result in decision.unmet]
    unmet += _unasked(decision)
    waived = [_finding(r, decision) for r in decision.results if r.outcome is Outcome.WAIVED]
    known = decision.report
    accepted = {w.fingerprint for w in decision.waivers if w.fingerprint}
    found = known.findings if known is not None else ()
    report = Report(
        command="gate",
        version=decision.version,
        assets=known.assets if known is not None else (_asset(decision),),
        findings=(*unmet, *(f for f in found if f.fingerprint not in accepted)),
        skipped=known.skipped if known is not None else (),
        failed=known.failed if known is not None else (),
        accepted=(*waived, *(f for f in found if f.fingerprint in accepted)),
    )
    rules = {rule.id: rule for rule in map(_rule, (r for r in decision.results if r.outcome is not Outcome.MET))}
    if not decision.results:
        rules[_NO_POLICY.id] = _NO_POLICY
    return View(
        report=report,
        decision=Decision(
            decision.verdict, (*decision.reasons, f"{tally(decision).capitalize()}."), decision.exit_code
        ),
        rules={**view.rules, **rules},
        rule_help=view.rule_help,
        command_line=decision.command,
    )


_NO_POLICY = Rule(
    id="gate/policy",
    title="There is a policy that asks something",
    severity=Severity.HIGH,
    fix="Give the gate a policy with a requirement for this environment.",
    stage=Stage.DEPLOYMENT,
)


def _rule(result: RequirementResult) -> Rule:
    requirement = result.requirement
    denies = requirement.enforcement is Enforcement.DENY
    return Rule(
        id=f"gate/{requirement.name}",
        title=requirement.description or requirement.name,
        severity=Severity.HIGH if denies else Severity.MEDIUM,
        fix=requirement.remedy or f"The policy asks: {requirement.expression}",
        stage=Stage.DEPLOYMENT,
        references=requirement.references,
    )


def _finding(result: RequirementResult, decision: GateDecision) -> Finding:
    rule = _rule(result)
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        confidence=Confidence.HIGH,
        message=f"{result.reason} {' '.join(result.details)}".strip(),
        location=Location(decision.path),
        evidence="; ".join(item.path or item.detail for item in result.evidence),
        fix=result.fix,
        key=result.requirement.name,
        logical_path=decision.identity.name,
    )


def _unasked(decision: GateDecision) -> list[Finding]:
    """Where no requirement was asked, or the model changed, the decision's own reasons are what is wrong."""
    if decision.results and not decision.reasons:
        return []
    return [
        Finding(
            rule=_NO_POLICY.id if not decision.results else "gate/model-unchanged",
            severity=Severity.HIGH,
            confidence=Confidence.HIGH,
            message=reason,
            location=Location(decision.path),
            key=reason,
            logical_path=decision.identity.name,
        )
        for reason in decision.reasons
    ]


def _asset(decision: GateDecision) -> Asset:
    digest = decision.identity.digest
    known = Digest("sha256", digest.value) if digest.algorithm == "sha256" else None
    return Asset(decision.path, "model", decision.identity.size, known)
