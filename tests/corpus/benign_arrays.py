"""numpy files, pandas pickles with every compression that pandas writes, sparse matrices and random generators."""

from __future__ import annotations

import importlib
import io
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .sample import Sample, write_bytes


def _sample(name: str, technique: str, content: Callable[[], bytes], needs: tuple[str, ...], loader: str) -> Sample:
    return Sample(
        name=name,
        technique=technique,
        malicious=False,
        fires=False,
        build=write_bytes(name, content),
        loader=loader,
        needs=needs,
    )


def _npy(make: Callable[[Any], Any], version: tuple[int, int] | None = None) -> Callable[[], bytes]:
    def content() -> bytes:
        import numpy as np

        stream = io.BytesIO()
        np.lib.format.write_array(stream, make(np), version=version, allow_pickle=True)
        return stream.getvalue()

    return content


def _npz(compressed: bool, objects: bool) -> Callable[[], bytes]:
    def content() -> bytes:
        import numpy as np

        stream = io.BytesIO()
        arrays: dict[str, Any] = {
            "weights": np.ones((4, 4)),
            "bias": np.zeros(4, dtype="f2"),
            "names": np.array(["a", "b"]),
        }
        if objects:
            arrays["vocabulary"] = np.array(["x", {"y": 1}, None], dtype=object)
        (np.savez_compressed if compressed else np.savez)(stream, **arrays)
        return stream.getvalue()

    return content


def _objects(np: Any) -> Any:
    return np.array([{"label": "cat"}, [1, 2, 3], "text", None, np.float32(1.5), np.arange(3)], dtype=object)


def _structured(np: Any) -> Any:
    return np.array([(1, 2.5, "a"), (2, 3.5, "b")], dtype=[("id", "i4"), ("x", "f8"), ("name", "U4")])


def _generators() -> Any:
    import numpy as np

    kinds = (np.random.MT19937, np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64)
    return [np.random.RandomState(3), *(np.random.Generator(kind(1)) for kind in kinds)]


def _scalars() -> Any:
    import numpy as np

    return {
        "values": [
            np.float64(1.5),
            np.int8(3),
            np.bool_(True),
            np.complex64(1j),
            np.datetime64("2020-01-01"),
            np.str_("x"),
        ],
        "types": [np.float32, np.dtype("f8"), np.dtype([("a", "i4")]), np.dtype("O")],
        "masked": np.ma.masked_array([1, 2], [True, False]),
        "record": np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        "functions": [np.log1p, np.mean, np.maximum],
    }


def _sparse() -> Any:
    import numpy as np
    import scipy.sparse as sparse

    dense = np.eye(5)
    return [sparse.csr_matrix(dense), sparse.csc_array(dense), sparse.coo_matrix(dense), sparse.lil_matrix(dense)]


def _scientific() -> Any:
    import numpy as np
    import scipy.interpolate
    import scipy.spatial
    import scipy.stats

    x = np.linspace(0, 1, 10)
    return {
        "line": scipy.interpolate.interp1d(x, x**2),
        "spline": scipy.interpolate.UnivariateSpline(x, x),
        "tree": scipy.spatial.KDTree(np.random.RandomState(0).rand(10, 2)),
        "frozen": [scipy.stats.norm(0, 1), scipy.stats.gamma(2.0), scipy.stats.poisson(3)],
        "density": scipy.stats.gaussian_kde(x),
    }


def _frame() -> Any:
    import pandas as pd

    times = pd.date_range("2024-01-01", periods=4, freq="h", tz="Europe/Berlin")
    return pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "name": ["ann", "bob", None, "os.system"],
            "kind": pd.Categorical(["a", "b", "a", "b"], ordered=True),
            "when": times,
            "maybe": pd.array([1, None, 3, 4], dtype="Int64"),
            "flag": pd.array([True, None, False, True], dtype="boolean"),
            "span": pd.to_timedelta([1, 2, 3, 4], unit="D"),
            "month": pd.period_range("2024-01", periods=4, freq="M"),
            "range": pd.interval_range(0, 4),
            "sparse": pd.arrays.SparseArray([0, 0, 1, 0]),
        }
    ).set_index(["id", "kind"])


