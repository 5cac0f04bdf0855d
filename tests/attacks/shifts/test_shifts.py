"""Natural shifts keep the kind and range of inputs, grow with their strength, and are measured with their counts."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.attacks.tabular.credit import SCHEMA, credit
from tests.attacks.tabular.credit import domain as table_domain
from tests.attacks.tabular.credit import target as table_target
from tests.attacks.text.reviews import reviews
from tests.attacks.text.reviews import target as text_target
from violet.attacks.base import Clock
from violet.attacks.shifts.measure import SHIFTS, STRENGTHS, Shift, measure_shifts, shifts_of
from violet.domain.robustness import ShiftResult
from violet.targets.base import InputDomain, InputKind, LabelledData, Offers
from violet.targets.callable_target import CallableTarget
from violet.targets.feasibility import Feasibility
from violet.targets.schema import Feature, TableSchema

Array = NDArray[Any]
BY_NAME = {shift.name: shift for shift in SHIFTS if shift.kinds != (InputKind.TEXT,)}


def images(layout: str = "hw", low: float = 0.0, high: float = 16.0) -> InputDomain:
    shape = {"hw": (8, 8), "hwc": (8, 8, 1), "chw": (1, 8, 8)}[layout]
    return InputDomain(InputKind.IMAGE, shape, np.array(low), np.array(high), layout=layout)


@cache
def digits() -> tuple[Array, Array]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return x.reshape(-1, 8, 8).astype(np.float32), y.astype(np.int64)


@cache
def model() -> Any:
    from sklearn.svm import SVC

    x, y = digits()
    return SVC(gamma=0.001).fit(x[:1000].reshape(1000, 64), y[:1000])


def smooth_pictures(n: int = 8, size: int = 32) -> Array:
    """Colour pictures with edges and slopes, in [0, 1]."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:size, :size] / size
    found = np.empty((n, size, size, 3))
    for index in range(n):
        a, b = rng.uniform(0.2, 0.8, 2)
        disc = (rows - a) ** 2 + (columns - b) ** 2 < 0.08
        found[index] = np.stack([0.2 + 0.6 * disc, rows * 0.8 + 0.1, 0.5 + 0.3 * columns * disc], axis=2)
    return found


IMAGE_SHIFTS = [pytest.param(shift, id=shift.name) for shift in shifts_of(InputKind.IMAGE)]
TABLE_SHIFTS = [pytest.param(shift, id=shift.name) for shift in shifts_of(InputKind.TABLE)]
TEXT_SHIFTS = [pytest.param(shift, id=shift.name) for shift in shifts_of(InputKind.TEXT)]


@pytest.mark.parametrize("shift", IMAGE_SHIFTS)
def test_images_stay_images_and_change_more_with_strength(shift: Shift) -> None:
    pictures = smooth_pictures()
    domain = InputDomain(InputKind.IMAGE, (32, 32, 3), np.array(0.0), np.array(1.0), layout="hwc", dtype="float64")
    moved = []
    for strength in STRENGTHS:
        changed = shift.apply(pictures, domain, strength, 0)
        assert changed is not None
        assert changed.shape == pictures.shape
        assert changed.min() >= 0
        assert changed.max() <= 1
        moved.append(float(np.abs(changed - pictures).mean()))
        again = shift.apply(pictures, domain, strength, 0)
        np.testing.assert_array_equal(changed, again)
    assert moved[0] > 0
    assert moved == sorted(moved)
    assert moved[-1] > 1.5 * moved[0]


@pytest.mark.parametrize("shift", IMAGE_SHIFTS)
def test_layouts_agree(shift: Shift) -> None:
    x = digits()[0][:5]
    plain = shift.apply(x, images("hw"), 3, 1)
    last = shift.apply(x[..., None], images("hwc"), 3, 1)
    first = shift.apply(x[:, None], images("chw"), 3, 1)
    assert plain is not None
    assert last is not None
    assert first is not None
    np.testing.assert_allclose(plain, last[..., 0], atol=1e-5)
    np.testing.assert_allclose(plain, first[:, 0], atol=1e-5)


def test_movements_move_as_they_say() -> None:
    domain = InputDomain(InputKind.IMAGE, (21, 21), np.array(0.0), np.array(1.0), layout="hw", dtype="float64")
    dot = np.zeros((40, 21, 21))
    dot[:, 10, 10] = 1.0
    turned = BY_NAME["rotation"].apply(dot, domain, 5, 0)
    assert turned is not None
    np.testing.assert_allclose(turned[:, 10, 10], 1.0)  # the middle stays
    moved = BY_NAME["translation"].apply(dot, domain, 5, 0)
    assert moved is not None
    rows, columns = np.mgrid[:21, :21]
    far = np.hypot((moved * rows).sum(axis=(1, 2)) - 10, (moved * columns).sum(axis=(1, 2)) - 10)
    np.testing.assert_allclose(far, 0.2 * 21, rtol=0.02)
    bar = np.zeros((4, 21, 21))
    bar[:, 10, 16] = 1.0
    turned = BY_NAME["rotation"].apply(bar, domain, 5, 0)
    assert turned is not None
    at = np.array([np.average(rows, weights=image) for image in turned]) - 10
    np.testing.assert_allclose(np.abs(at), 6 * np.sin(np.deg2rad(30)), atol=0.3)


