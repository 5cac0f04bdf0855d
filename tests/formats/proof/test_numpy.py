"""Pickled arrays: every protocol, joblib dumps, .npy and .npz files of objects."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.formats.proof.checkpoints import converted, same

FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
CODES = "?", "i1", "u1", "<i2", ">i2", "<u4", ">i4", "<i8", "<u8", "<f2", ">f4", "<f4", "<f8", ">f8", "<c8", ">c8"


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    dtype = np.dtype(draw(st.sampled_from(CODES)))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    count = int(np.prod(shape)) * dtype.itemsize
    raw = draw(st.binary(min_size=count, max_size=count))
    made = (
        np.frombuffer(raw, "u1").view(dtype).reshape(shape)
        if dtype.kind != "b"
        else (np.frombuffer(raw, "u1") % 2).astype("?").reshape(shape)
    )
    how = draw(st.sampled_from(["C", "F", "reversed", "transposed"]))
    if how == "reversed" and made.ndim:
        return made[::-1]
    return made.T if how == "transposed" else np.array(made, order="F" if how == "F" else "C")


NESTED = st.recursive(
    st.one_of(arrays(), st.none(), st.integers(), st.floats(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3),
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
    ),
    max_leaves=6,
)


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    try:
        converted(path)
    except ValueError as error:
        return str(error)
    return ""


def accepted(path: Path, value: Any) -> None:
    try:
        got, metadata, _ = converted(path)
    except ValueError as error:
        if "two tensors would be called" not in str(error):
            raise
        return
    assert metadata["format"] == "np"
    assert same(value, got)


@FEW
@given(first=arrays(), rest=NESTED, protocol=st.integers(0, 5))
def test_a_bare_pickle_converts_to_the_same(tmp_path: Path, first: np.ndarray, rest: Any, protocol: int) -> None:
    path = tmp_path / "arrays.pkl"
    path.write_bytes(pickle.dumps({"first": first, "rest": rest}, protocol))
    loaded = pickle.loads(path.read_bytes())
    accepted(path, loaded)


@FEW
@given(first=arrays(), rest=NESTED, protocol=st.sampled_from([2, 3, 4, 5]))
def test_a_dump_of_joblib_converts_to_the_same(tmp_path: Path, first: np.ndarray, rest: Any, protocol: int) -> None:
    path = tmp_path / "arrays.joblib"
    joblib.dump({"first": first, "rest": rest}, path, protocol=protocol)
    accepted(path, joblib.load(path))


@FEW
@given(first=arrays(), rest=NESTED)
def test_an_object_array_of_no_dimensions_converts_to_the_same(tmp_path: Path, first: np.ndarray, rest: Any) -> None:
    path = tmp_path / "arrays.npy"
    value = {"first": first, "rest": rest}
    np.save(path, np.array(value, dtype=object), allow_pickle=True)
    accepted(path, np.load(path, allow_pickle=True).item())


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_with_some_pickled_members(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "arrays.npz"
    plain = np.arange(12, dtype=">f4").reshape(3, 4, order="F")
    save(path, plain=plain, nested=np.array({"w": np.ones(3), "n": 1}, dtype=object))
    accepted(path, {"plain": plain, "nested": {"w": np.ones(3), "n": 1}})


def test_numbers_of_numpy_are_told_from_arrays(tmp_path: Path) -> None:
    path = tmp_path / "best.pkl"
    path.write_bytes(pickle.dumps({"accuracy": np.float64(0.5), "w": np.ones((), "f4")}))
    got, metadata, _ = converted(path)
    assert got["accuracy"] == 0.5
    assert '{"t":"accuracy","k":"scalar"}' in metadata["violet.structure"]


def test_long_arrays_of_protocol_2_are_text(tmp_path: Path) -> None:
    value = np.arange(3_000_000, dtype="<i4")[::-1]
    path = tmp_path / "long.pkl"
    path.write_bytes(pickle.dumps([value], 2))
    accepted(path, [value])


class Other:
    pass


REFUSED: list[tuple[str, Any, str]] = [
    ("objects", np.array([1, "a", None], dtype=object), "array of Python objects"),
    ("texts", np.array(["a", "bc"]), "array of texts"),
    ("bytes", np.array([b"a", b"bc"]), "array of texts"),
    ("dates", np.array(["2026-01-01"], "M8[D]"), "array of dates"),
    ("durations", np.array([3], "m8[s]"), "array of durations"),
    ("records", np.zeros(2, [("x", "f4"), ("y", "i4")]), "structured"),
    ("wide complex", np.zeros(2, "c16"), "128 bits"),
    ("extended", np.zeros(2, "g"), "extended"),
    ("another object", Other(), "tests.formats.proof.test_numpy.Other"),
    ("a function", np.sin, "numpy"),
    ("a type", np.float32, "numpy.float32"),
    ("masked", np.ma.masked_array([1, 2], [0, 1]), "numpy.ma"),
    ("a subclass", np.rec.array([1.0]), "no plain array"),
    ("plain bytes", b"x" * 10, "neither a tensor nor a plain value"),
    ("bytearray", bytearray(b"x"), "neither a tensor nor a plain value"),
]


@pytest.mark.parametrize(("value", "reason"), [pytest.param(v, r, id=name) for name, v, r in REFUSED])
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_what_is_no_plain_array_is_refused(tmp_path: Path, value: Any, reason: str, protocol: int) -> None:
    content = pickle.dumps({"w": np.ones(2), "other": value}, protocol)
    found = refused(tmp_path / "x.pkl", content)
    assert reason in found or "Python objects" in found or "bytearray" in found, found
    assert found


def test_plain_arrays_need_nothing(tmp_path: Path) -> None:
    path = tmp_path / "plain.npy"
    np.save(path, np.ones(3))
    assert "loads without a pickle" in refused(path, path.read_bytes())
    np.savez(tmp_path / "plain.npz", np.ones(3))
    assert "load without a pickle" in refused(tmp_path / "plain.npz", (tmp_path / "plain.npz").read_bytes())


COMPRESSORS: list[Any] = [1, ("zlib", 9), ("gzip", 3), ("bz2", 3), ("xz", 1), ("lzma", 1), ("lz4", 1)]


@pytest.mark.parametrize("compress", COMPRESSORS, ids=str)
@settings(FEW, max_examples=10)
@given(first=arrays(), rest=NESTED, protocol=st.sampled_from([2, 3, 4, 5]))
def test_a_compressed_dump_of_joblib_converts_to_the_same(
    tmp_path: Path, compress: Any, first: np.ndarray, rest: Any, protocol: int
) -> None:
    path = tmp_path / "arrays.joblib"
    joblib.dump({"first": first, "rest": rest}, path, compress=compress, protocol=protocol)
    accepted(path, joblib.load(path))


def test_a_large_compressed_dump(tmp_path: Path) -> None:
    """Larger than what is kept in memory, and read in another order than it stands."""
    value = {"w": np.arange(3_000_000, dtype="<f4").reshape(1500, 2000).T, "b": np.zeros(9)}
    path = tmp_path / "arrays.joblib"
    joblib.dump(value, path, compress=1)
    before = len(list(Path("/proc/self/fd").iterdir()))
    accepted(path, value)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_compressed_files_that_are_no_dumps_of_arrays(tmp_path: Path) -> None:
    import gzip
    import zlib

    path = tmp_path / "x.joblib"
    joblib.dump({"w": np.ones(30)}, path, compress=("gzip", 3))
    good = path.read_bytes()
    assert refused(path, good) == ""
    inner = gzip.decompress(good)
    for content, reason in (
        (good[:-9], "not sound"),
        (good + b"x", "not sound"),
        (good[:40] + bytes([good[40] ^ 1]) + good[41:], "not sound"),
        (gzip.compress(inner + b"\0"), "behind its end"),
        (gzip.compress(inner + pickle.dumps(1)), "expands to (gzip)"),
        (gzip.compress(pickle.dumps(Other())), "in what it expands to (gzip): "),
        (gzip.compress(pickle.dumps({"w": np.ones(2), "f": np.sin})), "in what it expands to (gzip): "),
        (gzip.compress(good), "a file of its own (gzip)"),
        (zlib.compress(b"PK\x03\x04 and more that is no archive"), "a file of its own"),
        (gzip.compress(b"plain text"), "in what it expands to (gzip): "),
        (gzip.compress(inner) + gzip.compress(inner), "expands to (gzip)"),
    ):
        found = refused(path, content)
        assert reason in found, (reason, found)


def test_zstandard_has_no_loader_that_expands_it(tmp_path: Path) -> None:
    from backports import zstd

    found = refused(tmp_path / "x.joblib", zstd.compress(pickle.dumps({"w": np.ones(2)})))
    assert "compressed (zstd)" in found
    assert "file of its own" in found


def test_what_follows_an_array_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.joblib"
    joblib.dump({"w": np.ones(30)}, path)
    good = path.read_bytes()
    assert refused(path, good) == ""
    assert "stand behind its end" in refused(path, good + b"\0")
    assert refused(path, good + pickle.dumps(1))
    for end in range(0, len(good), 11):
        assert refused(path, good[:end])


def test_an_npz_with_a_stranger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, nested=np.array({"w": np.ones(3)}, dtype=object))
    out = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("readme.txt", "hello")
    assert refused(path, out.getvalue())


class _Arrays(pickle.Unpickler):
    """The reference: only what makes plain arrays."""

    def find_class(self, module: str, name: str) -> Any:
        import numpy._core.multiarray as multiarray
        import numpy._core.numeric as numeric

        allowed = {
            "ndarray": np.ndarray,
            "dtype": np.dtype,
            "_reconstruct": multiarray._reconstruct,
            "scalar": multiarray.scalar,
            "_frombuffer": numeric._frombuffer,
        }
        if module.startswith("numpy") and name in allowed:
            return allowed[name]
        if (module, name) == ("_codecs", "encode"):
            import codecs

            return codecs.encode
        raise pickle.UnpicklingError(f"{module}.{name}")


SEEDS = [
    pickle.dumps(
        {"a": np.arange(6, dtype="<f4").reshape(2, 3).T, "b": [np.ones((2, 2), ">i2"), 1, 0.5], "c": np.float64(2)},
        protocol,
    )
    for protocol in (2, 4, 5)
]


@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_pickle_converts_to_what_the_unpickler_makes_or_is_refused(
    tmp_path: Path, data: st.DataObject
) -> None:
    mutated = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        kind = data.draw(st.sampled_from(["set", "delete", "copy"]))
        if kind == "set":
            mutated[at] = data.draw(st.integers(0, 255))
        elif kind == "delete" and len(mutated) > 8:
            del mutated[at : at + data.draw(st.integers(1, 3))]
        else:
            other = data.draw(st.integers(0, len(mutated) - 1))
            mutated[at:at] = mutated[other : other + data.draw(st.integers(1, 12))]
    path = tmp_path / "x.pkl"
    path.write_bytes(mutated)
    try:
        got, _, _ = converted(path)
    except ValueError:
        return
    stream = io.BytesIO(mutated)
    assert same(_Arrays(stream).load(), got)
    assert stream.read() == b""
