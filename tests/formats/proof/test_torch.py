"""Checkpoints: what is proven converts to the same values, and nothing else is proven."""

from __future__ import annotations

import collections
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.corpus.torch_layout import Call, Global
from tests.formats.proof.checkpoints import (
    STORAGES,
    Reference,
    Storage,
    View,
    checkpoint,
    converted,
    pickled,
    same,
    zip_bytes,
)

FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def refused(path: Path, content: bytes) -> str:
    """The reason for which it is refused; ``""`` where it is converted."""
    path.write_bytes(content)
    try:
        converted(path)
    except ValueError as error:
        return str(error)
    return ""


def ramp(code: str, count: int) -> Storage:
    data = np.arange(count * np.dtype(code).itemsize, dtype="u1") * 7 + 1
    return Storage(code, data.view(code) if code != "b1" else (data % 2).astype("?"))


@st.composite
def views(draw: st.DrawFn, storages: list[Storage]) -> View:
    storage = draw(st.sampled_from(storages))
    size = storage.data.size
    if size == 0:
        return View(storage, 0, (0, 2), (2, 1))
    start = draw(st.integers(0, size - 1))
    left = size - 1 - start
    shape: list[int] = []
    strides: list[int] = []
    for _ in range(draw(st.integers(0, 4))):
        extent = draw(st.integers(0, 5))
        stride = draw(st.integers(0, 7))
        if extent > 1 and (extent - 1) * stride > left:
            stride = left // (extent - 1)
        if extent > 1:
            left -= (extent - 1) * stride
        shape.append(extent)
        strides.append(stride)
    order = draw(st.permutations(range(len(shape))))
    gradient = np.dtype(storage.code).kind in "fc" and draw(st.booleans())
    place = (tuple(shape[n] for n in order), tuple(strides[n] for n in order))
    return View(storage, start, *place, parameter=draw(st.booleans()), gradient=gradient)


PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 70), 1 << 70), st.floats(), st.text(max_size=8), st.just(float("nan"))
)
KEYS = st.one_of(st.text("abc.é", min_size=1, max_size=3), st.integers(0, 3))


@st.composite
def values(draw: st.DrawFn) -> Any:
    codes = draw(st.lists(st.sampled_from(sorted(STORAGES)), min_size=1, max_size=3))
    storages = [ramp(code, draw(st.integers(0, 40))) for code in codes]
    leaves = st.one_of(views(storages), PLAIN)
    made = draw(
        st.recursive(
            leaves,
            lambda inner: st.one_of(
                st.dictionaries(KEYS, inner, max_size=4),
                st.dictionaries(KEYS, inner, max_size=4).map(collections.OrderedDict),
                st.lists(inner, max_size=3),
                st.lists(inner, max_size=3).map(tuple),
            ),
            max_leaves=10,
        )
    )
    return {"first": draw(views(storages)), "rest": made}


@FEW
@given(
    value=values(),
    legacy=st.booleans(),
    big=st.booleans(),
    deflate=st.booleans(),
    tied=st.sampled_from(["duplicate", "once"]),
)
def test_what_is_proven_converts_to_the_same(
    tmp_path: Path, value: Any, legacy: bool, big: bool, deflate: bool, tied: str
) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(checkpoint(value, legacy=legacy, big=big, deflate=deflate))
    try:
        got, _, _ = converted(path, tied)
    except ValueError as error:
        if "two tensors would be called" not in str(error):
            raise
        return
    assert same(value, got)


SEED = pickled(
    collections.OrderedDict(
        [
            ("a", View(ramp("f4", 12), 1, (2, 3), (5, 2), gradient=True)),
            ("b", [View(ramp("i8", 3), 0, (3,), (1,)), 1, 2.5, "text", None, True]),
            ("c", {"d": (View(ramp("u1", 4), 0, (), ()),)}),
        ]
    )
)


