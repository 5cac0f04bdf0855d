"""Turn a report into a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import Decision, Report, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

NEVER_FAIL = "never-fail-i-accept-everything"
"""The value of ``fail_on`` that lets every finding pass. Long, so that nobody sets it by accident."""

BY_CHOICE = frozenset({"ignored", "version control", "bytecode cache", "duplicate", "no advisories"})
"""``Skipped.what`` of things left out because somebody said so, or because they are examined elsewhere.
They are shown, but do not make a report incomplete."""


class Policy:
    """``fail_on`` is the lowest severity that is not let through; ``None`` lets everything through."""

    __slots__ = ("fail_on",)

    def __init__(self, fail_on: Severity | None = Severity.HIGH) -> None:
        self.fail_on = fail_on


def decide(report: Report, policy: Policy, notes: Sequence[str] = ()) -> Decision:
    """The verdict on what is left after baselines and waivers; ``notes`` are sentences about the latter.

    Exit codes: 1 where a finding reaches ``fail_on``; else 3 where something was not examined, or nothing
    was; else 0.
    """
    reasons: list[str] = []
    over = [f for f in report.findings if policy.fail_on is not None and f.severity >= policy.fail_on]
    unexamined = [s for s in report.skipped if s.what not in BY_CHOICE]
    nothing = not report.assets
    if over:
        reasons.append(f"{_count(len(over), 'finding')} of severity {policy.fail_on} or above.")
    if report.failed:
        reasons.append(f"{_count(len(report.failed), 'file')} could not be read.")
    if unexamined:
        places = len({s.location.path for s in unexamined})
        reasons.append(f"{_count(places, 'file')} not examined, or not completely.")
    if nothing:
        reasons.append("Nothing was examined.")
    reasons.extend(notes)
    if policy.fail_on is None:
        reasons.append(f"The policy lets every finding through ({NEVER_FAIL}).")
    if over:
        return Decision(Verdict.DENY, tuple(reasons), 1)
    if report.failed or unexamined or nothing:
        return Decision(Verdict.WARN, tuple(reasons), 3)
    warned = any(f.severity >= Severity.MEDIUM for f in report.findings)
    return Decision(Verdict.WARN if warned else Verdict.ALLOW, tuple(reasons), 0)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
