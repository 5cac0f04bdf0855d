"""Sum a campaign up: rates with intervals, curves, groups, worst cases, and what must not be believed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from violet.domain.rate import Rate
from violet.domain.robustness import (
    Believed,
    Curve,
    CurvePoint,
    EvasionTest,
    FeatureChange,
    GroupRobustness,
    Norm,
    Transfer,
    WorstCase,
)
from violet.targets.base import InputKind, Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.domain.robustness import DenialResult, ShiftResult
    from violet.services.testing.books import Outcome
    from violet.services.testing.run import Arena, Campaign

    Array = NDArray[Any]

WORST_SHOWN = 8
LARGEST_PICTURE = 3 * 128 * 128
"""Numbers of an image that is shown in a report."""
FEWEST = 10
"""Rows of a class or segment for which a rate is given."""
MOST_GROUPS = 40


def assemble(
    campaign: Campaign,
    restrictions: tuple[str, ...],
    shifts: tuple[ShiftResult, ...] = (),
    denial: tuple[DenialResult, ...] = (),
    transfers: tuple[Transfer, ...] = (),
    reliance: tuple[str, tuple[tuple[str, float], ...]] = ("", ()),
    command: str = "",
) -> EvasionTest:
    arena = campaign.arena
    n = len(arena.y)
    left = Rate(int(arena.standing.sum()), n)
    withheld = tuple(
        f"{c.question} No. {c.detail}" for c in campaign.sanity if c.outcome is Believed.FAILED and c.decisive
    )
    finished = _finished(campaign)
    limits = tuple(dict.fromkeys((*restrictions, *campaign.plan.left_out, *_troubles(arena))))
    if not finished and not withheld:
        withheld = ("Not all that was planned was run: what still stands may not have been attacked.",)
    if not campaign.plan.cascade:
        withheld = withheld or ("No attack was run.",)
    return EvasionTest(
        subject=arena.options.target.location or arena.target.name,
        data=arena.data.name or arena.options.data.path,
        data_digest=arena.data.digest,
        samples=n,
        classes=arena.data.classes,
        threat=arena.options.threat,
        seed=arena.options.seed,
        budget=_budget(arena),
        versions=versions(arena),
        clean=Rate(int(arena.correct.sum()), n),
        robust=None if withheld else left,
        bound=left,
        withheld=withheld,
        misclassified=int((~arena.correct).sum()),
        runs=tuple(o.summary() for o in (*campaign.cascade, *campaign.adaptive)),
        probes=tuple(o.summary() for o in campaign.probes.values()),
        sanity=campaign.sanity,
        curves=_curves(campaign),
        groups=_groups(arena),
        worst=_worst(arena),
        shifts=shifts,
        transfers=(*_surrogates(campaign), *transfers),
        denial=denial,
        moved=_moved(arena),
        kind=arena.target.domain.kind.value,
        relied=reliance[1],
        relied_by=reliance[0],
        restrictions=limits,
        partial=not finished,
        command=command,
        offers=tuple((flag.name or "").lower() for flag in Offers if flag in arena.target.offers),
        queries=sum(o.recount for o in arena.outcomes),
        seconds=arena.purse.used,
        thresholds=dict(arena.options.thresholds),
    )


def _finished(campaign: Campaign) -> bool:
    """Whether the cascade went through all that stood: each attack on every row, to the end of its own budget."""
    if campaign.arena.interrupted:
        return False
    # A cascade ends early when nothing stands any more; then what was left out would have found nothing.
    ended = len(campaign.cascade) == len(campaign.plan.cascade) or not campaign.arena.standing.any()
    return ended and all(o.complete and not o.errors for o in campaign.cascade)


def _troubles(arena: Arena) -> list[str]:
    """What went wrong in single attacks, each said once."""
    found = list(arena.run.notes) if arena.run is not None else []
    for outcome in arena.outcomes:
        for error in outcome.summary().errors:
            found.append(f"{outcome.planned.name}: {error}")
        if not outcome.complete and not outcome.errors:
            done = int(outcome.reached.sum())
            found.append(f"{outcome.planned.name} ran out of time ({done} of {len(outcome.rows)} samples were begun)")
    return found


def _budget(arena: Arena) -> str:
    queries = (
        f"{arena.options.queries:,} queries a sample and attack"
        if arena.options.queries
        else "each attack's own queries"
    )
    return f"{arena.options.budget:g} s, {queries}"


def versions(arena: Arena) -> tuple[tuple[str, str], ...]:
    """Of what the result depends on: Violet, Python, and the libraries that are loaded."""
    import platform
    import sys

    from violet import __version__

    found = [("violet", __version__), ("python", platform.python_version())]
    for name in ("numpy", "scipy", "sklearn", "torch", "onnxruntime", "xgboost", "lightgbm", "catboost"):
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            found.append((name, str(version)))
    return tuple(found)


def _curves(campaign: Campaign) -> tuple[Curve, ...]:
    """Over the radius, from all that was found on the probes; over queries, for each attack that spends them."""
    import numpy as np

    arena, rows = campaign.arena, campaign.probe_rows
    norm = arena.options.threat.norm
    place = {int(row): at for at, row in enumerate(rows)}
    fell_at = np.full(len(rows), np.inf)
    fell_at[~arena.correct[rows]] = 0.0
    names: list[str] = []
    for outcome in arena.outcomes:
        at = [(place[int(row)], number) for number, row in enumerate(outcome.rows) if int(row) in place]
        if not at:
            continue
        mine, theirs = (np.array(side) for side in zip(*at, strict=True))
        found = np.where(outcome.fooled[theirs], outcome.distance[theirs], np.inf)
        if np.isfinite(found).any() and outcome.planned.attack not in names:
            names.append(outcome.planned.attack)
        fell_at[mine] = np.minimum(fell_at[mine], found)
    curves: list[Curve] = []
    if campaign.curve:
        grid = [0.0, *(o.planned.threat.eps for o in campaign.curve)]
        points = tuple(CurvePoint(eps, Rate(int((fell_at > eps * (1 + 1e-6)).sum()), len(rows))) for eps in grid)
        curves.append(Curve("eps", " + ".join(names) or campaign.curve[0].planned.attack, norm, points))
    for outcome in campaign.probes.values():
        if outcome.planned.attack.startswith(("scores/", "decisions/", "tabular/", "text/")) and outcome.complete:
            curves.append(_over_queries(outcome, len(rows), norm))
    return tuple(curves)


def _over_queries(outcome: Outcome, total: int, norm: Norm) -> Curve:
    import numpy as np

    budget = outcome.planned.queries
    grid = sorted({1, *(int(q) for q in np.geomspace(1, max(budget, 2), 12)), budget})
    first = np.where(outcome.first >= 0, outcome.first, np.iinfo(np.int64).max)
    points = tuple(CurvePoint(float(q), Rate(int((first > q).sum()), total)) for q in grid)
    return Curve("queries", outcome.planned.name, norm, points)


def _groups(arena: Arena) -> tuple[GroupRobustness, ...]:
    import numpy as np

    found: list[GroupRobustness] = []
    for number, name in enumerate(arena.data.classes):
        found += _group(arena, "class", name, arena.y == number)
    for by, values in arena.data.segments.items():
        mine = np.asarray(values)[arena.index]
        for name in sorted({str(v) for v in mine}):
            found += _group(arena, by, name, mine.astype(str) == name)
    return tuple(found[:MOST_GROUPS])


def _group(arena: Arena, by: str, name: str, members: Array) -> list[GroupRobustness]:
    total = int(members.sum())
    if total < FEWEST:
        return []
    clean = Rate(int((members & arena.correct).sum()), total)
    return [GroupRobustness(by, name, clean, Rate(int((members & arena.standing).sum()), total))]


def _worst(arena: Arena) -> tuple[WorstCase, ...]:
    """The samples that fell to the least change."""
    import numpy as np

    fallen = np.flatnonzero(np.isfinite(arena.nearest))
    order = fallen[np.argsort(arena.nearest[fallen], kind="stable")][:WORST_SHOWN]
    if not len(order):
        return ()
    predicted = arena.target.labels(arena.examples[order])
    return tuple(_case(arena, int(row), int(label)) for row, label in zip(order, predicted, strict=True))


def _case(arena: Arena, row: int, predicted: int) -> WorstCase:
    domain = arena.target.domain
    picture = domain.kind is InputKind.IMAGE and math.prod(domain.shape) <= LARGEST_PICTURE
    names = arena.data.classes
    unit = domain.to_unit(arena.x[row : row + 1]) if picture else None
    moved = domain.to_unit(arena.examples[row : row + 1]) if picture else None
    return WorstCase(
        index=int(arena.index[row]),
        label=names[int(arena.y[row])],
        predicted=names[predicted] if predicted < len(names) else str(predicted),
        distance=float(arena.nearest[row]),
        attack=arena.fell_to[row],
        changes=changes(arena, row),
        shape=domain.shape if picture else (),
        layout=domain.layout if picture else "",
        original=() if unit is None else tuple(round(float(v), 5) for v in unit.ravel()),
        adversarial=() if moved is None else tuple(round(float(v), 5) for v in moved.ravel()),
    )


def changes(arena: Arena, row: int) -> tuple[FeatureChange, ...]:
    """The features that an attack moved, the furthest first; of a text, the words."""
    domain = arena.target.domain
    if domain.kind is InputKind.TEXT:
        return _words(str(arena.x[row]), str(arena.examples[row]))
    if domain.kind is InputKind.IMAGE or len(domain.shape) != 1:
        return ()
    import numpy as np

    before, after = np.asarray(arena.x[row], dtype=float), np.asarray(arena.examples[row], dtype=float)
    share = np.abs(domain.to_unit(after[None])[0] - domain.to_unit(before[None])[0])
    order = [int(i) for i in np.argsort(-share, kind="stable") if share[i] > 1e-9]
    return tuple(
        FeatureChange(feature_name(arena, i), _shown(arena, i, before[i]), _shown(arena, i, after[i]), float(share[i]))
        for i in order
    )


def feature_name(arena: Arena, index: int) -> str:
    names = arena.target.domain.names
    return names[index] if index < len(names) else f"feature {index}"


def _shown(arena: Arena, index: int, value: float) -> str:
    schema = arena.target.domain.schema
    if schema is not None and index < len(schema.features):
        words = schema.features[index].values
        if words and float(value).is_integer() and 0 <= value < len(words):
            return words[int(value)]
    return f"{value:.6g}"


def _words(before: str, after: str) -> tuple[FeatureChange, ...]:
    import difflib

    old, new = before.split(), after.split()
    found = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            found.append(FeatureChange(f"word {a + 1}", " ".join(old[a:b]), " ".join(new[c:d])))
    return tuple(found)


def _moved(arena: Arena) -> tuple[tuple[str, float], ...]:
    """Of a table: how far each feature was moved, over all that fell, as shares."""
    import numpy as np

    domain = arena.target.domain
    fallen = np.flatnonzero(np.isfinite(arena.nearest))
    if domain.kind in (InputKind.TEXT, InputKind.IMAGE) or len(domain.shape) != 1 or not len(fallen):
        return ()
    distance = np.abs(domain.to_unit(arena.examples[fallen]) - domain.to_unit(arena.x[fallen])).sum(axis=0)
    total = float(distance.sum())
    if not total:
        return ()
    order = [int(i) for i in np.argsort(-distance, kind="stable") if distance[i] > 0]
    return tuple((feature_name(arena, i), float(distance[i] / total)) for i in order)


def _surrogates(campaign: Campaign) -> tuple[Transfer, ...]:
    """Examples made on a surrogate, against the target."""
    return tuple(
        Transfer("a surrogate trained on its answers", "the target", Rate(int(o.fooled.sum()), len(o.rows)))
        for o in campaign.probes.values()
        if o.planned.attack.startswith("transfer/") and len(o.rows)
    )


def references(arena: Arena) -> tuple[Transfer, ...]:
    """How many of the examples that fool the target fool other models, trained on data of the same kind.

    Two models, a logistic regression and a forest, learn the pool and what of the data was not attacked; rows that they
    misclassify without any attack are left out.
    """
    import numpy as np

    from violet.attacks.references import train_references

    fallen = np.flatnonzero(np.isfinite(arena.nearest))
    if arena.target.domain.kind is InputKind.TEXT or len(fallen) < FEWEST:
        return ()
    others = np.setdiff1d(np.arange(len(arena.data)), arena.index)
    rows = others[:4000] if len(others) >= 200 else arena.index[np.setdiff1d(np.arange(len(arena.y)), fallen)]
    x, y = _flat(arena, arena.data.x[rows]), arena.data.y[rows]
    if len(np.unique(y)) < 2 or len(rows) < 50:
        return ()
    before, after = _flat(arena, arena.x[fallen]), _flat(arena, arena.examples[fallen])
    found = []
    for name, predict in train_references(x, y, arena.options.seed):
        right = predict(before) == arena.y[fallen]
        fooled = Rate(int((right & (predict(after) != arena.y[fallen])).sum()), int(right.sum()))
        found.append(Transfer("the target", f"{name} trained on {len(rows):,} rows", fooled))
    return tuple(found)


def _flat(arena: Arena, x: Array) -> Array:
    import numpy as np

    unit = arena.target.domain.to_unit(x).reshape(len(x), -1)
    return np.nan_to_num(unit)
