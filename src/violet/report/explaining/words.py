"""What every format says of an explanation: tables with a sentence before and after, in the order of the report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from violet.report.told import Section
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.explanation import (
        AttackSurface,
        DetectionScore,
        Explanation,
        InputExplanation,
        ShiftDetection,
        ShortcutSearch,
        Stability,
    )
    from violet.domain.rate import Interval, Rate

SHOWN = 12


def headline(explanation: Explanation) -> str:
    partial = " (partial)" if explanation.partial else ""
    return visible(f"{explanation.subject}: what it relies on, by {explanation.method}{partial}")


def facts(explanation: Explanation) -> list[tuple[str, str]]:
    """Name and value: on what, how, and how well it adds up."""
    complete = explanation.completeness
    adds = f"off by {complete.mean:.2g} on average, {complete.largest:.2g} at most ({percent(complete.relative)})"
    if not complete.expected:
        adds += "; this method does not promise that they do"
    return [
        ("Data", visible(f"{explanation.data}, {explanation.samples:,} of its {explanation.kind} inputs")),
        ("Accuracy on them", str(explanation.accuracy)),
        ("Method", f"{explanation.method}, {'computed' if explanation.exact else 'estimated'}, in {explanation.unit}"),
        ("Compared with", explanation.against),
        ("Attributions add up", adds),
    ]


def sections(explanation: Explanation) -> list[Section]:
    """All that was measured. What was not is not here, but among the restrictions."""
    made = [_reliance(explanation)]
    if explanation.surface is not None:
        made.append(_surface(explanation.surface))
    if explanation.detection is not None:
        made.append(_detection(explanation.detection))
    if explanation.shortcuts is not None:
        made.append(_shortcuts(explanation.shortcuts))
    if explanation.stability is not None:
        made.append(_stability(explanation.stability, explanation.kind == "text"))
    return made + [_input(entry, explanation) for entry in explanation.inputs]


def provenance(explanation: Explanation) -> list[tuple[str, str]]:
    cost = f"{explanation.queries:,} rows asked"
    if explanation.gradients:
        cost += f", {explanation.gradients:,} gradients"
    return [
        ("Again", visible(explanation.command)),
        ("Seed", str(explanation.seed)),
        ("Cost", f"{cost}, {explanation.seconds:.1f} s"),
        ("Data digest", visible(explanation.data_digest)),
        ("Versions", visible(", ".join(f"{name} {version}" for name, version in explanation.versions))),
    ]


def _reliance(explanation: Explanation) -> Section:
    shown = explanation.reliance[:SHOWN]
    largest = max((entry.share for entry in shown), default=1.0) or 1.0
    rows = tuple(
        (
            visible(entry.feature) + (" (immutable)" if entry.immutable else ""),
            f"{percent(entry.share)} {between(entry.interval, 100)}",
            f"{entry.mean:.3g}",
            short(entry.flips) if entry.flips is not None else "",
        )
        for entry in shown
    )
    left = explanation.reliance[SHOWN:]
    rest = f"{len(left):,} others make up {percent(sum(entry.share for entry in left))}." if left else ""
    return Section(
        "reliance",
        "What the model relies on",
        "The share of each word in all attributions, and how often the answer changes where it is taken out."
        if explanation.kind == "text"
        else "The share of each feature in all attributions, and how often the answer changes when it alone takes the "
        "value of another input.",
        (
            "word" if explanation.kind == "text" else "feature",
            "share (95 % interval)",
            f"mean size ({explanation.unit})",
            "changes the answer",
        ),
        rows,
        after=rest,
        spare=(2,),
        bars=tuple(entry.share / largest for entry in shown),
    )


def _surface(surface: AttackSurface) -> Section:
    shown = surface.entries[:SHOWN]
    largest = max((entry.exposure for entry in shown), default=1.0) or 1.0
    rows = tuple(
        (
            visible(entry.feature),
            percent(entry.moved),
            percent(entry.relied),
            short(entry.changed),
        )
        for entry in shown
    )
    notes = "".join(f" {visible(entry.feature)}: {visible(entry.note)}." for entry in shown if entry.note)
    agreement = "is not known" if math.isnan(surface.agreement) else f"is {surface.agreement:+.2f}"
    if not math.isnan(surface.agreement):
        agreement += f" {between(surface.agreement_interval)}"
    success = (
        f"fooled the model on {surface.fooled.hits:,} of {surface.fooled.total:,} inputs, {short(surface.fooled)}."
    )
    if surface.selected:
        success = f"{surface.fooled.hits:,} examples that fool the model, chosen because they do."
    return Section(
        "surface",
        "Attack surface",
        visible(
            f"{surface.attack}, {surface.threat}: " if surface.selected else f"{surface.attack} under {surface.threat} "
        )
        + f"{success} Features that it moved and that the model relies on come first.",
        ("feature", "of the change", "of reliance", "moved in"),
        rows,
        after=f"The rank correlation of what was moved with what is relied on {agreement}.{notes}",
        bars=tuple(entry.exposure / largest for entry in shown),
    )


def _detection(detection: ShiftDetection) -> Section:
    scores = (detection.shift, *detection.baselines)
    return Section(
        "detection",
        "Attribution shift as a detector",
        f"How well one number tells {detection.pairs:,} attacked inputs from their originals; "
        f"{detection.reference:,} other clean inputs to compare with.",
        ("score", "AUC (95 % interval)", "the shift is better by"),
        tuple((visible(score.name), f"{score.auc:.3f} {between(score.interval)}", _gain(score)) for score in scores),
        after=visible(detection.verdict),
        bars=tuple(2 * score.auc - 1 for score in scores),
    )


def _gain(score: DetectionScore) -> str:
    if score.gain is None or score.gain_interval is None:
        return ""
    return f"{score.gain:+.3f} ({score.gain_interval.low:+.2f} to {score.gain_interval.high:+.2f})"


def _shortcuts(search: ShortcutSearch) -> Section:
    rows = tuple(
        (
            f"{shortcut.kind}: {visible(shortcut.name)}",
            visible(shortcut.label),
            short(shortcut.flips),
            percent(shortcut.least),
            short(shortcut.alone) if shortcut.alone is not None else "",
            "decides alone" if shortcut.decides else "",
        )
        for shortcut in search.strongest
    )
    found = len(search.found)
    after = f"{found:,} of them decide alone." if found != 1 else "1 of them decides alone."
    usual = f" With everything in place accuracy is {search.strongest[0].usual}." if search.strongest else ""
    return Section(
        "shortcuts",
        "Shortcuts",
        f"{search.tried:,} parts and classes tried on {search.inputs:,} inputs: how often a part, copied onto an input "
        "of another class (a word: put before a text), makes the model say its own. The limit is corrected for the "
        "number tried.",
        ("part", "class", "takes over", "at least", "accuracy with it alone", ""),
        rows,
        after=(after if search.strongest else "There were too few inputs of each class.") + usual,
        spare=(4, 3),
        bars=tuple(shortcut.flips.value for shortcut in search.strongest),
    )


def _stability(stability: Stability, text: bool) -> Section:
    what = "words" if text else "features"
    noise = f"Noise of {percent(stability.noise)} of each range on {stability.inputs:,} inputs; "
    if text:
        noise = f"{percent(stability.noise)} of the words of {stability.inputs:,} texts taken out at random; "
    rows = (
        (f"rank correlation of all {what}", f"{stability.correlation:.2f} {between(stability.correlation_interval)}"),
        (
            f"of the {stability.top} most important, still among them",
            f"{percent(stability.overlap)} {between(stability.overlap_interval, 100)}",
        ),
    )
    return Section(
        "stability",
        "Stability of the explanation",
        f"{noise}{stability.relabelled:,} changed their label by it and were left out.",
        ("figure", "mean (95 % interval)"),
        rows,
    )


def _input(entry: InputExplanation, explanation: Explanation) -> Section:
    largest = max((abs(part.attribution) for part in entry.parts), default=1.0) or 1.0
    right = "right" if entry.label == entry.predicted else f"wrong, it is {entry.label!r}"
    return Section(
        f"input-{entry.index}",
        f"Input {entry.index:,}",
        visible(f"Predicted {entry.predicted!r} ({right}): {explanation.unit} {entry.score:.3f}, where ")
        + f"{explanation.against} has {entry.baseline:.3f}.",
        ("feature", "value", "adds"),
        tuple((visible(part.feature), visible(part.value), f"{part.attribution:+.4f}") for part in entry.parts),
        after=f"They add up but for {entry.error:.2g}.",
        bars=tuple(part.attribution / largest for part in entry.parts),
    )


def percent(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{100 * value:.1f} %"


def between(interval: Interval, factor: float = 1.0) -> str:
    """``(0.91 to 0.97)``."""
    if math.isnan(interval.low):
        return ""
    digits = 1 if factor > 1 else 2
    return f"({factor * interval.low:.{digits}f} to {factor * interval.high:.{digits}f})"


def short(rate: Rate) -> str:
    """``12.0 % (8.1 to 17.0)``."""
    if not rate.total:
        return "not measured"
    interval = rate.interval()
    return f"{100 * rate.value:.1f} % ({100 * interval.low:.1f} to {100 * interval.high:.1f})"
