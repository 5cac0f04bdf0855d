from __future__ import annotations

import gzip
import json
import math
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain.errors import UsageError
from violet.domain.traffic import Exchange
from violet.runtime.trace import TraceError, decode, encode, read_trace, write_trace

text = st.text(max_size=12)
number = st.floats(allow_nan=False, allow_infinity=False)
cell = st.one_of(number, text, st.none())
exchanges = st.builds(
    Exchange,
    id=text,
    at=st.floats(0, 1e10),
    client=text,
    model=text,
    rows=st.lists(st.lists(cell, max_size=4).map(tuple), max_size=3).map(tuple),
    names=st.lists(text, max_size=3).map(tuple),
    texts=st.lists(text, max_size=3).map(tuple),
    scores=st.lists(st.lists(number, max_size=3).map(tuple), max_size=3).map(tuple),
    labels=st.lists(st.one_of(number, text), max_size=3).map(tuple),
    answers=st.lists(text, max_size=2).map(tuple),
    protocol=text,
    status=st.integers(0, 999),
    seconds=st.floats(0, 1e6),
    request_bytes=st.integers(0, 2**40),
    response_bytes=st.integers(0, 2**40),
    address=text,
    response=text,
    reasons=st.lists(text, max_size=3).map(tuple),
    truth=text,
    extra=st.dictionaries(text, text, max_size=3),
)
ONE = Exchange("a", 1.5, "key:1", "risk", rows=((1.0, "car", None),), scores=((0.25, 0.75),), truth="benign:analyst")


@given(exchanges)
def test_what_is_written_is_read(exchange: Exchange) -> None:
    line = encode(exchange)
    assert b"\n" not in line
    assert decode(line) == exchange


lines = exchanges.map(encode)
cut_lines = lines.flatmap(lambda line: st.integers(0, len(line)).map(lambda end: line[:end]))
broken = st.one_of(st.binary(max_size=200), cut_lines)


@given(broken)
def test_what_is_no_exchange_is_a_value_error_and_nothing_else(line: bytes) -> None:
    with suppress(ValueError):
        decode(line)


def test_missing_scores_stay_missing() -> None:
    found = decode(encode(Exchange("a", 1.0, "c", "m", scores=((0.5, math.nan),), rows=((math.nan, math.inf),))))
    assert found.scores[0][0] == 0.5
    assert math.isnan(found.scores[0][1])
    assert found.rows == ((None, None),)


def test_numbers_of_numpy_are_numbers() -> None:
    row = tuple(np.array([1.5, 2.0]))
    assert decode(encode(Exchange("a", 1.0, "c", "m", rows=(row,)))).rows == ((1.5, 2.0),)


