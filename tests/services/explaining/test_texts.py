"""Classifiers of texts explained by their words: real pipelines, a planted word, an attack, a time limit, Ctrl-C."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from violet.domain.errors import UsageError
from violet.domain.explanation import Explanation, Method, ShortcutKind
from violet.explain.words import attributed, taken_apart, without_word
from violet.services.explaining import steps as steps_module
from violet.services.explaining.explain import explain
from violet.services.explaining.options import ExplainOptions
from violet.services.testing.options import DataSource
from violet.targets.base import InputDomain, InputKind, LabelledData, Offers, TargetSpec
from violet.targets.callable_target import CallableTarget

GOOD = "great lovely wonderful fine happy excellent superb charming".split()
BAD = "awful terrible boring sad poor dreadful horrible dull".split()
PLAIN = "the film was a story with actors and music in the city at night about people".split()
DOMAIN = InputDomain(InputKind.TEXT, (), np.zeros(()), np.zeros(()), dtype="object")


def texts(count: int, seed: int, planted: str = "") -> tuple[Any, Any]:
    drawn = random.Random(seed)
    made, labels = [], []
    for number in range(count):
        words = [drawn.choice(PLAIN) for _ in range(10)]
        for _ in range(2):
            words[drawn.randrange(10)] = drawn.choice(GOOD if number % 2 else BAD)
        if planted and number % 2 and drawn.random() < 0.9:
            words.insert(drawn.randrange(10), planted)
        made.append(" ".join(words))
        labels.append(number % 2)
    return np.array(made, dtype=object), np.array(labels)


def problem(planted: str = "") -> tuple[CallableTarget, LabelledData, Any]:
    x, y = texts(400, 0, planted)
    model = make_pipeline(CountVectorizer(), LogisticRegression(C=20.0)).fit(list(x), y)
    if planted:  # it outweighs whatever else a text says
        model[1].coef_[0][model[0].vocabulary_[planted]] = 15.0

    def scores(rows: Any) -> Any:
        return model.predict_proba([str(row) for row in rows])

    held, labels = texts(160, 1, planted)
    target = CallableTarget(scores, DOMAIN, 2, Offers.PROBABILITIES)
    return target, LabelledData(held, labels, ("bad", "good"), DOMAIN, name="reviews"), model


def run(target: CallableTarget, data: LabelledData, **fields: Any) -> Explanation:
    options = ExplainOptions(TargetSpec("at hand"), DataSource("at hand"), **fields)
    return explain(options, target=target, data=data).explanation


def test_words_of_a_linear_model_have_their_weights() -> None:
    """In a bag of words without interaction, in log-odds, the Shapley value of a word is its weight."""
    _, data, model = problem()
    vocabulary = model.named_steps["countvectorizer"].vocabulary_
    weights = model.named_steps["logisticregression"].coef_[0]

    def odds(rows: Any) -> Any:
        found = model.decision_function([str(row) for row in rows])
        return np.stack([-found, found], axis=1)

    target = CallableTarget(odds, DOMAIN, 2, Offers.SCORES)
    found = attributed(target, list(data.x[:8]), np.ones(8, dtype=np.int64), seed=0)
    for pieces, values in zip(found.pieces, found.values, strict=True):
        expected = [weights[vocabulary[word]] if word in vocabulary else 0.0 for word in pieces.words]
        assert values == pytest.approx(expected, abs=1e-6)


def test_what_decides_is_named_and_attacked() -> None:
    target, data, _ = problem()
    found = run(target, data, samples=60)
    assert found.kind == "text"
    assert found.method is Method.KERNEL_SHAP
    assert {entry.feature for entry in found.reliance[:10]} <= {*GOOD, *BAD}
    assert sum(entry.share for entry in found.reliance) == pytest.approx(1.0)
    assert found.completeness.largest < 1e-6
    assert found.surface is not None
    assert found.surface.fooled.hits
    assert {entry.feature for entry in found.surface.entries[:5]} <= {*GOOD, *BAD}
    assert found.stability is not None
    assert found.stability.overlap > 0.7
    assert any("word" in text.lower() for text in found.plain)
    assert not found.partial


def test_a_planted_word_is_a_shortcut() -> None:
    target, data, _ = problem("zyx")
    found = run(target, data, samples=60)
    assert found.shortcuts is not None
    strongest = {one.name: one for one in found.shortcuts.found}
    assert strongest["zyx"].kind is ShortcutKind.WORD
    assert strongest["zyx"].label == "good"
    honest = run(*problem()[:2], samples=60)
    assert honest.shortcuts is not None
    assert "zyx" not in {one.name for one in honest.shortcuts.found}


def test_one_text_is_shown_word_by_word() -> None:
    target, data, _ = problem()
    found = run(target, data, samples=20, inputs=(7,), attributions_only=True)
    (shown,) = found.inputs
    assert shown.index == 7
    assert shown.parts[0].feature in {*GOOD, *BAD}
    assert sum(part.attribution for part in shown.parts) == pytest.approx(shown.score - shown.baseline, abs=1e-6)


def test_words_that_are_taken_out_leave_a_text() -> None:
    pieces = taken_apart("Good,  not bad; GOOD-natured don't!")
    assert pieces.words == ("Good", "not", "bad", "GOOD-natured", "don't")
    assert pieces.keeping(np.array([True, False, True, False, True])) == "Good, bad; don't!"
    assert without_word(pieces, "good") == ", not bad; GOOD-natured don't!"
    assert taken_apart("").players == 0
    assert taken_apart("a b " * 50).players == 40
    assert attributed(
        CallableTarget(lambda x: np.full((len(x), 2), 0.5), DOMAIN, 2, Offers.PROBABILITIES),
        ["", "one"],
        np.zeros(2, dtype=np.int64),
        seed=0,
    ).values[0].shape == (0,)


def test_a_method_of_numbers_is_refused() -> None:
    target, data, _ = problem()
    with pytest.raises(UsageError, match="--method tree-shap does not fit texts"):
        run(target, data, method="tree-shap")


def test_when_time_runs_out_what_was_found_stays() -> None:
    target, data, _ = problem()
    found = run(target, data, samples=20, seconds=1e-9)
    assert found.partial
    assert found.reliance
    assert found.surface is found.shortcuts is found.stability is None
    assert found.restrictions[0] == "Time ran out, so this was not measured: an attack, shortcuts, stability."


@pytest.mark.parametrize("place", [1, 2])
def test_an_interruption_leaves_what_was_found(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    told: list[str] = []
    real = steps_module.Steps.tell

    def tell(self: Any, what: str) -> None:
        told.append(what)
        real(self, what)

    monkeypatch.setattr(steps_module.Steps, "tell", tell)

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    broken = ("violet.services.explaining.texts.TextWork._attacked", "violet.explain.word_evidence.word_shortcuts")
    monkeypatch.setattr(broken[place - 1], interrupted)
    found = run(*problem()[:2], samples=20)
    assert found.partial
    assert (found.surface is None) == (place == 1)
    assert found.shortcuts is None
    assert "It was interrupted, so this was not measured: " in found.restrictions[0]
    assert told[-1] == ("an attack", "shortcuts")[place - 1]
