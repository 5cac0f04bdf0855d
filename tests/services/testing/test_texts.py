"""A classifier of texts in a file, tested by edits and other words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import skops.io
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from violet.domain.robustness import Believed, Threat
from violet.services.testing.evasion import run_evasion_test
from violet.services.testing.options import DataSource, RobustnessOptions
from violet.targets.base import TargetSpec

GOOD = "great lovely wonderful fine happy excellent superb charming".split()
BAD = "awful terrible boring sad poor dreadful horrible dull".split()
PLAIN = "the film was a story with actors and music in the city at night about people".split()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import random

    made = tmp_path_factory.mktemp("texts")
    drawn = random.Random(0)
    texts, labels = [], []
    for number in range(300):
        words = [drawn.choice(PLAIN) for _ in range(12)]
        for _ in range(2):
            words[drawn.randrange(12)] = drawn.choice(GOOD if number % 2 else BAD)
        texts.append(" ".join(words))
        labels.append("good" if number % 2 else "bad")
    skops.io.dump(
        make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts[:200], labels[:200]), made / "m.skops"
    )
    rows = zip(texts[200:], labels[200:], strict=True)
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    (made / "held.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return made


def test_texts_fall_to_few_words_and_the_words_are_shown(place: Path) -> None:
    options = RobustnessOptions(
        TargetSpec(str(place / "m.skops")),
        DataSource(str(place / "held.jsonl")),
        Threat.parse("l0:2"),
        suite="quick",
        samples=60,
        probes=32,
        queries=200,
        jobs=1,
        budget=120.0,
    )
    found = run_evasion_test(options).test
    assert found.kind == "text"
    assert found.bound.hits < found.clean.hits
    assert {run.attack for run in found.runs} == {"text/word-substitution"}
    assert all(case.changes and case.distance <= 2 for case in found.worst)
    assert all(change.before != change.after for case in found.worst for change in case.changes)
    (breaks,) = [c for c in found.sanity if c.id == "everything-breaks"]
    assert not breaks.decisive, "words do not lead everywhere"
    assert not [c for c in found.sanity if c.id == "budget-honest" and c.outcome is Believed.FAILED]