def test_accuracy_falls_from_its_clean_height() -> None:
    x, y = digits()
    domain = images()
    aim = CallableTarget(lambda rows: model().predict(rows.reshape(len(rows), 64)), domain, 10, Offers.LABELS)
    data = LabelledData(x[1000:1300], y[1000:1300], tuple("0123456789"), domain)
    results = measure_shifts(aim, data, 0, Clock())
    assert {result.shift for result in results} == {shift.name for shift in shifts_of(InputKind.IMAGE)}
    assert all(result.accuracy.total == result.clean.total == 300 for result in results)
    assert results[0].clean.value > 0.9
    noise = [result.accuracy.hits for result in results if result.shift == "gaussian-noise"]
    assert noise[-1] < noise[0]
    turned = next(result for result in results if (result.shift, result.strength) == ("rotation", 5.0))
    assert turned.accuracy.value < turned.clean.value - 0.1
    assert aim.counter.rows == 300 * (1 + len(results))


@pytest.mark.parametrize("shift", TABLE_SHIFTS)
def test_cells_stay_what_they_are(shift: Shift) -> None:
    x = credit()[0][:400]
    moved = []
    for strength in STRENGTHS:
        changed = shift.apply(x, table_domain(), strength, 0)
        if changed is None:
            assert shift.name == "swapped-columns"
            return
        assert changed.dtype == x.dtype
        broken = {name for name, _ in Feasibility(SCHEMA).faults(changed)}
        assert broken <= {"open_accounts <= total_accounts", "ratio == debt / income"}
        moved.append(int((changed != x).sum()))
    assert 0 < moved[0] <= moved[-1]


def test_missing_values_are_filled_with_the_default_or_what_is_usual() -> None:
    schema = TableSchema((Feature("a", default=-1.0), Feature("b"), Feature("g0", group="g"), Feature("g1", group="g")))
    x = np.array([[5.0, 1.0, 1, 0], [5.0, 2.0, 1, 0], [5.0, 3.0, 0, 1]] * 50)
    domain = InputDomain(InputKind.TABLE, (4,), np.zeros(4), np.ones(4), schema=schema, dtype="float64")
    changed = BY_NAME["missing-features"].apply(x, domain, 5, 0)
    assert changed is not None
    assert set(changed[:, 0]) == {5.0, -1.0}
    assert set(changed[changed[:, 1] != x[:, 1], 1]) == {2.0}
    assert (changed[:, 2:].sum(axis=1) == 1).all()
    assert (changed[changed[:, 3] != x[:, 3], 2] == 1).all()


def test_only_near_duplicates_are_swapped() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=200)
    x = np.stack([a, a + 0.01 * rng.normal(size=200), rng.normal(size=200)], axis=1)
    domain = InputDomain(InputKind.VECTOR, (3,), np.full(3, -9.0), np.full(3, 9.0), dtype="float64")
    changed = BY_NAME["swapped-columns"].apply(x, domain, 5, 0)
    assert changed is not None
    np.testing.assert_array_equal(changed, x[:, [1, 0, 2]])
    assert BY_NAME["swapped-columns"].apply(x[:, [0, 2]], InputDomain(InputKind.VECTOR, (2,), -9, 9), 5, 0) is None  # type: ignore[arg-type]


def test_missing_numbers_do_no_harm() -> None:
    x = credit()[0][:50].copy()
    x[3, 4] = np.nan
    x[:, 3] = np.nan
    for shift in shifts_of(InputKind.TABLE):
        changed = shift.apply(x, table_domain(), 3, 0)
        assert changed is None or changed.shape == x.shape


def test_a_table_is_measured() -> None:
    x, y = credit()
    data = LabelledData(x[2000:2400], y[2000:2400], ("no", "yes"), table_domain())
    results = measure_shifts(table_target("xgboost"), data, 0, Clock())
    drift = {result.strength: result.accuracy.value for result in results if result.shift == "drift"}
    assert drift[5.0] < results[0].clean.value
    assert measure_shifts(table_target("xgboost"), data, 0, Clock()) == results


@pytest.mark.parametrize("shift", TEXT_SHIFTS)
def test_texts_stay_readable(shift: Shift) -> None:
    x = reviews()[0][:60]
    changed = shift.apply(x, text_target().domain, 5, 0)
    assert changed is not None
    assert changed.dtype == object
    assert (changed != x).any()
    assert [len(text.split()) for text in changed] == [len(text.split()) for text in x]
    if shift.name != "typos":
        plain = ["".join(c for c in text.lower() if c.isalnum()) for text in (*changed.tolist(), *x.tolist())]
        assert plain[:60] == plain[60:]


def test_texts_are_measured() -> None:
    x, y = reviews()
    aim = text_target()
    data = LabelledData(x[600:], y[600:], ("bad", "good"), aim.domain)
    results = measure_shifts(aim, data, 0, Clock())
    values = {(result.shift, result.strength): result.accuracy.value for result in results}
    assert values["case", 5.0] == results[0].clean.value  # its vectorizer folds case
    assert values["typos", 5.0] < values["typos", 1.0]


def test_time_that_is_up_leaves_what_there_is() -> None:
    x, y = reviews()
    aim = text_target()
    data = LabelledData(x[600:620], y[600:620], ("bad", "good"), aim.domain)
    assert measure_shifts(aim, data, 0, Clock(0.0)) == ()

    class Soon(Clock):
        left = 4

        def expired(self) -> bool:
            self.left -= 1
            return self.left < 0

    results = measure_shifts(aim, data, 0, Soon())
    assert len(results) == 3
    assert all(isinstance(result, ShiftResult) for result in results)
