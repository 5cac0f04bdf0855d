"""Apply the policy to a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import ConfigurationError
from violet.policy import decide, waive

if TYPE_CHECKING:
    import datetime

    from violet.domain import Decision, Report
    from violet.policy import Policy


def judge(report: Report, policy: Policy, today: datetime.date | None = None) -> tuple[Report, Decision]:
    """The report with waived findings moved to ``accepted``, and the decision. ``today`` (default: the date
    in UTC) decides which waivers are in force. Raises ``ConfigurationError`` for a waiver of a rule that
    does not exist."""
    if policy.waivers:
        if today is None:
            import datetime

            today = datetime.datetime.now(datetime.UTC).date()
        _require_known_rules(policy)
        report = waive(report, policy, today)
    return report, decide(report, policy, today)


def _require_known_rules(policy: Policy) -> None:
    from violet.services.catalogue import rules

    known = rules()
    for waiver in policy.waivers:
        if waiver.rule not in known:
            import difflib

            close = difflib.get_close_matches(waiver.rule, known, 1)
            hint = f"Did you mean {close[0]!r}?" if close else "See: violet rules"
            raise ConfigurationError(f"{waiver.origin.capitalize()} is for {waiver.rule!r}, which is no rule.", hint)
