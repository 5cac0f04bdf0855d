"""``explain/reliance-on-movable-feature``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.checks.explain.examples import SOUND, SURFACE, changed, entry, fired
from violet.domain.explanation import Explanation
from violet.domain.rate import Rate

RULE = "explain/reliance-on-movable-feature"


def _with(**fields: Any) -> Explanation:
    handle = entry(**{"moved": 0.6, "relied": 0.5, "changed": Rate(48, 50), **fields})
    others = tuple(entry(feature=f"other {place}") for place in range(9))
    return changed(surface=replace(SURFACE, entries=(handle, *others)))


def positive_facts() -> Explanation:
    return _with()


def benign_facts() -> Explanation:
    return SOUND


def test_all_of_it_has_to_hold() -> None:
    assert "'income'" in fired(_with(), RULE)[0].message
    assert not fired(_with(relied=0.15), RULE)
    assert not fired(_with(moved=0.1), RULE)
    assert not fired(_with(changed=Rate(28, 50)), RULE), "more than half, but not by more than chance"
    assert not fired(_with(immutable=True), RULE)


def test_of_few_features_each_has_a_large_share_anyway() -> None:
    handle = entry(moved=0.5, relied=0.5, changed=Rate(50, 50))
    assert not fired(changed(surface=replace(SURFACE, entries=(handle, handle, handle))), RULE)


def test_few_fooled_inputs_say_nothing() -> None:
    few = replace(positive_facts().surface or SURFACE, fooled=Rate(5, 180))
    assert not fired(changed(surface=few), RULE)
    assert not fired(changed(surface=None), RULE)
