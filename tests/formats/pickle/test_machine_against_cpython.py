"""The symbolic machine against both of CPython's unpicklers.

What either really imports, calls, creates or gives state to before it ends or breaks, the machine must
have recorded; and what either loads without error the machine must follow to STOP.
"""

from __future__ import annotations

import io
import pickle
import string
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from violet.formats.pickle.facts import Stream
from violet.formats.pickle.machine import Machine
from violet.formats.source import Bounds, BytesSource, Meter


class Recording(type):
    """Classes that stand for whatever a stream imports: they accept anything and keep count."""

    acts: Counter[str]

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        cls.acts[f"call {cls.__name__}"] += 1
        return cls.__new__(cls, quiet=True)


def recorder(dotted: str, acts: Counter[str]) -> Any:
    def new(cls: Any, *arguments: Any, quiet: bool = False, **keywords: Any) -> Any:
        if not quiet:
            acts[f"new {dotted}"] += 1
        return object.__new__(cls)

    def setstate(self: Any, state: Any) -> None:
        acts[f"build {dotted}"] += 1

    def take(self: Any, *arguments: Any) -> None:
        return None

    body = {
        "__new__": new,
        "__setstate__": setstate,
        "append": take,
        "extend": take,
        "add": take,
        "__setitem__": take,
        "__call__": lambda self, *arguments: acts.update(["computed"]),
        "__hash__": lambda self: 1,
        "__eq__": lambda self, other: self is other,
        "acts": acts,
    }
    return Recording(dotted, (), body)


def really(data: bytes, base: type) -> tuple[bool, Counter[str]]:
    """Load with a real unpickler whose imports are recorders. Whether it ended well, and its acts."""
    acts: Counter[str] = Counter()

    class Tracer(base):  # type: ignore[misc,valid-type]
        def find_class(self, module: str, name: str) -> Any:
            acts[f"import {module}.{name}"] += 1
            return recorder(f"{module}.{name}", acts)

        def persistent_load(self, pid: Any) -> Any:
            return recorder("persistent", acts)

    try:
        Tracer(io.BytesIO(data)).load()
    except Exception:
        return False, acts
    return True, acts


def symbolically(data: bytes) -> tuple[Stream, Counter[str]]:
    machine = Machine(BytesSource(data), 0, Meter(Bounds()))
    stream = machine.run()
    acts: Counter[str] = Counter()
    for (module, name), found in machine.globals.items():
        acts[f"import {module}.{name}"] += 1
        acts[f"call {module}.{name}"] += found.called
        acts[f"new {module}.{name}"] += found.constructed + found.called
        acts[f"build {module}.{name}"] += found.builds
    return stream, acts


def compare(data: bytes) -> None:
    stream, seen = symbolically(data)
    if any(oddity.kind == "frame" for oddity in stream.oddities):
        return  # what runs depends on how the loader reads its file: reported for what it is
    for base in (pickle._Unpickler, pickle.Unpickler):  # type: ignore[attr-defined]
        ended, acts = really(data, base)
        if any(name.startswith("import persistent") for name in acts):
            continue
        for act, count in acts.items():
            kind, _, dotted = act.partition(" ")
            if dotted == "persistent" or kind == "computed":
                continue
            if kind == "build" and dotted.endswith("._reconstructor"):
                continue  # the machine knows what this one returns: the state goes to that class
            if kind in ("import", "build"):
                assert seen[act], f"{base.__module__} did {act!r}, the machine ({stream.broken}) did not"
            else:
                noted = seen[f"call {dotted}"] + seen[f"new {dotted}"]
                assert noted >= count, f"{base.__module__} did {act!r} {count} times, the machine {noted}"
        if ended:
            assert not stream.broken, f"{base.__module__} ends well, the machine says {stream.broken!r}"


names = st.sampled_from(["os", "builtins", "sklearn.base", "pkg.mod", "collections"])
attributes = st.sampled_from(["system", "eval", "BaseEstimator", "Thing", "OrderedDict"])
small = st.integers(0, 12)


def line(text: str) -> bytes:
    return text.encode() + b"\n"


