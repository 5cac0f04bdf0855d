"""What every format says of a test: sentences for people outside machine learning, and tables, most important first.

Every text is made visible here, so that a renderer only has to escape what its format gives a meaning to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain.rate import Rate
from violet.domain.robustness import Believed, Norm
from violet.report.told import Section
from violet.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.domain.robustness import (
        AttackRun,
        Curve,
        EvasionTest,
        SanityCheck,
        ShiftResult,
        Spent,
        Threat,
        WorstCase,
    )

GROUPS_SHOWN = 20
CHANGES_SHOWN = 8
MOVED_SHOWN = 10

_UNITS = {Norm.LINF: "Linf", Norm.L2: "L2", Norm.L1: "L1", Norm.L0: "features", Norm.FEASIBLE: "features"}
_OUTCOMES = {Believed.FAILED: "failed", Believed.NOT_RUN: "not asked", Believed.PASSED: "passed"}
_STYLES = {Believed.FAILED: "deny", Believed.NOT_RUN: "dim", Believed.PASSED: "allow"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the figures at the top: its name, the value, and the interval or the reason that there is none."""

    name: str
    value: str
    detail: str
    about: str
    missing: bool = False


def title(test: EvasionTest) -> str:
    return visible(f"Robustness of {test.subject} against {test.threat}")


def figures(test: EvasionTest) -> list[Figure]:
    """The headline: robust accuracy, or that it is withheld; beside it what it is to be compared with."""
    if test.robust is None:
        robust = Figure("robust accuracy", "withheld", _count(len(test.withheld), "reason"), "see below", True)
    else:
        robust = _figure("robust accuracy", test.robust, "right answers that withstood every attack")
    bound = _figure("left standing", test.bound, "an upper bound: a stronger attack may find more")
    clean = _figure("accuracy as it is", test.clean, "right answers without any attack")
    return [robust, bound, clean] if test.robust is None else [robust, clean]


def _figure(name: str, rate: Rate, about: str) -> Figure:
    if not rate.total:
        return Figure(name, "not measured", "no cases", about, True)
    return Figure(name, f"{100 * rate.value:.1f} %", f"{_interval(rate)}, {rate.hits:,} of {rate.total:,}", about)


def _interval(rate: Rate) -> str:
    interval = rate.interval()
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f} %"


def withheld(test: EvasionTest) -> list[str]:
    return [visible(reason) for reason in test.withheld]


def partial(test: EvasionTest) -> str:
    """Empty for a test that is complete."""
    if not test.partial:
        return ""
    return "This report is partial: not all that was planned was run, so that attacks which did not run may find more."


def plain(test: EvasionTest) -> str:
    """The whole result in one paragraph, for people who are not in machine learning."""
    right = test.clean.hits
    asked = f"{test.subject} was asked about {_count(test.samples, 'example')} whose right answer is known"
    played = f"Violet then played an attacker who may {allowed(test.threat, test.kind)}"
    said = [
        f"{asked}, and got {_share(test.clean)} right.",
        f"{played}, and searched for such changes that turn a right answer into a wrong one.",
    ]
    fell = right - test.bound.hits if test.robust is None else right - test.robust.hits
    if right:
        said.append(
            f"It found one for {fell:,} of the {right:,} examples that the model had right."
            if fell
            else f"It found none for any of the {right:,} examples that the model had right."
        )
    if test.robust is None:
        said.append(
            "How robust the model is cannot be said from this test, for the reasons that stand with it: what still"
            " stands may fall to an attack that was not run, or was misled."
        )
    else:
        said.append(
            f"Under attack, it answers {_share(test.robust)} of all examples right. No test can show that nobody finds"
            " more; this one shows that so much can be found."
        )
    said.append(
        "Figures in parentheses say how far off a figure may be because only so many examples were tried: with 95 %"
        " confidence, the true one lies between the two."
    )
    return visible(" ".join(said))


