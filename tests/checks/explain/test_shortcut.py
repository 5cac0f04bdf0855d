"""``explain/shortcut``."""

from __future__ import annotations

from tests.checks.explain.examples import SOUND, changed, fired, shortcut
from violet.domain import Confidence
from violet.domain.explanation import Explanation, ShortcutKind, ShortcutSearch
from violet.domain.rate import Rate

RULE = "explain/shortcut"
LEAK = shortcut(name="id", flips=Rate(99, 100), least=0.9, alone=Rate(188, 200), decides=True)


def positive_facts() -> Explanation:
    return changed(shortcuts=ShortcutSearch(20, 200, (LEAK, shortcut())))


def benign_facts() -> Explanation:
    return SOUND


def test_it_names_the_feature_and_the_answer_it_gives() -> None:
    (found,) = fired(positive_facts(), RULE)
    assert "'id'" in found.message
    assert "'pays'" in found.message
    assert found.confidence is Confidence.HIGH
    assert found.key == "feature:id"


def test_a_corner_is_called_so_and_a_bare_majority_is_less_sure() -> None:
    corner = shortcut(kind=ShortcutKind.CORNER, name="rows 0-1, columns 6-7", least=0.6, alone=None, decides=True)
    (found,) = fired(changed(shortcuts=ShortcutSearch(50, 200, (corner,))), RULE)
    assert "in a corner" in found.message
    assert found.confidence is Confidence.MEDIUM


def test_what_was_not_looked_for_is_not_found() -> None:
    assert not fired(changed(shortcuts=None), RULE)
