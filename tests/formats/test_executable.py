"""Executables, whole, broken and with something behind them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.executables import elf, fat, macho, pe
from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.formats.base import Relation
from violet.formats.executable.headers import ExecutableFacts, read_header
from violet.formats.source import BytesSource, FileSource

BUILT = {"elf": elf, "pe": pe, "macho": macho}


@pytest.mark.parametrize("name", BUILT)
def test_recognised_with_their_extent(name: str) -> None:
    data = BUILT[name]()
    assert ids(data, "x")[0] == name
    facts = read(name, data).facts
    assert isinstance(facts, ExecutableFacts)
    assert facts.extent == len(data)


def test_universal_files() -> None:
    facts = read("macho", fat()).facts
    assert isinstance(facts, ExecutableFacts)
    assert facts.machine == "x86-64 and AArch64"
    assert facts.extent == len(fat())
    assert ids(b"\xca\xfe\xba\xbe\x00\x00\x00\x41" + bytes(64), "A.class")[0] != "macho"


@pytest.mark.parametrize("name", BUILT)
def test_what_stands_behind_is_examined(name: str) -> None:
    data = BUILT[name]()
    (child,) = read(name, data + b"payload that is long enough").children
    assert (child.relation, child.offset) == (Relation.HIDDEN, len(data))
    assert read(name, data + bytes(4_000)).children == []


@pytest.mark.parametrize("name", BUILT)
def test_what_is_cut_off_is_told(name: str) -> None:
    assert kinds(read(name, BUILT[name]()[:-8])) == ["truncated"]


def test_a_real_program() -> None:
    path = Path(sys.executable).resolve()
    with FileSource.open(path) as source:
        facts = read_header(source)
        assert facts is not None
        assert facts.extent is not None
        assert 0 <= source.size - facts.extent <= 16


def test_text_that_begins_like_one() -> None:
    assert ids(b"MZ is a country code, said the text.", "a.txt")[0] == "text"
    assert read_header(BytesSource(b"MZ" + bytes(200))) is None


@given(st.binary(max_size=200) | mutations(elf) | mutations(pe) | mutations(macho) | mutations(fat))
def test_any_bytes(data: bytes) -> None:
    for name in ("elf", "pe", "macho", "ape"):
        survives(name, data, "x")
