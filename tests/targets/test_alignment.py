"""Classes of a model and of data, brought together by name."""

from __future__ import annotations

import pytest

from violet.targets.alignment import class_order
from violet.targets.base import TargetError


@pytest.mark.parametrize(
    ("count", "own", "names", "order"),
    [
        (3, (), (), (0, 1, 2)),
        (3, (), ("0", "1", "2"), (0, 1, 2)),
        (3, ("a", "b", "c"), ("c", "a"), (2, 0, 1)),
        (3, ("a", "b", "c"), ("x", "y", "z"), (0, 1, 2)),
        (10, (), ("3", "7"), (3, 7, 0, 1, 2, 4, 5, 6, 8, 9)),
        (3, (), ("1", "2", "3"), (0, 1, 2)),
        (2, ("-1", "1"), ("-1", "1"), (0, 1)),
        (2, ("1.0", "0.0"), ("0", "1"), (1, 0)),
        (2, ("True", "False"), ("false", "true"), (1, 0)),
    ],
)
def test_outputs_come_in_the_datas_order(
    count: int, own: tuple[str, ...], names: tuple[str, ...], order: tuple[int, ...]
) -> None:
    assert class_order(count, own, names, "model") == order


@pytest.mark.parametrize(
    ("count", "own", "names", "said", "message"),
    [
        (2, (), ("a", "b", "c"), False, "knows 2 classes, and the data has 3"),
        (3, ("a", "b", "c"), ("a", "d"), False, "also has d"),
        (2, ("a", "b"), ("x", "y"), True, "also has x, y"),
        (2, ("a", "a"), ("a", "b"), False, "same name"),
        (3, ("a", "b"), ("a", "b"), True, "3 outputs, and 2 names"),
    ],
)
def test_what_does_not_fit_is_said(
    count: int, own: tuple[str, ...], names: tuple[str, ...], said: bool, message: str
) -> None:
    with pytest.raises(TargetError, match=message):
        class_order(count, own, names, "model", said)
