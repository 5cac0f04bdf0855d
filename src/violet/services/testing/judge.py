"""The rules of robustness tests, asked about one test: findings, measurements, and what was not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet import __version__
from violet.domain import Asset, Failed, Finding, Location, Measurement, Report, Skipped

if TYPE_CHECKING:
    from violet.domain.rate import Rate
    from violet.domain.robustness import EvasionTest

FORMAT = "evasion-test"
"""What rules name as the format of what they are asked about."""


def outcomes_of(facts: Any, format_id: str, subject: str) -> list[Any]:
    """What every rule for ``format_id`` says of ``facts``, in the order of rule ids."""
    from violet.checks.base import Context, Node, checks_for
    from violet.formats.base import Parsed
    from violet.formats.source import BytesSource

    node = Node(
        path=subject,
        logical_path=subject.replace("\\", "/").rpartition("/")[2],
        name=subject,
        source=BytesSource(b""),
        format=None,
        formats=(),
        parsed=Parsed(facts=facts),
        depth=0,
        relation=None,
        parent=None,
        deep=False,
    )
    found: list[Any] = []
    for entry in checks_for(format_id):
        if format_id in entry.formats:
            found += entry.judge(Context(entry.rule, node))
    return found


def report_of(test: EvasionTest) -> Report:
    """A report as a scan makes one, so that policies, gates, attestations and viewers take it in."""
    where = Location(test.subject)
    found = outcomes_of(test, FORMAT, test.subject)
    skipped = [o for o in found if isinstance(o, Skipped)]
    if test.partial:
        skipped.append(Skipped(where, "not all that was planned was run", "evasion test"))
    return Report(
        command="test",
        version=__version__,
        assets=(Asset(test.subject, FORMAT, 0),),
        findings=tuple(o for o in found if isinstance(o, Finding)),
        skipped=tuple(skipped),
        failed=tuple(o for o in found if isinstance(o, Failed)),
        measurements=(*measurements(test), *(o for o in found if isinstance(o, Measurement))),
    )


def measurements(test: EvasionTest) -> tuple[Measurement, ...]:
    where = Location(test.subject)
    figures: list[Measurement] = []

    def add(name: str, value: float, unit: str = "") -> None:
        figures.append(Measurement(where, f"evasion.{name}", value, unit))

    def add_rate(name: str, rate: Rate) -> None:
        if not rate.total:
            return
        interval = rate.interval()
        add(name, rate.value)
        add(f"{name}.low", interval.low)
        add(f"{name}.high", interval.high)

    add_rate("clean_accuracy", test.clean)
    if test.robust is not None:
        add_rate("robust_accuracy", test.robust)
    add_rate("robust_accuracy_bound", test.bound)
    add("believable", 0.0 if test.withheld else 1.0)
    add("samples", test.samples)
    add("eps", test.threat.eps if test.threat.eps != float("inf") else -1.0, str(test.threat.norm))
    add("seed", test.seed)
    add("queries", test.queries)
    add("seconds", round(test.seconds, 3), "s")
    if test.shifts:
        add("shift_accuracy_lowest", min(s.accuracy.value for s in test.shifts if s.accuracy.total))
    for denial in test.denial:
        add(f"denial_factor.{denial.method}", denial.factor)
    return tuple(figures)