def allowed(threat: Threat, kind: str = "") -> str:
    """What the attacker may do to inputs of this kind, after "may"."""
    eps = threat.eps
    if threat.norm is Norm.LINF:
        return f"change every number of an input by at most {_percent(eps)} of its range"
    if threat.norm is Norm.L0:
        if kind == "text":
            return f"change at most {_count(int(eps), 'word')} of a text"
        return f"change at most {_count(int(eps), 'number')} of an input, by any amount"
    if threat.norm is Norm.FEASIBLE:
        most = "an input" if math.isinf(eps) else f"at most {_count(int(eps), 'feature')} of an input"
        return f"change {most} in any way that the description of the table allows"
    how = "in a straight line (L2)" if threat.norm is Norm.L2 else "in sum (L1)"
    return f"move an input by at most {eps:g} {how}, where each number counts by its share of its range"


def sections(test: EvasionTest, *, brief: bool = False) -> list[Section]:
    """All tables that have rows, in the order in which they are read; worst cases are shown apart. ``brief`` is for
    where there is little room: checks that were not asked stand together, without sources, and of the curves over
    queries the one that ends lowest, and of each change that happens by itself the strength that is worst."""
    shown = _telling(test) if brief else range(len(test.curves))
    made = [
        _attacks(test),
        _asked(test) if brief else _sanity(test),
        _groups(test),
        *(_curve(test.curves[number], number) for number in shown),
        _shifts(test, brief),
        _transfers(test),
        _denial(test),
        _moved(test),
        _probes(test),
    ]
    return [section for section in made if section.rows]


def _attacks(test: EvasionTest) -> Section:
    return _runs(
        "attacks",
        "Attacks",
        "In this order, each on what the ones before had left standing. What any of them fools counts as fallen.",
        test.runs,
    )


def _probes(test: EvasionTest) -> Section:
    return _runs(
        "probes",
        "Attacks side by side",
        "Each alone on the same few examples, so that their strength can be compared.",
        test.probes,
    )


def _runs(id: str, title: str, lead: str, runs: Iterable[AttackRun]) -> Section:
    rows, after, cut = [], [], []
    for run in runs:
        name = run.attack + "".join(f" {key}={value}" for key, value in run.options)
        fooled = Rate(run.fooled, run.attempted)
        distance = "" if math.isnan(run.median_distance) else f"{run.median_distance:.3g}"
        rows.append(
            tuple(
                map(
                    visible,
                    (
                        name if run.complete else f"{name} ({'incomplete' if run.attempted else 'not begun'})",
                        str(fooled),
                        distance,
                        _spent(run.queries),
                        _spent(run.gradients),
                        f"{run.budget:,}",
                        _seconds(run.seconds),
                        str(run.seed),
                    ),
                )
            )
        )
        after += [f"{name}: {error}" for error in run.errors]
        if not run.complete:
            cut.append(name)
    header = ("Attack", "Fooled", "Distance", "Queries", "Gradients", "Budget", "Time", "Seed")
    return Section(
        id,
        title,
        lead + " Queries and gradients are of one example: mean, and most; distance is the median of what was fooled.",
        header,
        tuple(rows),
        numbers=(2, 3, 4, 5, 6, 7),
        rates=(1,),
        spare=(7, 5, 6, 4, 2),
        after=visible(" ".join(dict.fromkeys([*after, f"Not run to the end: {', '.join(cut)}."] if cut else after))),
    )


_CHECKS = ("checks", "Can the figure be believed?")
_WHY = (
    "A model can look robust because the test was weak. Each check asks what would show that; a decisive one that"
    " fails withholds the headline figure."
)


def _sanity(test: EvasionTest) -> Section:
    checks = _in_order(test)
    return Section(
        *_CHECKS,
        _WHY,
        header=("Check", "Question", "What was seen", "Source"),
        rows=tuple((_outcome(c), visible(c.question), visible(c.detail), visible(c.source)) for c in checks),
        styles=tuple(_STYLES[check.outcome] for check in checks),
    )