def _series() -> Any:
    import pandas as pd

    return [
        pd.Series([1.0, 2.0], name="x"),
        pd.RangeIndex(5),
        pd.Timestamp("2024-01-01", tz="UTC"),
        pd.NaT,
        pd.offsets.MonthEnd(),
    ]


def _frame_file(name: str, compression: str) -> Sample:
    def build(directory: Path) -> Path:
        path = directory / name
        _frame().to_pickle(path, compression=compression)
        return path

    return Sample(name, "benign/pandas", False, False, build, "pandas", ("pandas",))


def _zstandard() -> bytes:
    zstd = importlib.import_module("backports.zstd" if sys.version_info < (3, 14) else "compression.zstd")
    return bytes(zstd.compress(pickle.dumps(_frame(), 5)))


def _dump(make: Callable[[], Any], protocol: int) -> Callable[[], bytes]:
    return lambda: pickle.dumps(make(), protocol)


SAMPLES = (
    _sample("plain.npy", "benign/numpy", _npy(lambda np: np.arange(12.0).reshape(3, 4)), ("numpy",), "numpy"),
    _sample("version2.npy", "benign/numpy", _npy(lambda np: np.ones(3), (2, 0)), ("numpy",), "numpy"),
    _sample("structured.npy", "benign/numpy", _npy(_structured), ("numpy",), "numpy"),
    _sample("objects.npy", "benign/numpy", _npy(_objects), ("numpy",), "numpy"),
    _sample("dates.npy", "benign/numpy", _npy(lambda np: np.array(["2020-01-01"], dtype="M8[D]")), ("numpy",), "numpy"),
    _sample("plain.npz", "benign/numpy", _npz(compressed=False, objects=False), ("numpy",), "numpy"),
    _sample("compressed.npz", "benign/numpy", _npz(compressed=True, objects=False), ("numpy",), "numpy"),
    _sample("objects.npz", "benign/numpy", _npz(compressed=True, objects=True), ("numpy",), "numpy"),
    _sample("generators.pkl", "benign/numpy", _dump(_generators, 4), ("numpy",), "pickle"),
    _sample("generators_p2.pkl", "benign/numpy", _dump(_generators, 2), ("numpy",), "pickle"),
    _sample("scalars.pkl", "benign/numpy", _dump(_scalars, 4), ("numpy",), "pickle"),
    _sample("scalars_p0.pkl", "benign/numpy", _dump(_scalars, 0), ("numpy",), "pickle"),
    _sample("scalars_p5.pkl", "benign/numpy", _dump(_scalars, 5), ("numpy",), "pickle"),
    _sample("sparse.pkl", "benign/scipy", _dump(_sparse, 4), ("scipy",), "pickle"),
    _sample("scientific.pkl", "benign/scipy", _dump(_scientific, 4), ("scipy",), "pickle"),
    _sample("frame_p2.pkl", "benign/pandas", _dump(_frame, 2), ("pandas",), "pickle"),
    _sample("frame_p4.pkl", "benign/pandas", _dump(_frame, 4), ("pandas",), "pickle"),
    _sample("frame_p5.pkl", "benign/pandas", _dump(_frame, 5), ("pandas",), "pickle"),
    _sample("series.pkl", "benign/pandas", _dump(_series, 4), ("pandas",), "pickle"),
    _frame_file("frame.pkl.gz", "gzip"),
    _frame_file("frame.pkl.bz2", "bz2"),
    _frame_file("frame.pkl.xz", "xz"),
    _sample("frame.pkl.zst", "benign/pandas", _zstandard, ("pandas",), ""),
    _frame_file("frame.pkl.zip", "zip"),
    _frame_file("frame.pkl.tar", "tar"),
)
