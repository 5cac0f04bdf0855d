"""Attacks on texts: few words change, they can still be read, and the classifier falls."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attacks.text.reviews import attacked, classifier, target
from violet.attacks.base import AttackResult, Budget, Clock, Goal, Problem, find, run_attack
from violet.attacks.text._edits import ROWS, neighbours, typo, variants
from violet.attacks.text._synonyms import others, synonyms
from violet.attacks.text.distance import changed_words, split
from violet.domain.errors import UsageError
from violet.domain.robustness import Norm, Threat

INF = float("inf")
BOTH = ("text/character-edits", "text/word-substitution")


def fall(
    name: str, eps: float = INF, scores: bool = True, n: int = 80, queries: int = 300, **how: Any
) -> tuple[Any, ...]:
    x, y = attacked(n)
    aim = target(scores)
    problem = Problem(aim, x, y, Threat(Norm.L0, eps), Budget(300), how.pop("seed", 0), **how)
    return aim, x, y, run_attack(find(name), problem)


@pytest.mark.parametrize("scores", [True, False])
@pytest.mark.parametrize("name", BOTH)
def test_classifiers_fall_within_the_words_allowed(name: str, scores: bool) -> None:
    aim, x, y, result = fall(name, scores=scores)
    assert isinstance(result, AttackResult)
    fooled = result.fooled
    assert fooled.mean() > 0.5
    assert (classifier().predict(result.adversarial[fooled]) != y[fooled]).all()
    np.testing.assert_array_equal(result.distance[fooled], changed_words(x, result.adversarial)[fooled])
    words = np.array([len(text.split()) for text in x])
    assert (changed_words(x, result.adversarial) <= np.maximum(1, words * 3 // 10)).all()
    assert int(result.queries.sum()) == aim.counter.rows
    assert result.queries.max() <= 300
    assert [len(text.split()) for text in result.adversarial] == words.tolist()


def test_a_radius_of_one_word_is_kept() -> None:
    _, _, _, one = fall("text/character-edits", 1)
    _, _, _, many = fall("text/character-edits")
    assert (one.distance[one.fooled] == 1).all()
    assert 0 < one.fooled.sum() < many.fooled.sum()


def test_what_is_found_by_importance_needs_fewer_queries_than_by_chance() -> None:
    _, _, _, by_scores = fall("text/character-edits", 2)
    _, _, _, by_labels = fall("text/character-edits", 2, scores=False)
    assert by_scores.fooled.sum() >= by_labels.fooled.sum()
    assert by_scores.queries.sum() < by_labels.queries.sum()


@pytest.mark.parametrize("name", BOTH)
def test_taken_back_the_changes_are_fewer(name: str) -> None:
    _, _, _, plain = fall(name, scores=False)
    _, _, _, smallest = fall(name, scores=False, goal=Goal.SMALLEST)
    both = plain.fooled & smallest.fooled
    assert smallest.distance[both].mean() < plain.distance[both].mean()


def test_without_hidden_characters_everything_is_plain() -> None:
    _, x, _, result = fall("text/character-edits", options={"hidden": False})
    assert all(text.isascii() for text in result.adversarial)
    _, x, _, result = fall("text/character-edits", options={"hidden": True})
    assert not all(text.isascii() for text in result.adversarial)
    assert all(text.isascii() for text in x)


def test_where_nothing_new_can_be_written_no_more_is_asked() -> None:
    x = np.array(["the product is great to me", "12 34 56"], dtype=object)
    y = classifier().predict(x)
    problem = Problem(target(), x, y, Threat(Norm.L0, 1), Budget(5000), 0)
    result = run_attack(find("text/word-substitution"), problem)
    assert (result.queries < 200).all()


def test_seeds_repeat_and_time_stops() -> None:
    first, again = fall("text/character-edits", n=20)[3], fall("text/character-edits", n=20)[3]
    assert first.adversarial.tolist() == again.adversarial.tolist()
    stopped = fall("text/character-edits", n=20, clock=Clock(0.0))[3]
    assert not stopped.complete
    assert not stopped.queries.any()


def test_texts_of_no_words_and_arrays_of_fixed_length_pass() -> None:
    x = np.array(["", "  ", "ok", "great great great"])
    y = classifier().predict(x.astype(object))
    result = run_attack(find("text/character-edits"), Problem(target(), x, y, Threat(Norm.L0, INF), Budget(50), 0))
    assert result.adversarial[:2].tolist() == ["", "  "]
    assert not result.fooled[:2].any()


def test_other_inputs_are_answered() -> None:
    problem = Problem(target(), np.zeros((2, 3)), np.zeros(2), Threat(Norm.L0, 1), Budget(5), 0)
    with pytest.raises(UsageError, match="no texts"):
        run_attack(find("text/word-substitution"), problem)
    with pytest.raises(UsageError, match="share"):
        fall("text/word-substitution", options={"share": 0.0})


@given(st.text(max_size=60))
def test_a_text_is_put_together_again(text: str) -> None:
    parts = split(text)
    assert "".join(parts) == text
    assert parts[1::2] == text.split()


@given(st.text(min_size=1, max_size=12).filter(lambda word: len(word.split()) == 1), st.integers(0, 99))
def test_ways_to_write_a_word_are_different_words(word: str, seed: int) -> None:
    found = variants(word, random.Random(seed), 8, hidden=True)
    assert len(found) == len(set(found)) <= 8
    assert word not in found
    if word.split() == [word]:
        assert all(len(other.split()) == 1 for other in found)


def test_slips_are_small() -> None:
    chance = random.Random(1)
    for _ in range(200):
        made = typo("wonderful", chance)
        assert made[0] == "w"
        assert made[-1] == "l"
        assert abs(len(made) - 9) <= 1
    assert "s" in neighbours("a")
    assert all(neighbours(letter) for row in ROWS for letter in row)
    assert neighbours("ü") == ""


def test_unseen_characters_are_unseen() -> None:
    found = variants("wonderful", random.Random(0), 40, hidden=True)
    stripped = ["".join(c for c in word if unicodedata.category(c) != "Cf") for word in found]
    assert "wonderful" in stripped


def test_other_words_keep_case_and_punctuation() -> None:
    assert "Superb," in others("Great,")
    assert "(SUPERB)" in others("(GREAT)")
    assert "colour" in others("color")
    assert others("...") == []
    assert all(word not in synonyms(word) for word in ("great", "weak", "free"))


def test_words_are_counted() -> None:
    a = np.array(["a b c", "a b c", "a b c", "", "a"], dtype=object)
    b = np.array(["a x c", "b c", "a  b\tc", "a b", "a"], dtype=object)
    assert changed_words(a, b).tolist() == [1, 1, 0, 2, 0]
