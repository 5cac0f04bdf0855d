"""Code objects of every CPython from 3.8 on, and what they use."""

from __future__ import annotations

import base64
import marshal
import opcode
import sys
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.compiled_modules import MARSHALLED
from violet.formats.bytecode.code import EARLIER, LATER, Code
from violet.formats.bytecode.marshalled import read_code
from violet.formats.bytecode.opcodes import instructions
from violet.formats.bytecode.uses import Use, uses_of

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = sys.version_info[0] * 100 + sys.version_info[1]


def module(version: int) -> bytes:
    return zlib.decompress(base64.b64decode(MARSHALLED[version]))


def of(function: Callable[..., object]) -> Code:
    found = read_code(marshal.dumps(function.__code__))
    assert found is not None
    return found


def changed(code: Code, bytecode: bytes) -> Code:
    return Code(code.name, bytecode, code.constants, code.names, code.variables, code.fast, code.cells, code.versions)


@pytest.mark.parametrize("version", MARSHALLED)
def test_every_version_is_read_as_itself(version: int) -> None:
    code = read_code(module(version))
    assert code is not None
    assert version in code.versions
    parts = {part.name: uses_of(part) for part in code.walk()}
    assert {"<module>", "Scaler", "__init__", "transform", "add", "run"} <= set(parts)
    for name, uses in parts.items():
        # what 3.8 to 3.10 do differently is seldom seen; from 3.11 on the caches tell versions apart
        assert version in uses.versions, name
    assert parts["transform"].versions == [version] or version <= 310
    assert Use("global", "os.system") in parts["run"].found
    assert Use("import", "os.popen") in parts["run"].found
    assert Use("global", "numpy.sum") in {use for uses in parts.values() for use in uses.found}
    assert Use("data", ".mean") in {use for uses in parts.values() for use in uses.found}
    assert "mean" in parts["__init__"].written


@pytest.mark.parametrize("version", MARSHALLED)
def test_a_module_bound_to_a_local_name_is_followed(version: int) -> None:
    code = read_code(module(version))
    assert code is not None
    run = next(part for part in code.walk() if part.name == "run")
    assert Use("import", "subprocess.run") in uses_of(run).found


@pytest.mark.skipif(HERE not in LATER, reason="tables of other versions are compared where that version runs")
def test_the_table_of_this_version() -> None:
    table = instructions(HERE)
    for name, number in opcode.opmap.items():
        hidden = name.startswith("INSTRUMENTED_") or name in ("CACHE", "RESERVED", "INTERPRETER_EXIT")
        if number < 256 and not hidden and not (sys.version_info >= (3, 13) and name in ("ENTER_EXECUTOR",)):
            assert number in table.known or name == "EXIT_INIT_CHECK", name
    names = {*table.globals, *table.attributes, *table.imports, *table.imported, *table.written}
    assert names == {number for number in opcode.hasname if number in table.known}
    assert set(table.constants) == {number for number in opcode.hasconst if number in table.known}


def test_indices_beyond_their_tables_are_of_no_version() -> None:
    code = of(lambda x: x + 1)
    assert uses_of(code).versions
    for op in (*instructions(HERE).constants, *instructions(HERE).loads, *instructions(HERE).cells):
        uses = uses_of(changed(code, bytes((op, 255)) + code.bytecode))
        assert uses.beyond, op
        assert not uses.versions, op
    for op in (*instructions(HERE).globals, *instructions(HERE).imports):
        assert not uses_of(changed(code, bytes((op, 200)) + code.bytecode)).versions, op
    assert not uses_of(code).beyond


def test_the_first_index_beyond_is_beyond() -> None:
    code = of(lambda x: x + "suffix")
    load, local = min(instructions(HERE).constants), min(instructions(HERE).loads)
    for op, length in ((load, len(code.constants)), (local, code.fast)):
        assert uses_of(changed(code, bytes((op, length - 1)) + code.bytecode)).versions
        assert uses_of(changed(code, bytes((op, length)) + code.bytecode)).beyond


def test_unknown_instructions_and_misplaced_caches_are_of_no_version() -> None:
    code = of(lambda x: x + 1)
    assert not uses_of(changed(code, b"\xff\x00" + code.bytecode)).versions
    assert not uses_of(changed(code, code.bytecode[:-1])).versions
    assert not uses_of(changed(code, b"")).versions
    extended = instructions(HERE).extended
    assert not uses_of(changed(code, bytes((extended, 0)) * 4 + code.bytecode)).versions
    if HERE in LATER:
        assert not uses_of(changed(code, code.bytecode.replace(b"\x00\x00", b"\x00\x01", 1))).versions


def test_layouts() -> None:
    assert EARLIER == (308, 309, 310)
    code = of(lambda x: [y + 1 for y in x])
    assert code.versions == LATER
    assert next(part.name for part in code.walk()) == "<lambda>"


def test_texts_and_nested_code() -> None:
    code = of(lambda: ("one", (b"two", ("three",))))
    assert {"one", "two", "three"} <= set(code.texts())


@given(st.binary(max_size=300))
def test_any_marshalled_bytes(data: bytes) -> None:
    for start in (b"\xe3", b"c", b""):
        code = read_code(start + data)
        for part in code.walk() if code else ():
            uses_of(part)


@given(st.sampled_from(sorted(MARSHALLED)), st.integers(0, 4000), st.binary(min_size=1, max_size=4))
def test_any_damage(version: int, at: int, patch: bytes) -> None:
    data = bytearray(module(version))
    at %= len(data)
    data[at : at + len(patch)] = patch
    code = read_code(bytes(data))
    for part in code.walk() if code else ():
        uses_of(part)