def _asked(test: EvasionTest) -> Section:
    """The checks that say something, and those that were not asked by their reasons."""
    checks = [check for check in _in_order(test) if check.outcome is not Believed.NOT_RUN]
    reasons: dict[str, list[str]] = {}
    for check in test.sanity:
        if check.outcome is Believed.NOT_RUN:
            reasons.setdefault(check.detail, []).append(check.id)
    rows = [(_outcome(check), visible(check.question), visible(check.detail)) for check in checks]
    rows += [(_OUTCOMES[Believed.NOT_RUN], visible(", ".join(ids)), visible(why)) for why, ids in reasons.items()]
    return Section(
        *_CHECKS,
        _WHY,
        header=("Check", "Question", "What was seen"),
        rows=tuple(rows),
        styles=(*(_STYLES[check.outcome] for check in checks), *[_STYLES[Believed.NOT_RUN]] * len(reasons)),
    )


def _in_order(test: EvasionTest) -> list[SanityCheck]:
    order = [Believed.FAILED, Believed.PASSED, Believed.NOT_RUN]
    return sorted(test.sanity, key=lambda check: (order.index(check.outcome), not check.decisive))


def _outcome(check: SanityCheck) -> str:
    said = _OUTCOMES[check.outcome]
    return f"{said}, not decisive" if check.outcome is Believed.FAILED and not check.decisive else said


def _groups(test: EvasionTest) -> Section:
    worst = sorted(test.groups, key=lambda group: (group.robust.value, group.by, group.name))
    rows = tuple(
        (visible(f"{group.by} {group.name}"), str(group.clean), str(group.robust)) for group in worst[:GROUPS_SHOWN]
    )
    left = len(worst) - len(rows)
    return Section(
        "groups",
        "Classes and segments",
        "The weakest first: a good average can hide a group that falls."
        + (" What still stands is an upper bound." if test.robust is None else ""),
        ("Group", "As it is", "Under attack"),
        rows,
        rates=(1, 2),
        spare=(1,),
        after=f"{_count(left, 'more group')} in the JSON report." if left > 0 else "",
    )


def _curve(curve: Curve, number: int) -> Section:
    over = curve_axis(curve)
    title = (
        "Accuracy over the radius" if curve.over == "eps" else visible(f"Accuracy over {curve.over}: {curve.attack}")
    )
    return Section(
        f"curve-{number}",
        title,
        visible(f"Accuracy under {curve.attack}, at each {over}: all that it misclassifies counts as fallen."),
        (over[:1].upper() + over[1:], "Accuracy"),
        tuple((f"{point.at:,.6g}", str(point.accuracy)) for point in curve.points),
        numbers=(0,),
        rates=(1,),
    )


def _telling(test: EvasionTest) -> list[int]:
    """The curves over the radius, and of those over anything else the one that ends lowest."""
    radius = [number for number, curve in enumerate(test.curves) if curve.over == "eps"]
    others = [number for number, curve in enumerate(test.curves) if curve.over != "eps" and curve.points]
    lowest = min(others, key=lambda number: test.curves[number].points[-1].accuracy.value, default=None)
    return radius if lowest is None else [*radius, lowest]


def curve_axis(curve: Curve) -> str:
    if curve.over == "eps":
        return f"radius ({_UNITS[curve.norm]})"
    return "number of queries" if curve.over == "queries" else visible(curve.over)


def _shifts(test: EvasionTest, brief: bool) -> Section:
    shifts = list(test.shifts)
    if brief:
        worst: dict[str, ShiftResult] = {}
        for shift in sorted(shifts, key=lambda shift: shift.accuracy.value):
            worst.setdefault(shift.shift, shift)
        shifts = list(worst.values())
    rows = tuple(
        (
            visible(shift.shift),
            f"{shift.strength:g}",
            str(shift.accuracy),
            str(shift.clean),
            _points(shift.accuracy, shift.clean),
        )
        for shift in shifts
    )
    cut = "Each at the strength that is worst; the others are in the HTML and JSON reports."
    return Section(
        "shifts",
        "Changes that happen by themselves",
        "No attacker is needed for these: the floor that any model should stand on.",
        ("Change", "Strength", "Accuracy", "Without it", "Points"),
        rows,
        numbers=(1, 4),
        rates=(2, 3),
        spare=(3, 1),
        after=cut if len(rows) < len(test.shifts) else "",
    )


