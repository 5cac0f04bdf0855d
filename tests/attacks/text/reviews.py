"""Reviews made from parts, and a classifier of them."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from violet.targets.base import InputDomain, InputKind, Offers
from violet.targets.callable_target import CallableTarget

Array = NDArray[Any]

GOOD = "great excellent wonderful amazing interesting funny perfect beautiful friendly fast useful lovely".split()
BAD = "terrible awful boring poor bad broken useless ugly rude slow weak dull horrible disappointed".split()
THINGS = "movie film story book product service actor room team support".split()
FRAMES = (
    "the {thing} was {word} and the {other} looked {second} to me",
    "I think this {thing} is {word}, but my friends say it is {second}",
    "after a long week we found the {thing} {word}; honestly the {other} seemed {second}",
    "what a {word} {thing}! We will come again for the {second} {other}",
)


@cache
def reviews(n: int = 900) -> tuple[Array, Array]:
    rng = random.Random(3)
    texts: list[str] = []
    labels: list[int] = []
    for _ in range(n):
        label = rng.randrange(2)
        words = GOOD if label else BAD
        second = rng.choice(words if rng.random() < 0.8 else (*GOOD, *BAD))
        frame = rng.choice(FRAMES)
        texts.append(
            frame.format(thing=rng.choice(THINGS), other=rng.choice(THINGS), word=rng.choice(words), second=second)
        )
        labels.append(label)
    return np.array(texts, dtype=object), np.array(labels)


@cache
def classifier() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    x, y = reviews()
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(x[:600], y[:600])


def target(scores: bool = True) -> CallableTarget:
    domain = InputDomain(InputKind.TEXT, (), np.zeros(()), np.zeros(()), dtype="object")
    if scores:
        return CallableTarget(classifier().predict_proba, domain, 2, Offers.PROBABILITIES)
    return CallableTarget(classifier().predict, domain, 2, Offers.LABELS)


def attacked(n: int) -> tuple[Array, Array]:
    x, y = reviews()
    x, y = x[600:], y[600:]
    right = classifier().predict(x) == y
    return x[right][:n], y[right][:n]