@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_pickle_converts_to_what_the_unpickler_makes_or_is_refused(
    tmp_path: Path, data: st.DataObject
) -> None:
    original, storages = SEED
    mutated = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        kind = data.draw(st.sampled_from(["set", "insert", "delete", "copy", "swap"]))
        if kind == "set":
            mutated[at] = data.draw(st.integers(0, 255))
        elif kind == "insert":
            mutated[at:at] = bytes([data.draw(st.sampled_from(b"()]}NK\x01\x88\x85\x86Rbsuq\x00h02.a"))])
        elif kind == "delete":
            del mutated[at : at + data.draw(st.integers(1, 4))]
        elif kind == "copy":
            other = data.draw(st.integers(0, len(mutated) - 1))
            mutated[at:at] = mutated[other : other + data.draw(st.integers(1, 12))]
        else:
            other = data.draw(st.integers(0, len(mutated) - 1))
            mutated[at], mutated[other] = mutated[other], mutated[at]
        assume(mutated)
    records = [storage.data.tobytes() for storage in storages]
    path = tmp_path / "model.pt"
    path.write_bytes(zip_bytes(bytes(mutated), records))
    try:
        got, _, _ = converted(path)
    except ValueError:
        return
    reference = Reference(bytes(mutated), {str(key): record for key, record in enumerate(records)})
    expected = reference.load()
    assert reference.stream.read() == b""
    assert same(expected, got)


def f4(count: int = 6) -> View:
    return View(ramp("f4", count), 0, (count,), (1,))


REFUSED: list[tuple[str, Any, str]] = [
    ("a call", Call(Global("os", "system"), ("id",)), "os.system"),
    ("a reference", Global("os", "system"), "os.system"),
    ("a class", Global("torch", "FloatStorage"), "neither a tensor nor a plain value"),
    ("a quantised tensor", Call(Global("torch._utils", "_rebuild_qtensor"), ()), "quantised"),
    ("a sparse tensor", Call(Global("torch._utils", "_rebuild_sparse_tensor"), ()), "sparse"),
    ("bytes", b"\x00" * 300, "_codecs.encode"),
    ("a set", {1, 2}, "set"),
    ("a truth value for a key", {True: 1}, "key True"),
    ("a tuple for a key", {(1, 2): 1}, "key (1, 2)"),
    ("a view beyond its storage", View(ramp("f4", 4), 1, (4,), (1,)), "reaches element 4"),
    ("a view far beyond", View(ramp("f4", 4), 0, (1 << 40, 1 << 40), (1, 1)), "impossible number"),
    ("a view that multiplies", View(ramp("f4", 4), 0, (1 << 30,), (0,)), "when written out"),
    ("hooks", Call(Global("torch._utils", "_rebuild_parameter"), (f4(), False, {"x": 1})), "hooks"),
    ("a gradient of whole numbers", View(ramp("i8", 2), 0, (2,), (1,), gradient=True), "gradient"),
    ("a negative stride", View(ramp("f4", 4), 3, (4,), (-1,)), "shape or strides"),
    ("a big set of extension", Call(Global("copyreg", "_reconstructor"), ()), "copyreg._reconstructor"),
]


@pytest.mark.parametrize(("value", "reason"), [pytest.param(v, r, id=name) for name, v, r in REFUSED])
def test_what_is_no_tensor_is_refused_by_name(tmp_path: Path, value: Any, reason: str) -> None:
    if reason == "_codecs.encode":
        reason = "neither a tensor nor a plain value"
    assert reason in refused(tmp_path / "model.pt", checkpoint({"weight": f4(), "other": value}))


def rewritten(content: bytes, change: Any) -> bytes:
    """The archive with its members passed through ``change(name, data)``; ``None`` leaves one out."""
    import io

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        for info in before.infolist():
            data = change(info.filename, before.read(info))
            if data is not None:
                after.writestr(info.filename, data)
    return out.getvalue()


def test_storages_must_fit_and_be_used(tmp_path: Path) -> None:
    path, good = tmp_path / "model.pt", checkpoint({"w": f4()})
    longer = rewritten(good, lambda name, data: data + b"\0" if "/data/" in name else data)
    missing = rewritten(good, lambda name, data: None if "/data/" in name else data)
    assert "should be 24 bytes and is 25" in refused(path, longer)
    assert "missing from the archive" in refused(path, missing)
    two, storages = pickled({"w": f4()})
    assert "which no tensor uses" in refused(path, zip_bytes(two, [storages[0].data.tobytes(), b"1234"]))
    order = rewritten(good, lambda name, data: b"middle" if name.endswith("byteorder") else data)
    assert "byte order" in refused(path, order)
    code = rewritten(good, lambda name, data: data)
    with zipfile.ZipFile(tmp_path / "more.pt", "w") as archive:
        archive.writestr("archive/code/x.py", "import os")
    import io

    out = io.BytesIO(code)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("archive/extra.txt", "hello")
    assert "no part of a checkpoint" in refused(path, out.getvalue())


