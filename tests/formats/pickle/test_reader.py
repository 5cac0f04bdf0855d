"""All streams of a file, the arrays and storages between and behind them, and what hides elsewhere."""

from __future__ import annotations

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.torch_layout import floats, legacy_checkpoint, state_dict
from tests.fuzz.fuzz_pickle import fuzz_one
from violet.formats.base import Parsed, Reading, Relation
from violet.formats.pickle.facts import PickleFacts
from violet.formats.pickle.reader import read_pickle
from violet.formats.pickle.trial import carve
from violet.formats.registry import identify
from violet.formats.source import Bounds, BytesSource, Meter, Source


def read(data: bytes) -> tuple[Parsed, PickleFacts]:
    parsed = read_pickle(BytesSource(data), Reading("m.pkl", Bounds(), Meter(Bounds())))
    assert isinstance(parsed.facts, PickleFacts)
    return parsed, parsed.facts


class Counting(Source):
    """A source that counts the bytes that are really read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.taken = 0

    def read(self, offset: int, length: int) -> bytes:
        found = self.data[offset : offset + length] if offset >= 0 else b""
        self.taken += len(found)
        return found


def test_every_stream_of_a_file_is_followed() -> None:
    data = b"".join(pickle.dumps(value, protocol) for protocol, value in enumerate(["a", 1, None, [1], {}, ()]))
    _, facts = read(data)
    assert [stream.protocol for stream in facts.streams] == [0, 0, 2, 3, 4, 5]
    assert facts.end == len(data)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("compress", [0, 3])
def test_joblib_arrays_are_stepped_over(tmp_path: Path, protocol: int, compress: int) -> None:
    value = {
        "floats": np.arange(1000.0),
        "fortran": np.asfortranarray(np.ones((7, 9), dtype="f4")),
        "text": np.array(["abc", "de"]),
        "record": np.zeros(5, dtype=[("a", "i4"), ("b", "f8", (2,))]),
        "objects": np.array([1, "x", None], dtype=object),
        "empty": np.zeros((0, 3)),
        "dates": np.array(["2026-01-01"], dtype="datetime64[D]"),
        "behind": [1, 2, 3],
    }
    path = tmp_path / "m.joblib"
    joblib.dump(value, path, protocol=protocol)
    parsed, facts = read(path.read_bytes())
    assert [stream.broken for stream in facts.streams] == [""]
    assert facts.streams[0].arrays == 7
    assert facts.flavour == "joblib"
    assert not parsed.children
    assert not parsed.defects


def test_array_bytes_are_not_read() -> None:
    file = io.BytesIO()
    joblib.dump([np.zeros(1_000_000), np.ones(1_000_000)], file)
    source = Counting(file.getvalue())
    read_pickle(source, Reading("m.joblib", Bounds(), Meter(Bounds())))
    assert source.taken < 300_000


def test_long_constants_are_not_read() -> None:
    source = Counting(pickle.dumps([bytes(5_000_000), bytearray(5_000_000), "x" * 5_000_000], protocol=5))
    read_pickle(source, Reading("m.pkl", Bounds(), Meter(Bounds())))
    assert source.taken < 500_000


def test_the_storages_of_a_legacy_torch_file_are_stepped_over() -> None:
    data = legacy_checkpoint(state_dict(weight=floats(64, 3), bias=floats(64)))
    parsed, facts = read(data)
    assert facts.flavour == "torch_legacy"
    assert facts.end == len(data)
    assert not parsed.children
    assert not parsed.defects


def test_a_legacy_torch_file_that_lies_about_a_storage() -> None:
    data = bytearray(legacy_checkpoint(state_dict(bias=floats(64))))
    place = len(data) - 64 * 4 - 8
    assert struct.unpack_from("<q", data, place) == (64,)
    struct.pack_into("<q", data, place, 32)
    parsed, _ = read(bytes(data))
    assert "contradiction" in {defect.kind for defect in parsed.defects}


def test_a_payload_behind_the_storages_is_found() -> None:
    data = legacy_checkpoint(state_dict(bias=floats(4))) + b"cos\nsystem\n(S'id'\ntR."
    _, facts = read(data)
    assert "system" in {found.name for stream in facts.streams for found in stream.globals}


@pytest.mark.parametrize("gap", [0, 1, 500, 40_000, 1 << 20, (1 << 20) + 17])
def test_pickles_are_carved_out_of_anything(gap: int) -> None:
    class Attack:
        def __reduce__(self) -> Any:
            return eval, ("1",)

    payload = pickle.dumps(Attack())
    data = b"\x99" * gap + payload + b"\x98" * 300
    assert carve(BytesSource(data), Meter(Bounds())) == [gap]


def test_numbers_are_not_carved() -> None:
    noise = np.random.default_rng(7).normal(size=200_000).tobytes()
    assert carve(BytesSource(noise), Meter(Bounds())) == []


@pytest.mark.parametrize(
    "text",
    [b"cat\ndog\nhorse\n", b"import os\nprint(1)\n", b"Some text.\n", b"{'a': 1}", b"N.", b"(a b)\n", b"# title\n"],
)
def test_texts_are_no_pickles(text: bytes) -> None:
    found = identify(BytesSource(text), "notes.txt")
    assert not found or found[0].id != "pickle" or text == b"N."


def test_nested_pickles_become_children() -> None:
    inner = pickle.dumps({"a": complex(1, 2)})
    parsed, _ = read(pickle.dumps([1, inner, bytes(range(256))]))
    assert [(child.relation, child.source.size) for child in parsed.children] == [(Relation.NESTED, len(inner))]


def test_values_that_hold_themselves_are_no_bombs() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    shared = [2] * 10
    _, facts = read(pickle.dumps({"loop": loop, "shared": [shared] * 1000}))
    assert facts.streams[0].oddities == []


@pytest.mark.parametrize("padding", [0, 200_000])
def test_bytes_that_protocol_2_writes_as_text_are_examined(padding: int) -> None:
    inner = pickle.dumps([complex(1, 2), bytes(range(256)) + bytes(padding)], protocol=4)
    parsed, _ = read(pickle.dumps({"state": inner}, protocol=2))
    assert [(child.relation, child.source.size) for child in parsed.children] == [(Relation.NESTED, len(inner))]
    assert parsed.children[0].source.read(0, len(inner)) == inner


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_facts(data: bytes) -> None:
    fuzz_one(data)
    fuzz_one(b"\x80\x04" + data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_change_to_a_real_file_gives_facts(draw: st.DataObject) -> None:
    file = io.BytesIO()
    joblib.dump({"a": np.arange(6.0), "b": np.array([1, "x"], dtype=object)}, file)
    data = bytearray(file.getvalue())
    for _ in range(draw.draw(st.integers(1, 6))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    fuzz_one(bytes(data))


def test_what_is_not_searched_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("violet.formats.source.LONGEST_SEARCH", 1000)
    hidden = pickle.dumps(print, 4)
    source = BytesSource(bytes(5000) + hidden)
    meter = Meter(Bounds())
    assert carve(source, meter) == []
    assert meter.unsearched == source.size - 1000
    assert carve(source, Meter(Bounds(), deep=True)) == [5000]