snippets = st.one_of(
    st.sampled_from(
        [bytes([op]) for op in b"N()]}\x88\x89\x8f.012ldtbsuaeoR\x81\x85\x86\x87\x90\x91\x92\x93\x94Q\x98"]
    ),
    st.sampled_from([b"(", b")", b"R", b"\x94", b"b", b"0", b"2", b"\x85"]),
    st.binary(max_size=6).map(lambda data: b"C" + bytes([len(data)]) + data),
    st.builds(lambda text: b"\x8c" + bytes([len(text)]) + text.encode(), st.text(string.ascii_letters, max_size=8)),
    st.builds(lambda text: b"X" + len(text).to_bytes(4, "little") + text.encode(), attributes),
    st.builds(lambda module, name: b"c" + line(module) + line(name), names, attributes),
    st.builds(lambda module, name: b"(i" + line(module) + line(name), names, attributes),
    st.builds(
        lambda m, n: b"\x8c" + bytes([len(m)]) + m.encode() + b"\x8c" + bytes([len(n)]) + n.encode() + b"\x93",
        names,
        attributes,
    ),
    st.builds(lambda index: b"q" + bytes([index]), small),
    st.builds(lambda index: b"h" + bytes([index]), small),
    st.builds(lambda index: b"p" + line(str(index)), small),
    st.builds(lambda index: b"g" + line(str(index)), small),
    st.builds(lambda index: b"r" + index.to_bytes(4, "little"), small),
    st.builds(lambda index: b"j" + index.to_bytes(4, "little"), small),
    st.builds(lambda number: b"K" + bytes([number]), st.integers(0, 255)),
    st.builds(lambda number: b"M" + number.to_bytes(2, "little"), st.integers(0, 65535)),
    st.builds(lambda number: b"J" + number.to_bytes(4, "little", signed=True), st.integers(-5, 5)),
    st.builds(lambda text: b"I" + text + b"\n", st.sampled_from([b"1", b"00", b"01", b"0x1f", b" 7", b"-3", b"x"])),
    st.builds(lambda text: b"L" + text + b"\n", st.sampled_from([b"1L", b"12", b"0x1fL", b"-3L", b"L"])),
    st.builds(lambda text: b"F" + text + b"\n", st.sampled_from([b"1.5", b"nan", b"1e3", b"x", b"-inf"])),
    st.builds(lambda text: b"S" + text + b"\n", st.sampled_from([b"'a'", b'"a"', b"'\\x41'", b"'a", b"''", b"'\\x'"])),
    st.builds(lambda text: b"V" + text + b"\n", st.sampled_from([b"abc", b"\\u0041", b"\\u", b"caf\xe9"])),
    st.builds(lambda number: b"\x80" + bytes([number]), st.integers(0, 6)),
    st.builds(lambda data: b"\x8a" + bytes([len(data)]) + data, st.binary(max_size=9)),
    st.just(b"G" + b"\x40\x09\x21\xfb\x54\x44\x2d\x18"),
    st.builds(lambda size: b"\x95" + size.to_bytes(8, "little"), st.integers(0, 40)),
)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(snippets, min_size=1, max_size=30))
def test_any_sequence_of_opcodes_is_followed_at_least_as_far(parts: list[bytes]) -> None:
    compare(b"".join(parts) + b".")


class Plain:
    """Something ordinary to pickle: an instance with state."""

    def __init__(self, value: Any) -> None:
        self.value = value


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=300),
        st.binary(max_size=300),
        st.complex_numbers(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(st.text(max_size=5), inner, max_size=5),
        st.tuples(inner, inner),
        st.frozensets(st.integers(), max_size=4),
        inner.map(Plain),
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(values, st.integers(0, 5))
def test_what_the_pickler_writes_is_followed_to_its_end(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol=protocol)
    compare(data)
    stream, _ = symbolically(data)
    assert not stream.broken
    assert stream.end == len(data)


@settings(max_examples=800, deadline=None, suppress_health_check=list(HealthCheck))
@given(values, st.integers(0, 5), st.data())
def test_damaged_pickles_are_followed_at_least_as_far(value: Any, protocol: int, draw: st.DataObject) -> None:
    data = bytearray(pickle.dumps(value, protocol=protocol))
    for _ in range(draw.draw(st.integers(1, 4))):
        place = draw.draw(st.integers(0, len(data) - 1))
        match draw.draw(st.sampled_from(["flip", "drop", "insert", "cut"])):
            case "flip":
                data[place] = draw.draw(st.integers(0, 255))
            case "drop" if len(data) > 1:
                del data[place]
            case "insert":
                data.insert(place, draw.draw(st.integers(0, 255)))
            case "cut" if place > 1:
                del data[place:]
    assume(b"r" not in data)  # the C unpickler allocates gigabytes for a huge memo index
    compare(bytes(data))


@pytest.mark.parametrize("length", [0, 1, 255, 256, 32_760, 32_768, 65_536, 65_537, 1 << 20, (1 << 20) + 7])
@pytest.mark.parametrize("protocol", range(6))
def test_operands_across_window_borders(length: int, protocol: int) -> None:
    value = ["x" * length, b"y" * length, {"z" * length: Plain([1, "a" * length])}, list(range(3000))]
    data = pickle.dumps(value, protocol=protocol)
    stream, acts = symbolically(data)
    assert not stream.broken
    assert stream.end == len(data)
    assert acts[f"import {__name__}.Plain"] or protocol < 2
