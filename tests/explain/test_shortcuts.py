"""Shortcuts that were planted are found, and their clean twins have none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from tests.explain.models import box, image_domain, target_of
from violet.domain.explanation import ShortcutKind
from violet.explain.players import players_of
from violet.explain.shortcuts import regions, search
from violet.targets.base import InputDomain, InputKind


def credit(leak: bool, seed: int = 0) -> tuple[Any, Any]:
    """Ten features that say a little each; the last one is the answer itself, or noise."""
    random = np.random.default_rng(seed)
    x = random.uniform(size=(900, 10)).astype(np.float32)
    y = (x[:, :8].sum(axis=1) + 0.3 * random.standard_normal(900) > 4).astype(np.int64)
    if leak:
        x[:, 9] = 0.3 + 0.4 * y + 0.02 * random.standard_normal(900)
    return x, y


def found(target: Any, x: Any, y: Any, seed: int = 0) -> Any:
    classes = tuple(str(label) for label in range(target.classes))
    return search(target, players_of(target.domain), x[:400], y[:400], x[400:440], classes, seed=seed)


@pytest.fixture(scope="module")
def names() -> tuple[str, ...]:
    return (*(f"income {n}" for n in range(9)), "leaked")


@pytest.mark.parametrize("kind", [RandomForestClassifier, LogisticRegression])
def test_a_leaked_column_decides_alone(kind: Any, names: tuple[str, ...]) -> None:
    x, y = credit(leak=True)
    options = {"n_estimators": 20, "max_depth": 6} if kind is RandomForestClassifier else {"C": 100.0}
    model = kind(random_state=0, **options).fit(x[400:], y[400:])
    result = found(target_of(model, box(10, names)), x, y)
    assert [shortcut.name for shortcut in result.found] == ["leaked"]
    worst = result.found[0]
    assert worst.kind is ShortcutKind.FEATURE
    assert worst.flips.value > 0.8
    assert worst.alone is not None
    assert worst.alone.value > 0.9
    assert 0.5 < worst.least < worst.flips.interval().low, "the limit is corrected for all that was tried"
    assert result.tried == 20


def test_its_clean_twin_has_no_shortcut(names: tuple[str, ...]) -> None:
    x, y = credit(leak=False)
    model = RandomForestClassifier(20, max_depth=6, random_state=0).fit(x[400:], y[400:])
    result = found(target_of(model, box(10, names)), x, y)
    assert result.found == ()
    assert result.strongest[0].flips.value < 0.5
    assert len(result.strongest) == 8


def digits(mark: bool) -> tuple[Any, Any]:
    """Digits; where ``mark`` is set every 3 carries a bright corner of two by two pixels."""
    x, y = load_digits(return_X_y=True)
    images = (x.reshape(-1, 8, 8) / 16).astype(np.float32)
    if mark:
        images[y == 3, :2, 6:] = 1.0
    return images, y.astype(np.int64)


def _digit_model(mark: bool) -> tuple[Any, Any, Any]:
    images, y = digits(mark)
    model = RandomForestClassifier(40, random_state=0).fit(images[600:].reshape(-1, 64), y[600:])
    return target_of(model, image_domain()), images[:600], y[:600]


def test_a_watermark_in_the_corner_is_found_for_its_class() -> None:
    result = found(*_digit_model(mark=True))
    assert result.found
    worst = result.found[0]
    assert worst.kind is ShortcutKind.CORNER
    assert worst.name == "rows 0-1, columns 6-7"
    assert worst.label == "3"
    assert worst.area < 0.1
    assert {shortcut.label for shortcut in result.found} == {"3"}


def test_digits_without_a_mark_have_no_shortcut() -> None:
    result = found(*_digit_model(mark=False))
    assert result.found == ()
    assert all(shortcut.alone is not None for shortcut in result.strongest)


@pytest.mark.torch
def test_a_network_that_reads_the_border() -> None:
    import torch

    from tests.explain.test_gradients import trained
    from violet.targets.torch_module import TorchTarget

    random = np.random.default_rng(0)
    x = random.uniform(size=(800, 3, 16, 16)).astype(np.float32) * 0.6
    y = random.integers(2, size=800)
    framed = x[y == 1]
    framed[:, :, [0, -1], :] = framed[:, :, :, [0, -1]] = 1.0
    x[y == 1] = framed
    module = trained(x[400:], y[400:], torch.nn.Flatten(), torch.nn.Linear(3 * 256, 2), steps=60)
    shape = (3, 16, 16)
    domain = InputDomain(InputKind.IMAGE, shape, np.zeros(shape), np.ones(shape), layout="chw")
    result = found(TorchTarget(module, domain, 2), x, y)
    assert result.found[0].kind is ShortcutKind.BORDER


def test_the_same_seed_gives_the_same_answer(names: tuple[str, ...]) -> None:
    x, y = credit(leak=True)
    target = target_of(LogisticRegression().fit(x[400:], y[400:]), box(10, names))
    assert found(target, x, y, 1) == found(target, x, y, 1)
    assert found(target, x, y, 1) != found(target, x, y, 2)


def test_regions_cover_an_image_and_do_not_leave_it() -> None:
    for rows, columns in ((8, 8), (7, 12), (1, 9), (32, 32)):
        domain = image_domain(rows, columns)
        places = regions(domain, players_of(domain))
        assert np.any([place.mask for place in places], axis=0).all()
        patches = [place for place in places if place.kind is not ShortcutKind.BORDER]
        assert all(place.mask.any() and place.area <= 0.5 for place in patches)
        assert len({place.name for place in places}) == len(places)


def test_two_features_are_too_few_to_speak_of_a_shortcut() -> None:
    x, y = credit(leak=True)
    target = target_of(LogisticRegression().fit(x[:, 8:], y), box(2))
    assert found(target, x[:, 8:], y) is None