def _points(after: Rate, before: Rate) -> str:
    if not (after.total and before.total):
        return ""
    return f"{100 * (after.value - before.value):+.1f}"


def _transfers(test: EvasionTest) -> Section:
    return Section(
        "transfers",
        "Transfer",
        "How many of the changes that fool one model fool another: what an attacker can prepare elsewhere.",
        ("Made against", "Tried on", "Fooled"),
        tuple((visible(t.source), visible(t.destination), str(t.fooled)) for t in test.transfers),
        rates=(2,),
    )


def _denial(test: EvasionTest) -> Section:
    rows = tuple(
        (
            visible(denial.method if denial.complete else f"{denial.method} (incomplete)"),
            visible(f"{denial.usual:.3g} {denial.unit}"),
            visible(f"{denial.worst:.3g} {denial.unit}"),
            "" if math.isnan(denial.factor) else f"{denial.factor:.3g} times",
            visible(denial.detail),
        )
        for denial in test.denial
    )
    return Section(
        "denial",
        "Inputs that cost more",
        "How much the most expensive input found costs the service, beside a usual one.",
        ("Method", "Usual", "Worst found", "Factor", "Detail"),
        rows,
        numbers=(1, 2, 3),
        spare=(4,),
    )


def _moved(test: EvasionTest) -> Section:
    relied = dict(test.relied)
    rows = tuple(
        (visible(name), _percent(share), *((_percent(relied.get(name, 0.0)),) if relied else ()))
        for name, share in test.moved[:MOVED_SHOWN]
    )
    left = len(test.moved) - len(rows)
    head = ("Feature", "Moved", "Relied on") if relied else ("Feature", "Moved")
    lead = "By how often and how far: what an attacker reaches for"
    beside = f", beside what the model relies on ({visible(test.relied_by)})." if relied else "."
    return Section(
        "moved",
        "Features that attacks moved",
        lead + beside,
        head,
        rows,
        numbers=tuple(range(1, len(head))),
        after=f"{_count(left, 'more feature')} in the JSON report." if left > 0 else "",
    )


def worst_case(case: WorstCase, norm: Norm) -> str:
    """What happened to this input, in a sentence."""
    if norm in (Norm.L0, Norm.FEASIBLE):
        moved = _count(round(case.distance), "change")
    else:
        moved = f"a change of {case.distance:.3g} ({_UNITS[norm]})"
    return visible(f"Row {case.index}: {case.label} is taken for {case.predicted} after {moved} by {case.attack}.")


def change_rows(case: WorstCase) -> tuple[list[tuple[str, str, str]], int]:
    """Feature, before and after; and how many more there are."""
    rows = [
        (visible(change.feature), visible(change.before) or "(nothing)", visible(change.after) or "(nothing)")
        for change in case.changes[:CHANGES_SHOWN]
    ]
    return rows, len(case.changes) - len(rows)


def restrictions(test: EvasionTest) -> list[str]:
    return [visible(text) for text in test.restrictions]


def provenance(test: EvasionTest) -> list[tuple[str, str]]:
    """What made these figures, to make them again: name and value."""
    spent = f"{test.queries:,} rows asked in {_seconds(test.seconds)}"
    found = [
        ("Data", f"{test.data} ({test.data_digest})" if test.data_digest else test.data),
        ("Samples", f"{test.samples:,}, of which {test.misclassified:,} were misclassified to begin with"),
        ("Seed", str(test.seed)),
        ("Budget", test.budget),
        ("Spent", spent),
        ("The target offers", ", ".join(test.offers)),
        ("Thresholds", ", ".join(f"{name} {value:g}" for name, value in test.thresholds.items())),
        ("Versions", ", ".join(f"{name} {version}" for name, version in test.versions)),
    ]
    return [(name, visible(value)) for name, value in found if value]


def _share(rate: Rate) -> str:
    return f"{100 * rate.value:.1f} % ({_interval(rate)})" if rate.total else "none"


def _spent(spent: Spent) -> str:
    return "0" if not spent.most else f"{spent.mean:,.0f} ({spent.most:,})"


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
