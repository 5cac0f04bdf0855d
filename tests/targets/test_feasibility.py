"""Constraints are read without being run, rows are judged exactly, and repairs hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain.errors import ConfigurationError
from violet.targets.base import TargetError
from violet.targets.constraint import parse
from violet.targets.feasibility import Feasibility
from violet.targets.schema import Constraint, Direction, Feature, FeatureType, TableSchema

NAMES = ("a", "b", "c", "capital-gain", "lambda")
ROW = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a <= b", True),
        ("a > b", False),
        ("0 < a < b < c", True),
        ("a + b == c", True),
        ("a + b != c", False),
        ("c == b * 2 - a", True),
        ("b ** c == 8", True),
        ("-a == 2 - c", True),
        ("max(a, b, c) - min(a, b) >= abs(-b)", True),
        ("`capital-gain` == 4", True),
        ("  `lambda` / `capital-gain` <= 1.25 ", True),
        ("a / (b - b) <= 1", False),
        ("0 * a / (b - b) == 0", False),
        ("9 ** 9 ** 9 ** a > 0", True),
    ],
)
def test_constraints_hold_where_they_do(text: str, holds: bool) -> None:
    assert parse(text, NAMES).holds(ROW).tolist() == [holds]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("a + b", "compares nothing"),
        ("a <= d.real", "column 6: a dot is not allowed"),
        ("a <= b[0]", "an index is not allowed"),
        ("a <= b and b <= c", "compares nothing"),
        ("a <= (b < c)", "a comparison inside is not allowed"),
        ("__import__('os') <= a", "only min, max and abs can be called"),
        ("max(a) <= 3", "two values or more"),
        ("abs(a, b) <= 3", "one value"),
        ("min(a, *b) <= 3", "is not allowed"),
        ("a <= 'x'", "'x' is not a number"),
        ("a <= True", "True is not a number"),
        ("a <= 1e999", "too large"),
        ("a <= 2j", "not a number"),
        ("a in b", "this comparison is not known"),
        ("a <= capitalgain", "Did you mean capital-gain?"),
        ("`capitalgain` <= 3", "column 2: there is no feature"),
        ("a <= `b", "column 6: a backquote is not closed"),
        ("a <= ", "column"),
        ("a <= b % c", "is not allowed"),
        ("1 < 2", "no feature"),
        ("a <= (x := 3)", "is not allowed"),
        ("a <= b\nimport os", "one line"),
        ("a <= " + "-" * 500 + "b", "nested deeper"),
        ("a <= " + "(" * 900 + "b", "column"),
        ("a <= " + "1 +" * 900 + "b", "longer than"),
    ],
)
def test_what_is_no_constraint_is_answered(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, NAMES, where="s.toml")
    assert said in caught.value.diagnostics()
    assert caught.value.diagnostics().startswith("s.toml: constraint")


words = st.sampled_from([*"abc+-*/()<>=`,. ", "`capital-gain`", "**", "<=", "==", "min(", "abs(", "1", "2.5", "ü", "["])


@given(st.one_of(st.text(max_size=40), st.lists(words, max_size=14).map("".join)))
def test_any_text_is_a_constraint_or_an_error(text: str) -> None:
    try:
        relation = parse(text, NAMES)
    except ConfigurationError:
        return
    assert relation.holds(ROW).shape == (1,)


SHAPES = ("({} + {})", "({} - {})", "({} * {})", "max({}, {})")
arithmetic = st.recursive(
    st.sampled_from(["a", "b", "c", "2", "0.5"]),
    lambda part: st.builds(lambda shape, a, b: shape.format(a, b), st.sampled_from(SHAPES), part, part),
    max_leaves=8,
)


@given(arithmetic, arithmetic, st.lists(st.floats(-9, 9), min_size=5, max_size=5))
def test_arithmetic_agrees_with_python(left: str, right: str, row: list[float]) -> None:
    if not set("abc") & set((left + right).replace("max", "")):
        return
    values = dict(zip("abc", row, strict=False))
    relation = parse(f"{left} <= {right}", NAMES)
    mine = [side.evaluate(np.array([row]))[0] for side in (relation.comparisons[0].left, relation.comparisons[0].right)]
    told = [eval(side, {"max": max}, values) for side in (left, right)]  # the text is this test's own
    assert mine == pytest.approx(told)


def test_a_sum_over_many_features_can_be_written() -> None:
    many = [f"f{i}" for i in range(120)]
    relation = parse(" + ".join(many) + " <= 1", many)
    assert relation.holds(np.zeros((1, 120))).tolist() == [True]


# -- rows ------------------------------------------------------------------------------------------

CREDIT = TableSchema(
    (
        Feature("age", FeatureType.INTEGER, 18, 100, Direction.NONE),
        Feature("open", FeatureType.INTEGER, 0, 30),
        Feature("total", FeatureType.INTEGER, 0, 60),
        Feature("debt", FeatureType.REAL, 0, 1e5, step=0.1),
        Feature("income", FeatureType.REAL, 0.1, 1e5, Direction.UP),
        Feature("ratio"),
        Feature("purpose", FeatureType.CATEGORICAL, values=("car", "house", "other")),
        Feature("own", FeatureType.BINARY, group="home"),
        Feature("rent", FeatureType.BINARY, group="home"),
        Feature("free", FeatureType.BINARY, group="home"),
    ),
    (Constraint("open <= total"), Constraint("ratio == debt / income"), Constraint("open + total < 80")),
)
ORIGINAL = np.array([[40, 3, 9, 500, 1000, 0.5, 1, 0, 1, 0]], dtype=np.float32)


def broken(**changes: float) -> list[str]:
    row = ORIGINAL.copy()
    for name, value in changes.items():
        row[0, CREDIT.names.index(name)] = value
    return [name for name, _ in Feasibility(CREDIT).violations(ORIGINAL, row)]


def test_each_rule_is_named() -> None:
    assert broken() == []
    assert broken(age=41) == ["age: immutable"]
    assert broken(open=3.5) == ["open: whole number"]
    assert broken(open=-1) == ["open: range"]
    assert broken(open=10) == ["open <= total"]
    assert broken(open=30, total=50) == ["open + total < 80"]
    assert broken(income=999, ratio=500 / 999) == ["income: can only rise"]
    assert broken(debt=500.1, ratio=0.5001) == []
    assert broken(debt=500.15, ratio=0.50015) == ["debt: step 0.1"]
    assert broken(ratio=0.6) == ["ratio == debt / income"]
    assert broken(purpose=3) == ["purpose: range"]
    assert broken(purpose=1.5) == ["purpose: one of its values"]
    assert broken(own=1) == ["home: exactly one"]
    assert broken(own=1, rent=0) == []
    assert broken(income=float("nan")) == ["income: range"]


def test_bounds_and_steps_are_met_in_the_type_of_the_row() -> None:
    rules = Feasibility(TableSchema((Feature("f", high=0.1), Feature("g", low=0, high=1, step=0.1))))
    for kind in (np.float32, np.float64):
        old = np.zeros((11, 2), dtype=kind)
        new = np.stack([np.full(11, 0.1), np.arange(11) / 10], axis=1).astype(kind)
        assert rules.feasible(old, new).all()
        assert not rules.feasible(old, np.nextafter(new, np.array(9, dtype=kind))).any()
        assert not rules.feasible(old, new + np.array([0, 0.001], dtype=kind)).any()


def test_large_whole_numbers_are_compared_exactly() -> None:
    rules = Feasibility(TableSchema((Feature("a"), Feature("b")), (Constraint("a <= b"),)))
    old = np.array([[0.0, 5_000_000.0]])
    assert rules.feasible(old, np.array([[5_000_000.0, 5_000_000.0]])).all()
    assert not rules.feasible(old, np.array([[5_000_001.0, 5_000_000.0]])).any()


def test_what_the_original_breaks_is_not_the_attackers() -> None:
    dirty = np.array([[17.5, 9, 3, 500, 1000, 0.7, 1, 1, 1, 0]], dtype=np.float32)
    rules = Feasibility(CREDIT)
    assert rules.feasible(dirty, dirty).all()
    named = [name for name, _ in rules.faults(dirty)]
    assert named == ["age: range", "age: whole number", "home: exactly one", "open <= total", "ratio == debt / income"]
    moved = dirty.copy()
    moved[0, 6] = 2
    assert rules.feasible(dirty, moved).all()
    moved[0, 1] = 8
    assert not rules.feasible(dirty, moved).any()


def test_a_missing_value_can_stay_and_not_be_made() -> None:
    rules = Feasibility(CREDIT)
    old = ORIGINAL.copy()
    old[0, 3] = np.nan
    new = old.copy()
    new[0, 4] = 2000
    assert rules.feasible(old, new).all()
    assert not rules.feasible(ORIGINAL, new).any()
    assert np.isfinite(rules.repair(ORIGINAL, new)).all()


def test_a_group_counts_once() -> None:
    new = ORIGINAL.copy()
    new[0, [1, 7, 8]] = [2, 1, 0]
    assert Feasibility(CREDIT).changed(ORIGINAL, new).tolist() == [2.0]


def test_repairs_keep_what_was_meant() -> None:
    rules = Feasibility(CREDIT)

    def repaired(**changes: float) -> dict[str, float]:
        row = ORIGINAL.copy()
        for name, value in changes.items():
            row[0, CREDIT.names.index(name)] = value
        mended = rules.repair(ORIGINAL, row)
        assert rules.feasible(ORIGINAL, mended).all()
        return {n: round(float(v), 4) for n, v, o in zip(CREDIT.names, mended[0], ORIGINAL[0], strict=True) if v != o}

    assert repaired(age=50, open=4.2) == {"open": 4}
    assert repaired(debt=700) == {"debt": 700, "ratio": 0.7}  # what depends on it follows
    assert repaired(debt=700, ratio=0.9) == {"debt": 700, "ratio": 0.7}
    assert repaired(ratio=0.8) == {"debt": 800, "ratio": 0.8}  # and the other way round
    assert repaired(open=12) == {"open": 9}  # no second feature needs to change
    assert repaired(open=25, total=70) == {"open": 19, "total": 60}  # cut to its range, then strictly below
    assert repaired(free=0.9, rent=0.4) == {"rent": 0, "free": 1}
    assert repaired(own=1) == {"own": 1, "rent": 0}
    assert repaired(income=500) == {}


def test_shapes_that_do_not_fit_are_answered() -> None:
    rules = Feasibility(CREDIT)
    with pytest.raises(TargetError, match="10 features"):
        rules.feasible(ORIGINAL[:, :3], ORIGINAL[:, :3])
    with pytest.raises(TargetError, match="type object"):
        rules.repair(ORIGINAL, ORIGINAL.astype(object))
    with pytest.raises(TargetError, match="1 candidates"):
        rules.feasible(np.repeat(ORIGINAL, 2, axis=0), ORIGINAL)


# -- whatever the schema ---------------------------------------------------------------------------

TEXTS = (
    "f0 <= f1",
    "f0 == f1 / f2",
    "f0 + f1 == f2",
    "f0 + 2 * f1 - f2 < 3",
    "abs(f0) >= f1",
    "f0 != f1",
    "0 <= f0 - f1 <= 2",
    "f2 ** 2 > f1",
    "f1 * f2 >= f0",
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[TableSchema, np.ndarray, np.ndarray]:
    width = draw(st.integers(3, 7))
    grouped = draw(st.integers(0, 1)) * 2
    features = []
    for index in range(width):
        kind = draw(st.sampled_from(FeatureType))
        low = draw(st.sampled_from([-3.0, 0.0, float("-inf")]))
        high = draw(st.sampled_from([4.0, 7.5, float("inf")]))
        high = 7.0 if kind is FeatureType.INTEGER and high == 7.5 else high
        step = draw(st.sampled_from([0.0, 0.1, 2.0])) if kind is FeatureType.REAL else 0.0
        values = ("x", "y", "z") if kind is FeatureType.CATEGORICAL else ()
        direction = draw(st.sampled_from(Direction))
        if index >= width - grouped:
            features.append(Feature(f"f{index}", FeatureType.BINARY, direction=direction, group="g"))
        else:
            features.append(Feature(f"f{index}", kind, low, high, direction, values, step))
    texts = draw(st.lists(st.sampled_from(TEXTS), max_size=3))
    rows = draw(st.integers(1, 4))
    kind = draw(st.sampled_from([np.float32, np.float64]))
    cells = st.one_of(st.integers(-4, 9).map(float), st.floats(-20, 20), st.just(float("nan")))
    cell_lists = st.lists(cells, min_size=rows * width, max_size=rows * width)
    old, new = (np.array(draw(cell_lists)).reshape(rows, width).astype(kind) for _ in range(2))
    keep = np.array(draw(st.lists(st.booleans(), min_size=width, max_size=width)))
    new = np.where(keep, old, new)
    return TableSchema(tuple(features), tuple(Constraint(text) for text in texts)), old, new


@given(tables())
def test_every_repair_is_feasible_and_final(table: tuple[TableSchema, np.ndarray, np.ndarray]) -> None:
    schema, old, new = table
    rules = Feasibility(schema)
    mended = rules.repair(old, new)
    assert mended.dtype == new.dtype
    assert rules.feasible(old, mended).all()
    np.testing.assert_array_equal(rules.repair(old, mended), mended)
    untouched = rules.feasible(old, new)
    np.testing.assert_array_equal(mended[untouched], new[untouched])


@given(tables())
def test_judged_row_by_row_it_is_the_same(table: tuple[TableSchema, np.ndarray, np.ndarray]) -> None:
    schema, old, new = table
    rules = Feasibility(schema)
    together = rules.feasible(old, new)
    assert together.tolist() == [bool(rules.feasible(o[None], c[None])[0]) for o, c in zip(old, new, strict=True)]
