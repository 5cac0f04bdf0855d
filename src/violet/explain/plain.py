"""The figures in plain language, for people who are not in machine learning. One thought a paragraph, made from the
explanation alone: what was not measured is not spoken of, but said to be missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from violet.domain.explanation import ShortcutKind

if TYPE_CHECKING:
    from violet.domain.explanation import AttackSurface, Explanation, Shortcut, ShortcutSearch, Stability
    from violet.domain.rate import Rate

MOST = 3


def paragraphs(explanation: Explanation) -> tuple[str, ...]:
    """Each is a few sentences without formulas; figures are rounded as one would say them."""
    made = [
        _reliance(explanation),
        _attack(explanation.surface) if explanation.surface is not None else _unattacked(),
        _shortcuts(explanation.shortcuts) if explanation.shortcuts is not None else "",
        _alarm(explanation),
        _trust(explanation.stability, explanation.kind == "text") if explanation.stability is not None else "",
    ]
    return tuple(text for text in made if text)


def _reliance(explanation: Explanation) -> str:
    right = explanation.accuracy
    first = (
        f"We gave the model {right.total:,} examples whose answers are known; it was right in "
        f"{_of_hundred(right)} of 100."
    )
    leading = explanation.reliance[:MOST]
    if not leading or leading[0].share <= 0:
        return f"{first} None of the things it is told about an example seems to make a difference to it."
    weight = round(100 * sum(entry.share for entry in leading))
    what = "parts of the picture" if explanation.shape else "words" if explanation.kind == "text" else "things"
    names = _listed([_called(entry.feature) for entry in leading])
    if len(explanation.reliance) <= MOST:
        return f"{first} What counts for it, most first: {names}."
    text = (
        f"{first} Of the {len(explanation.reliance):,} {what} it looks at, {names} count most: together "
        f"they make up {weight} % of what decides its answers."
    )
    flips = leading[0].flips
    if flips is not None and flips.total:
        text += (
            f" If only {_called(leading[0].feature)} were {_otherwise(explanation)}, the answer would change "
            f"in {_of_hundred(flips)} of 100 {'texts that hold it' if explanation.kind == 'text' else 'cases'}."
        )
    return text


def _otherwise(explanation: Explanation) -> str:
    return "taken out" if explanation.kind == "text" else "different"


def _attack(surface: AttackSurface) -> str:
    fooled = surface.fooled
    if not fooled.hits:
        return (
            f"We then tried to fool it by small changes to {fooled.total:,} examples that it had right, and did not "
            "manage to. That is no proof that nobody can."
        )
    first = (
        f"We then tried to fool it by small changes to {fooled.total:,} examples that it had right, and managed with "
        f"{_of_hundred(fooled)} of 100."
    )
    if surface.selected:
        first = f"We then looked at {fooled.hits:,} changed examples by which it had been fooled."
    entries = [entry for entry in surface.entries if entry.changed.hits]
    if not entries:
        return first
    names = _listed([_called(entry.feature) for entry in entries[:MOST]])
    text = f"{first} Where it is easiest to get at: {names}. The model relies on them, and the attack changed them."
    broken = [entry for entry in entries if entry.immutable]
    if broken:
        text += (
            f" The attack also changed {_listed([_called(e.feature) for e in broken[:MOST]])}, which nobody is "
            "supposed to be able to change."
        )
    return text


def _unattacked() -> str:
    return "We did not see it attacked, so nothing is said here about how it can be fooled."


def _shortcuts(search: ShortcutSearch) -> str:
    found = search.found
    if not found:
        return (
            f"We looked for shortcuts, single details from which it would take its answer whatever the rest says, in "
            f"{search.inputs:,} examples, and found none. A secret mark that is in none of these examples would not "
            "have been found."
        )
    worst = found[0]
    more = f" {_count(len(found) - 1)} more like it was found." if len(found) == 2 else ""
    if len(found) > 2:
        more = f" {_count(len(found) - 1)} more like it were found."
    return (
        f"It takes a shortcut. {_detail(worst)} alone is enough: copied onto other examples, and nothing else of them "
        f"changed, it made the model say {worst.label!r} in {_of_hundred(worst.flips)} of 100 cases. Whoever knows "
        f"that can steer its answer, and where the detail is missing or wrong the model is too.{more}"
    )


def _detail(shortcut: Shortcut) -> str:
    if shortcut.kind is ShortcutKind.FEATURE:
        return f"The entry {shortcut.name!r}"
    if shortcut.kind is ShortcutKind.WORD:
        return f"The word {shortcut.name!r}"
    if shortcut.kind is ShortcutKind.BORDER:
        return "The edge of the picture"
    place = "in a corner " if shortcut.kind is ShortcutKind.CORNER else ""
    return f"A small patch {place}of the picture ({shortcut.name})"


def _alarm(explanation: Explanation) -> str:
    detection = explanation.detection
    if detection is None:
        return ""
    caught = round(100 * detection.shift.auc)
    if detection.adds:
        return (
            "Attacked examples can be told from honest ones by the way the model explains itself: shown one of each, "
            f"it points at the attacked one in {caught} of 100 cases, which is better than the simple signs we "
            "compared it with."
        )
    return (
        "Watching how the model explains itself is no better alarm against such attacks than simpler signs, so it is "
        "not worth building one on it."
    )


def _trust(stability: Stability, text: bool) -> str:
    if math.isnan(stability.overlap):
        return ""
    stay = round(100 * stability.overlap)
    done = "lost so few words" if text else "were blurred so slightly"
    first = (
        f"As to how far this explanation can be trusted: when the examples {done} that the answer "
        f"stayed the same, {stay} % of the {stability.top} most important entries stayed the same as well."
    )
    if stability.overlap_interval.high < 0.5 or stability.correlation_interval.high < 0.5:
        return f"{first} That is little: do not read much into the order."
    return first


def _of_hundred(rate: Rate) -> str:
    """``87``, and words for what rounding would make certain."""
    share = 100 * rate.value
    if math.isnan(share):
        return "an unknown number"
    if 0 < share < 1:
        return "fewer than 1"
    return "more than 99" if 99 < share < 100 else f"{share:.0f}"


def _called(name: str) -> str:
    return f"‘{name}’"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _count(number: int) -> str:
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven")
    return words[number] if number < len(words) else f"{number:,}"