def test_content_before_between_and_behind_is_refused(tmp_path: Path) -> None:
    path, good = tmp_path / "model.pt", checkpoint({"w": f4()})
    legacy = checkpoint({"w": f4()}, legacy=True)
    assert refused(path, legacy) == ""
    assert "stand behind its end" in refused(path, legacy + b"x")
    assert "stand behind its end" in refused(path, legacy + pickle.dumps(1))
    assert refused(path, b"junk" + good)
    assert refused(path, good + b"junk")
    assert refused(path, pickle.dumps(1) + good)
    assert refused(path, legacy + good)
    assert refused(path, good[:-30])
    for end in range(0, len(legacy), 7):
        assert refused(path, legacy[:end])


def test_two_readings_of_one_name_are_refused(tmp_path: Path) -> None:
    import io
    import warnings

    out = io.BytesIO(checkpoint({"w": f4()}))
    with warnings.catch_warnings(), zipfile.ZipFile(out, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("archive/data.pkl", pickle.dumps({"w": 1}, 2))
    assert "not sound" in refused(tmp_path / "model.pt", out.getvalue())
    out = io.BytesIO(checkpoint({"w": f4()}))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("archive/DATA.pkl", pickle.dumps({"w": 1}, 2))
    assert refused(tmp_path / "model.pt", out.getvalue())


def test_names_and_metadata(tmp_path: Path) -> None:
    shared = ramp("f4", 6)
    weight = View(shared, 0, (6,), (1,), parameter=True, gradient=True)
    value = {"model": {"layer.weight": weight, "tied": weight, "part": View(shared, 2, (3,), (1,))}, "epoch": 3}
    path = tmp_path / "model.pt"
    path.write_bytes(checkpoint(value))
    _, metadata, tensors = converted(path)
    assert set(tensors) == {"model.layer.weight", "model.tied", "model.part"}
    assert metadata["format"] == "pt"
    assert metadata["violet.aliases"] == '{"model.tied":"model.layer.weight"}'
    assert '["epoch",{"v":3}]' in metadata["violet.structure"]
    assert '"k":"parameter","g":1' in metadata["violet.structure"]
    _, metadata, tensors = converted(path, "once")
    assert set(tensors) == {"model.layer.weight", "model.part"}
    assert metadata["model.tied"] == "model.layer.weight"


def test_names_that_would_collide_or_cannot_be_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    assert "two tensors would be called 'a.b'" in refused(path, checkpoint({"a": {"b": f4()}, "a.b": f4()}))
    assert "two tensors would be called 'a.0'" in refused(path, checkpoint({"a": {0: f4(), "0": f4()}}))
    assert "cannot hold" in refused(path, checkpoint({"__metadata__": f4()}))
    assert "cannot hold" in refused(path, checkpoint({"a\nb": f4()}))
    assert "it holds no tensor" in refused(path, checkpoint({"a": 1}))


def test_containers_that_hold_themselves_are_refused(tmp_path: Path) -> None:
    value: dict[str, Any] = {"w": f4()}
    value["self"] = value
    assert "holds itself" in refused(tmp_path / "model.pt", checkpoint(value))


def test_a_shared_container_stands_wherever_it_is_met(tmp_path: Path) -> None:
    inner = {"w": f4()}
    path = tmp_path / "model.pt"
    path.write_bytes(checkpoint({"a": inner, "b": inner}))
    got, _, tensors = converted(path)
    assert set(tensors) == {"a.w", "b.w"}
    assert same({"a": inner, "b": inner}, got)


def test_large_strided_views(tmp_path: Path) -> None:
    storage = ramp("f4", 3_000_000)
    value = {
        "transposed": View(storage, 0, (1500, 2000), (1, 1500)),
        "column": View(storage, 3, (29_000,), (100,)),
        "block": View(storage, 5, (300, 2, 40), (1000, 300_000, 3)),
        "windows": View(storage, 0, (5000, 64), (7, 1)),
    }
    path = tmp_path / "model.pt"
    path.write_bytes(checkpoint(value))
    got, _, _ = converted(path)
    assert same(value, got)
