"""Beyond single columns: all together, and by segment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.coarse import Coarse
from violet.detectors.profile.together import SURE, changed_pairs, discrepancy, segment_counts
from violet.domain.drift import Change, JointDrift, PairChange, SegmentDrift

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.layout import Layout
    from violet.detectors.profile.profile import Profile
    from violet.services.drifting.columns import Rules

    Array = NDArray[Any]

PAIRS = 5
MOVED = 0.2
FEWEST = 50
"""Rows of a segment on each side from which it is compared."""
SEGMENTS = 50


def compare_together(before: Profile, after: Profile, rules: Rules) -> JointDrift | None:
    """By mean random features and by correlations. ``None`` where the profile has no reference to encode by."""
    reference = before.layout.reference
    if reference is None:
        return None
    found = discrepancy(before.joint, after.joint, reference, rules.level)
    if found is None:
        return None
    pairs = changed_pairs(before.joint, after.joint, reference.names, PAIRS) if not reference.shape else []
    moved = sum(abs(pair.errors) > SURE and abs(pair.after - pair.before) >= MOVED for pair in pairs)
    change, reason = Change.STABLE, f"The discrepancy {found.mmd:.4f} is no more than chance gives ({found.noise:.4f})."
    if found.mmd > found.noise:
        share = f"{100 * found.share:.1f} % of what distributions with nothing in common are apart"
        change = _sized(found.share, rules.threshold)
        reason = f"The discrepancy {found.mmd:.4f} is beyond chance ({found.noise:.4f}): {share}."
    if moved and change is not Change.DRIFT:
        worst = pairs[0]
        change = Change.DRIFT if abs(worst.after - worst.before) >= 2 * MOVED else Change.MODERATE
        reason += (
            f" The correlation of {worst.one} and {worst.other} went from {worst.before:+.2f} to {worst.after:+.2f}."
        )
    return JointDrift(
        change=change,
        reason=reason,
        mmd=found.mmd,
        noise=found.noise,
        share=found.share,
        p=found.p,
        rows_before=before.joint.rows,
        rows_after=after.joint.rows,
        pairs=tuple(PairChange(p.one, p.other, p.before, p.after, p.errors) for p in pairs),
        moved=moved,
    )


def _sized(effect: float, threshold: float) -> Change:
    if effect >= threshold:
        return Change.DRIFT
    return Change.MODERATE if effect >= threshold / 2 else Change.STABLE


def compare_segments(before: Profile, after: Profile, rules: Rules, asked: list[bool]) -> list[SegmentDrift]:
    """Each segment with the column that stands out most: that changed within it, beyond chance, and more than in the
    rest of the rows. What changes everywhere is no change of a segment. The greatest first."""
    layout = before.layout
    every = segment_counts(before, after)
    counted = [s for s in every if min(_rows(s.before, layout), _rows(s.after, layout)) >= FEWEST]
    if not counted:
        return []
    coarse = Coarse(layout)
    p, q = np.stack([s.before for s in counted]), np.stack([s.after for s in counted])
    whole: dict[str, tuple[Array, Array]] = {}
    for segment in every:
        known = whole.get(segment.column)
        pair = segment.before, segment.after
        whole[segment.column] = pair if known is None else (known[0] + pair[0], known[1] + pair[1])
    rest = [np.stack([whole[s.column][side] for s in counted]) - own for side, own in enumerate((p, q))]
    effects, elsewhere = coarse.effects(p, q), coarse.effects(rest[0], rest[1])
    noise = coarse.noise(p, q, rules.each / len(counted))
    few = (coarse.totals(p) < FEWEST) | (coarse.totals(q) < FEWEST)
    out = effects - np.nan_to_num(elsewhere) - noise
    out[few | ~np.isfinite(out) | ~np.array(asked, dtype=bool)] = -np.inf
    found = []
    for at, segment in enumerate(counted):
        mine = out[at].copy()
        if segment.column in layout.names:
            mine[layout.names.index(segment.column)] = -np.inf
        worst = int(np.argmax(mine))
        if not math.isfinite(mine[worst]):
            continue
        rows = _rows(segment.before, layout), _rows(segment.after, layout)
        effect = float(effects[at, worst])
        found.append(
            SegmentDrift(
                column=segment.column,
                name=segment.name,
                change=_sized(effect, rules.threshold) if mine[worst] > 0 else Change.STABLE,
                rows_before=rows[0],
                rows_after=rows[1],
                share_before=rows[0] / max(1, before.joint.rows),
                share_after=rows[1] / max(1, after.joint.rows),
                worst=layout.names[worst],
                effect=effect,
                noise=float(noise[at, worst]),
                elsewhere=float(elsewhere[at, worst]),
            )
        )
    order = sorted(found, key=lambda one: (-(one.effect - one.noise - _known(one.elsewhere)), one.column, one.name))
    return order[:SEGMENTS]


def _rows(counts: Array, layout: Layout) -> int:
    """Every row has one place in each column: those of the first are the rows."""
    return int(counts[: layout.coarse_offsets[1]].sum())


def _known(value: float) -> float:
    return value if value == value else 0.0
