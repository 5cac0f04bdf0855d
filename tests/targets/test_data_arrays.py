"""Data in archives of arrays, and everything that can be wrong with it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from violet.domain.errors import UsageError
from violet.targets.base import InputKind
from violet.targets.data import load_data

RNG = np.random.default_rng(0)
X = RNG.random((20, 3))
Y = np.arange(20) % 2


def saved(where: Path, **arrays: Any) -> Path:
    path = where / "d.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("keys", [("x", "y"), ("X", "Y"), ("x_test", "y_test"), ("images", "labels")])
def test_usual_names(keys: tuple[str, str], tmp_path: Path) -> None:
    path = saved(tmp_path, **{keys[0]: X, keys[1]: Y})
    data = load_data(path)
    assert (data.x == X).all()
    assert (data.y == Y).all()
    assert data.y.dtype == np.int64
    assert data.classes == ("0", "1")
    assert data.name == "d.npz"
    assert data.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert data.domain.kind is InputKind.VECTOR
    assert (data.domain.low == X.min(axis=0)).all()
    assert any("that of the data itself" in note for note in data.notes)


def test_named_arrays_classes_and_segments(tmp_path: Path) -> None:
    path = saved(tmp_path, x=X, risk=Y, y=Y * 0, classes=["no", "yes"], site=np.array(["a", "b"])[Y])
    data = load_data(path, label="risk", segment=["site"], limit=8, seed=3)
    assert data.classes == ("no", "yes")
    assert len(data) == 8
    assert (data.segments["site"] == np.array(["a", "b"])[data.y]).all()
    again = load_data(path, label="risk", limit=8, seed=3)
    assert (again.x == data.x).all()
    other = load_data(path, label="risk", limit=8, seed=4)
    assert (other.x != data.x).any()
    places = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in data.x]
    assert places == sorted(places)
    assert data.digest == other.digest


@pytest.mark.parametrize(
    ("labels", "y", "classes"),
    [
        ([0, 1, 2, 1], [0, 1, 2, 1], ("0", "1", "2")),
        ([0.0, 2.0, 2.0, 0.0], [0, 2, 2, 0], ("0", "1", "2")),
        ([-1, 1, 1, -1], [0, 1, 1, 0], ("-1", "1")),
        ([3, 1, 2, 1], [2, 0, 1, 0], ("1", "2", "3")),
        (["cat", "dog", "cat", "ape"], [1, 2, 1, 0], ("ape", "cat", "dog")),
        ([[0, 1], [1, 0], [1, 0], [0, 1]], [1, 0, 0, 1], ("0", "1")),
        ([[1], [0], [1], [0]], [1, 0, 1, 0], ("0", "1")),
        ([True, False, True, False], [1, 0, 1, 0], ("0", "1")),
    ],
)
def test_ways_to_write_labels(labels: Any, y: Any, classes: tuple[str, ...], tmp_path: Path) -> None:
    data = load_data(saved(tmp_path, x=X[:4], y=labels))
    assert data.y.tolist() == y
    assert data.classes == classes


@pytest.mark.parametrize(
    ("x", "layout", "high", "dtype"),
    [
        (RNG.random((4, 1, 8, 8)), "chw", 1.0, "float64"),
        (RNG.random((4, 8, 8, 3)).astype(np.float32), "hwc", 1.0, "float32"),
        (RNG.random((4, 8, 8)) * 255, "hw", 255.0, "float64"),
        (RNG.integers(0, 255, (4, 8, 8, 3), dtype=np.uint8), "hwc", 255.0, "float32"),
        (RNG.integers(0, 2, (4, 3, 8, 8), dtype=np.uint8), "chw", 255.0, "float32"),
    ],
)
def test_images_are_told_by_their_shape_and_values(
    x: Any, layout: str, high: float, dtype: str, tmp_path: Path
) -> None:
    data = load_data(saved(tmp_path, x=x, y=[0, 1, 0, 1]))
    assert data.domain.kind is InputKind.IMAGE
    assert (data.domain.layout, data.domain.dtype, str(data.x.dtype)) == (layout, dtype, dtype)
    assert (data.domain.low == 0).all()
    assert (data.domain.high == high).all()
    assert data.domain.high.shape == x.shape[1:]


def test_what_is_said_counts(tmp_path: Path) -> None:
    x = RNG.random((4, 3, 3, 3)) * 2 - 1
    path = saved(tmp_path, x=x, y=[0, 1, 0, 1])
    data = load_data(path, layout="hwc", value_range=(-1, 1))
    assert (data.domain.low == -1).all()
    assert (data.domain.layout, data.notes) == ("hwc", ())
    own = load_data(path, layout="hwc")
    assert own.domain.low.ravel()[0] == x.min()
    vector = load_data(saved(tmp_path, x=np.eye(4), y=[0, 1, 0, 1]))
    assert (vector.domain.high == 1).all()


def test_a_feature_of_one_value_is_said(tmp_path: Path) -> None:
    x = np.column_stack([X[:4, 0], np.full(4, 7.0)])
    data = load_data(saved(tmp_path, x=x, y=[0, 1, 0, 1]))
    assert data.domain.high[1] == data.domain.low[1] == 7
    assert any("1 of 2 features have one value only" in note for note in data.notes)
    unit = data.domain.to_unit(data.x)
    assert np.allclose(data.domain.to_raw(unit), data.x)


def test_texts_in_an_array(tmp_path: Path) -> None:
    data = load_data(saved(tmp_path, x=["a b", "c"], y=[0, 1]))
    assert data.domain.kind is InputKind.TEXT
    assert data.x.tolist() == ["a b", "c"]


def test_a_schema_describes_columns(tmp_path: Path) -> None:
    schema = tmp_path / "s.toml"
    schema.write_text(
        '[features.age]\ntype = "integer"\nrange = [0, 120]\n[features.job]\nvalues = ["a", "b"]\n'
        "[features.z]\ndefault = 0.5\n"
    )
    x = np.array([[30, 0, 0.25], [40, 1, np.nan]])
    data = load_data(saved(tmp_path, x=x, y=[0, 1]), schema_path=str(schema))
    assert data.domain.kind is InputKind.TABLE
    assert data.domain.names == ("age", "job", "z")
    assert data.domain.high.tolist() == [120, 1, 0.5]
    assert data.x[1].tolist() == [40, 1, 0.5]
    assert any("1 missing values taken as 0.5" in note for note in data.notes)
    for bad, message in {
        130.0: "age is 130 in row 0, outside the schema's range 0 to 120",
        30.5: "'age' is 30.5 in row 0, and the schema says integer",
    }.items():
        wrong = np.array([[bad, 0, 0], [40, 1, 1]])
        with pytest.raises(UsageError, match=message):
            load_data(saved(tmp_path, x=wrong, y=[0, 1]), schema_path=str(schema))
    with pytest.raises(UsageError, match="describes 3 features"):
        load_data(saved(tmp_path, x=x[:, :2], y=[0, 1]), schema_path=str(schema))
    with pytest.raises(UsageError, match="'job' is 7 in row 0"):
        load_data(saved(tmp_path, x=np.array([[1, 7, 0], [1, 0, 0]]), y=[0, 1]), schema_path=str(schema))


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({"x": X, "y": Y[:5]}, {}, r"20 inputs, and 'y' has shape \(5,\)"),
        ({"x": X, "y": 1}, {}, r"'y' has shape \(\)"),
        ({"x": X[:0], "y": Y[:0]}, {}, r"empty \(shape \(0, 3\)\)"),
        ({"x": X, "y": Y * 0}, {}, "every row is of class '0'"),
        ({"x": X, "y": Y * 0.5}, {}, r"the label of row 1 is 0.5, no whole number"),
        ({"x": X, "y": np.where(Y, np.nan, 0)}, {}, "the label of row 1 is nan"),
        ({"x": X, "y": Y, "classes": ["a"]}, {}, "row 1 is 1, and there are 1 classes"),
        ({"x": X, "y": Y - 1, "classes": ["a", "b"]}, {}, "row 0 is -1, and there are 2 classes"),
        ({"x": X, "y": np.array(["a", "b"])[Y], "classes": ["a", "c"]}, {}, "row 1 is labelled 'b'"),
        ({"x": X, "y": np.zeros((20, 2))}, {}, r"has shape \(20, 2\)"),
        ({"x": RNG.random((200, 2)), "y": np.arange(200)}, {}, "200 different values in 200 rows"),
        ({"x": np.where(X > 0.9, np.nan, X), "y": Y}, {}, r"nan in row \d+, at \d"),
        ({"x": np.where(X > 0.9, np.inf, X), "y": Y}, {}, r"inf in row \d+"),
        ({"x": X[:, 0], "y": Y}, {}, "one number a row"),
        ({"x": X.astype(complex), "y": Y}, {}, "complex128, and numbers were expected"),
        ({"x": np.array([{}] * 20, dtype=object), "y": Y}, {}, "which is a pickle, and is not loaded"),
        ({"z": X, "y": Y}, {}, "holds no inputs: its arrays are z, y"),
        ({"x": X, "z": Y}, {}, "holds no labels"),
        ({"x": X, "y": Y}, {"label": "yy"}, "holds no array 'yy'"),
        ({"x": X, "y": Y}, {"segment": ["site"]}, "holds no array 'site'"),
        ({"x": X, "y": Y}, {"limit": -1}, "limit of -1"),
        ({"x": X, "y": Y}, {"value_range": (0, 0.5)}, "outside the range 0 to 0.5"),
        ({"x": X, "y": Y}, {"value_range": (1, 0)}, "range 1 to 0 is empty"),
        ({"x": RNG.random((2, 5, 5, 5)), "y": [0, 1]}, {}, "which axis is the channel"),
        ({"x": RNG.random((2, 5, 5, 5)), "y": [0, 1]}, {"layout": "hcw"}, "'hcw' is no layout"),
        ({"x": RNG.random((2, 5, 5, 5)), "y": [0, 1]}, {"layout": "hw"}, "cannot be hw"),
        (
            {"x": RNG.random((300, 2)), "y": np.arange(300) % 2, "s": np.arange(300)},
            {"segment": ["s"]},
            "300 different",
        ),
    ],
)
def test_what_cannot_be_tested_on_is_one_clear_error(
    arrays: dict[str, Any], options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load_data(saved(tmp_path, **arrays), **options)
    assert "d.npz" in caught.value.diagnostics() or "limit" in message or "range" in message or "layout" in message


def test_files_that_are_no_data(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        load_data(tmp_path / "none.npz")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(UsageError, match="is empty"):
        load_data(tmp_path / "empty.csv")
    whole = saved(tmp_path, x=X, y=Y).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match=r"cut\.npz"):
        load_data(tmp_path / "cut.npz")
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04}.")
    with pytest.raises(UsageError, match="It is: pickle"):
        load_data(tmp_path / "model.pkl")
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(UsageError, match="It is: npy"):
        load_data(tmp_path / "x.npy")