def test_what_others_write_is_understood() -> None:
    line = b'{"id": 7, "at": 3, "client": "c", "model": "m", "rows": [[true, 2]], "labels": [true, null], "mood": [1]}'
    found = decode(line)
    assert found.id == "7"
    assert found.rows == ((1.0, 2.0),)
    assert found.labels == (1.0, "")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"id": "a", "client": "c", "model": "m"}', "at"),
        (b'{"id": "a", "at": 1764547200000, "client": "c", "model": "m"}', "seconds since 1970"),
        (b'{"id": "a", "at": 1, "client": "c", "model": "m", "rows": [[[1]]]}', "rows"),
        (b'{"id": "a", "at": 1, "client": "c", "model": "m", "rows": [[1e999]]}', "range"),
        (b'{"id": "a", "at": 1, "client": "c", "model": "m", "seconds": -1}', "seconds"),
        (b'{"x": ' + b"[" * 100_000, "deep"),
        (b"\xff\xfe", r"."),
    ],
)
def test_broken_lines_say_why(line: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode(line)


def test_no_trace_is_written_with_a_time_that_is_none() -> None:
    for at in (math.nan, -1.0, 1e300):
        with pytest.raises(ValueError, match="no time"):
            encode(Exchange("a", at, "c", "m"))


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz"])
def test_files_are_read_as_they_were_written(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    several = [Exchange(str(i), float(i), "c", "m", rows=((float(i),) * 50,)) for i in range(3000)]
    assert write_trace(path, several) == 3000
    assert list(read_trace(path)) == several
    assert (Path(path).read_bytes()[:2] == b"\x1f\x8b") == name.endswith(".gz")


def test_a_broken_line_is_named_or_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(encode(ONE) + b"\n\n{broken\n" + encode(ONE))
    with pytest.raises(TraceError, match=r"t\.jsonl, line 3"):
        list(read_trace(str(path)))
    told: list[tuple[int, str]] = []
    assert list(read_trace(str(path), complain=lambda line, why: told.append((line, why)))) == [ONE, ONE]
    assert [line for line, _ in told] == [3]


def test_a_line_without_end_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(encode(ONE) + b"\n")
        for _ in range(200):
            file.write(b"[" * (1 << 20))
        file.write(b"\n" + encode(ONE) + b"\n")
    import tracemalloc

    told: list[str] = []
    tracemalloc.start()
    found = list(read_trace(str(path), complain=lambda line, why: told.append(f"{line}: {why}"), longest=1 << 20))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [ONE, ONE]
    assert told == ["2: it has more than 1,048,576 bytes"]
    assert most < 8 << 20


def test_a_broken_archive_gives_what_it_held(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl.gz"
    said = [encode(Exchange(str(i), i / 7, os.urandom(9).hex(), "m")) + b"\n" for i in range(2000)]
    whole = gzip.compress(b"".join(said))
    path.write_bytes(whole[: len(whole) // 2])
    told: list[str] = []
    found = list(read_trace(str(path), complain=lambda line, why: told.append(why)))
    assert 100 < len(found) < 2000
    assert any("broken here" in why for why in told)


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    for follow in (False, True):
        with pytest.raises(UsageError, match=r"absent\.jsonl"):
            list(read_trace(str(tmp_path / "absent.jsonl"), follow=follow))
    with pytest.raises(UsageError, match="No such"):
        write_trace(str(tmp_path / "no" / "t.jsonl"), [ONE])


def line_of(number: int) -> bytes:
    return encode(Exchange(str(number), float(number), "c", "m")) + b"\n"


def steps(*actions: Callable[[], Any]) -> Callable[[], bool]:
    """What happens while nothing is new; then it is over."""
    left = list(actions)

    def wait() -> bool:
        if left:
            left.pop(0)()
            return True
        return False

    return wait


def append(path: Path, data: bytes) -> Callable[[], Any]:
    def act() -> None:
        with path.open("ab") as file:
            file.write(data)

    return act


def test_a_followed_file_may_grow_be_replaced_vanish_and_be_emptied(tmp_path: Path) -> None:
    path, old, older = tmp_path / "t.jsonl", tmp_path / "t.jsonl.1", tmp_path / "t.jsonl.2"
    path.write_bytes(line_of(0) + line_of(1)[:9])

    def rotate() -> None:
        path.rename(old)
        path.write_bytes(line_of(4))
        append(old, line_of(3))()  # the writer has not yet seen that its file was renamed

    wait = steps(
        append(path, line_of(1)[9:]),
        append(path, line_of(2)),
        rotate,
        append(path, line_of(5)),
        lambda: path.rename(older),
        lambda: None,
        lambda: path.write_bytes(line_of(6)),
        lambda: path.write_bytes(b""),  # emptied where it stands
        append(path, line_of(7)),
    )
    assert [int(one.id) for one in read_trace(str(path), follow=True, wait=wait)] == list(range(8))


def test_what_is_written_while_a_file_is_replaced_is_read_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, old = tmp_path / "t.jsonl", tmp_path / "t.jsonl.1"
    path.write_bytes(line_of(0))
    look = os.stat
    late = [append(old, line_of(1))]

    def stat(*arguments: Any, **more: Any) -> os.stat_result:
        if late:
            late.pop()()  # between the last read and the look at the name
        return look(*arguments, **more)

    def rotate() -> None:
        path.rename(old)
        path.write_bytes(line_of(2))
        monkeypatch.setattr("violet.runtime.trace.os.stat", stat)

    assert [one.id for one in read_trace(str(path), follow=True, wait=steps(rotate))] == ["0", "1", "2"]


def test_a_compressed_file_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl.gz"
    write_trace(str(path), [ONE])
    with pytest.raises(UsageError, match="compressed"):
        list(read_trace(str(path), follow=True, wait=lambda: False))


def test_events_of_kserve_are_lines_too(tmp_path: Path) -> None:
    def event(kind: str, data: Any, second: int) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": "r1",
            "type": f"org.kubeflow.serving.inference.{kind}",
            "source": "http://localhost:9081/",
            "time": f"2026-12-01T12:00:0{second}.250000000Z",
            "inferenceservicename": "iris",
            "data": data,
        }

    path = tmp_path / "t.jsonl"
    lines = [
        event("request", {"instances": [[1, 2], [3, 4]]}, 1),
        event("response", {"predictions": [0, 1]}, 2),
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n" + encode(ONE).decode() + "\n" + json.dumps(lines))
    found = list(read_trace(str(path)))
    assert [one.model for one in found] == ["iris", "risk", "iris"]
    assert found[0] == found[2]
    assert found[0].rows == ((1.0, 2.0), (3.0, 4.0))
    assert found[0].labels == (0, 1)
    assert found[0].seconds == 1.0


def test_an_exchange_may_speak_of_events(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    one = Exchange("a", 1.0, "c", "m", extra={"specversion": "1.0"})
    write_trace(str(path), [one])
    assert list(read_trace(str(path))) == [one]
