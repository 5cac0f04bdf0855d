"""Column by column: how far it moved, what of that chance and the reference's own variation explain, and the
verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile import distance
from violet.detectors.profile.kernel import ABOVE, BELOW, LEAST, MISSING, MOST, ROWS, SQUARES, TOTAL
from violet.domain.drift import Bars, Change, ColumnDrift
from violet.domain.rate import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.profile import Profile
    from violet.services.drifting.windows import Windows

    Array = NDArray[Any]

BARS = 24
SHOWN_WORDS = 12


@dataclass(frozen=True, slots=True)
class Rules:
    """``columns`` are as many as share ``level``, the probability of calling chance a change."""

    threshold: float
    psi_threshold: float
    level: float
    columns: int

    @property
    def each(self) -> float:
        return self.level / max(1, self.columns)


def compare_columns(windows: Windows, notes: dict[str, str]) -> list[ColumnDrift]:
    """All columns of the reference, in its order. ``notes`` say why a column of what is compared could not be read."""
    before, after, rules = windows.before, windows.after, windows.rules
    layout = before.layout
    found = []
    missing = (before.missing(), after.missing())
    for place, name in enumerate(layout.names):
        reason = _uncompared(name, place, before, after, notes)
        kind = "number" if place < len(layout.numbers) else "category"
        if reason:
            found.append(ColumnDrift(name, kind, Change.UNCOMPARED, reason))
            continue
        own = float(windows.natural[place])
        if place < len(layout.numbers):
            column = _number(place, before, after, own, rules)
        else:
            column = _category(place - len(layout.numbers), before, after, own, rules)
        column = _with_missing(
            column, (missing[0][place], before.present[place]), (missing[1][place], after.present[place]), rules
        )
        found.append(windows.told(column, place))
    for place, name in enumerate(layout.texts):
        found.append(_text(place, name, before, after, rules))
    return found


def _uncompared(name: str, place: int, before: Profile, after: Profile, notes: dict[str, str]) -> str:
    source = before.layout.numbers[place].of if place < len(before.layout.numbers) else name
    if source in notes:
        return f"It {notes[source]}."
    if not after.present[place]:
        return "It is not there in what is compared, or holds values of another kind."
    known = before.present[place] - before.missing()[place]
    if not known:
        return "The reference has no value in it."
    if not after.present[place] - after.missing()[place]:
        return "It has no value in what is compared."
    return ""


def _number(place: int, before: Profile, after: Profile, own: float, rules: Rules) -> ColumnDrift:
    layout = before.layout.numbers[place]
    a, b = before.counted(place), after.counted(place)
    d = distance.compare_numbers(layout, a, b)
    n, m = int(a.counts.sum()), int(b.counts.sum())
    noise = distance.ks_noise(n, m, rules.each)
    psi_noise = distance.psi_noise(layout.coarse_bins, n, m, rules.each)
    change, reason = verdict(("KS distance", d.ks, noise), own, (d.psi, psi_noise), rules)
    half = distance.ks_noise(n, m, 0.05)
    mean, deviation = _moments(a.moments, layout.center)
    mean_after, deviation_after = _moments(b.moments, layout.center)
    unit = deviation or abs(mean) or 1.0
    return ColumnDrift(
        name=layout.name,
        kind="number",
        change=change,
        reason=reason,
        effect=d.ks,
        interval=Interval(max(0.0, d.ks - half), min(1.0, d.ks + half), 0.95, "dkw"),
        noise=noise,
        natural=own,
        ks=d.ks,
        ks_p=d.ks_p,
        psi=d.psi,
        wasserstein=d.wasserstein,
        wasserstein_normed=d.wasserstein / unit,
        jensen_shannon=d.js,
        chi2=d.chi2,
        chi2_p=d.chi2_p,
        total_variation=d.variation,
        rows_before=n,
        rows_after=m,
        mean_before=mean,
        mean_after=mean_after,
        deviation_before=deviation,
        deviation_after=deviation_after,
        bars=number_bars(layout.edges, a.counts, b.counts, (a.moments, b.moments)),
    )


def _category(place: int, before: Profile, after: Profile, own: float, rules: Rules) -> ColumnDrift:
    layout = before.layout.categories[place]
    p, q = before.word_counts(place), after.word_counts(place)
    coarse = [np.append(x[: layout.coarse_bins - 1], x[layout.coarse_bins - 1 :].sum()) for x in (p, q)]
    d = distance.compare_words(coarse[0], coarse[1])
    chi2, _, chi2_p = distance.chi_square(p, q)
    n, m = int(p.sum()), int(q.sum())
    noise = distance.variation_noise(coarse[0], coarse[1], rules.each)
    psi_noise = distance.psi_noise(layout.coarse_bins, n, m, rules.each)
    change, reason = verdict(("total variation", d.variation, noise), own, (d.psi, psi_noise), rules)
    half = distance.variation_noise(coarse[0], coarse[1], 0.05)
    rest = after.rest[place]
    return ColumnDrift(
        name=layout.name,
        kind="category",
        change=change,
        reason=reason,
        effect=d.variation,
        interval=Interval(max(0.0, d.variation - half), min(1.0, d.variation + half), 0.95, "mcdiarmid"),
        noise=noise,
        natural=own,
        psi=d.psi,
        jensen_shannon=d.js,
        chi2=chi2,
        chi2_p=chi2_p,
        total_variation=d.variation,
        rows_before=n,
        rows_after=m,
        unseen=float(q[-1]) / m - float(p[-1]) / n,
        new_words=tuple((word[:100], count / m) for word, count in rest.top(5)),
        bars=_word_bars(layout.words, p, q),
    )


def _text(place: int, name: str, before: Profile, after: Profile, rules: Rules) -> ColumnDrift:
    """What texts are written with: hashed groups of three bytes. Groups of one text depend on each other, so that noise
    is told by as many texts, not by as many groups."""
    p, q = before.grams[place], after.grams[place]
    shown = f"{name} (characters)"
    lengths = next(i for i, column in enumerate(before.layout.numbers) if column.name == f"{name} (length)")
    n, m = (int(x.moments[lengths, ROWS] - x.moments[lengths, MISSING]) for x in (before, after))
    if not p.sum() or not q.sum():
        return ColumnDrift(shown, "text", Change.UNCOMPARED, "There are no texts on one side.")
    d = distance.compare_words(p, q)
    scale = n / p.sum(), m / q.sum()
    noise = distance.variation_noise(p * scale[0], q * scale[1], rules.each)
    change, reason = verdict(
        ("total variation of groups of three bytes", d.variation, noise), 0.0, (math.nan, 0.0), rules
    )
    kinds = before.characters[place], after.characters[place]
    from violet.detectors.profile.layout import CHARACTERS

    return ColumnDrift(
        name=shown,
        kind="text",
        change=change,
        reason=reason,
        effect=d.variation,
        noise=noise,
        jensen_shannon=d.js,
        total_variation=d.variation,
        rows_before=n,
        rows_after=m,
        bars=Bars(CHARACTERS, _part(kinds[0]), _part(kinds[1])),
    )


def verdict(effect: tuple[str, float, float], own: float, psi: tuple[float, float], rules: Rules) -> tuple[Change, str]:
    """By the size of the effect, never by significance alone. ``effect`` is its name, value and noise; ``psi`` the
    index and its noise."""
    name, value, noise = effect
    index, index_noise = psi
    most = max(noise, own if own == own else 0.0)
    if value <= most:
        why = "what chance gives" if noise >= most else "what windows of the reference differ by"
        return Change.STABLE, f"{name} {value:.3f} is no more than {why} ({most:.3f})."
    index_counts = index == index and index > index_noise
    if value >= rules.threshold:
        return Change.DRIFT, f"{name} {value:.3f} reaches {rules.threshold:g}; chance gives {noise:.3f}."
    if index_counts and index - index_noise >= rules.psi_threshold:
        return Change.DRIFT, f"PSI {index:.3f} reaches {rules.psi_threshold:g}; chance gives {index_noise:.3f}."
    if value >= rules.threshold / 2:
        return Change.MODERATE, f"{name} {value:.3f} is between {rules.threshold / 2:g} and {rules.threshold:g}."
    if index_counts and index - index_noise >= rules.psi_threshold / 2:
        return Change.MODERATE, f"PSI {index:.3f} is between {rules.psi_threshold / 2:g} and {rules.psi_threshold:g}."
    return Change.STABLE, f"{name} {value:.3f} is beyond chance ({noise:.3f}) and too small to matter."


def _with_missing(column: ColumnDrift, before: tuple[int, int], after: tuple[int, int], rules: Rules) -> ColumnDrift:
    """A column whose values stay, but are missing more or less often, drifted too."""
    from dataclasses import replace

    (gone, n), (now, m) = before, after
    was, is_now = gone / max(n, 1), now / max(m, 1)
    column = replace(column, missing_before=was, missing_after=is_now)
    apart = abs(is_now - was)
    noise = distance.ks_noise(n, m, rules.each)
    if apart <= noise or apart < rules.threshold / 2:
        return column
    change = Change.DRIFT if apart >= rules.threshold else Change.MODERATE
    reason = f"Missing in {100 * is_now:.1f} % of the rows, where it was {100 * was:.1f} %."
    if (change is Change.DRIFT and column.change is not Change.DRIFT) or column.change is Change.STABLE:
        return replace(column, change=change, reason=reason)
    return replace(column, reason=f"{column.reason} {reason}")


def _moments(moments: Array, center: float) -> tuple[float, float]:
    """Mean and standard deviation of finite values."""
    n = float(moments[ROWS] - moments[MISSING] - moments[BELOW] - moments[ABOVE])
    if n < 1:
        return math.nan, math.nan
    mean = float(moments[TOTAL]) / n
    return center + mean, math.sqrt(max(0.0, float(moments[SQUARES]) / n - mean * mean))


def number_bars(edges: Array, before: Array, after: Array, moments: tuple[Array, Array]) -> Bars:
    """Shares in equal bins over the middle of the reference; what lies beyond is in the outer ones."""
    total, total_after = before.sum(), after.sum()
    below = np.cumsum(before[:-1]) / total
    inside = edges[(below > 0.002) & (below < 0.998)]
    low, high = (inside[0], inside[-1]) if len(inside) > 1 else (moments[0][LEAST], moments[0][MOST])
    if not high > low:
        low, high = low - 0.5, high + 0.5
    cuts = np.linspace(low, high, BARS - 1)
    shares = []
    for counts, whole in ((before, total), (after, total_after)):
        at = np.interp(cuts, edges, np.cumsum(counts[:-1]) / whole)
        shares.append(tuple(float(x) for x in np.diff(np.concatenate([[0.0], at, [1.0]]))))
    labels = (f"below {low:.4g}", *(f"{a:.4g} to {b:.4g}" for a, b in pairwise(cuts)))
    return Bars((*labels, f"from {high:.4g}"), shares[0], shares[1])


def _word_bars(words: tuple[str, ...], before: Array, after: Array) -> Bars:
    order = np.argsort(-np.maximum(before[:-1] / max(1, before.sum()), after[:-1] / max(1, after.sum())), kind="stable")
    shown = np.sort(order[:SHOWN_WORDS])
    rest = [float(x.sum() - x[shown].sum()) / max(1, x.sum()) for x in (before, after)]
    labels = (*(words[place][:40] for place in shown), "all others")
    p = (*(float(before[i]) / max(1, before.sum()) for i in shown), rest[0])
    q = (*(float(after[i]) / max(1, after.sum()) for i in shown), rest[1])
    return Bars(labels, p, q)


def _part(counts: Array) -> tuple[float, ...]:
    return tuple(float(count) / max(1, counts.sum()) for count in counts)
