"""The spool and its readers, on a real disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runtime.spool.making import exchange, true, until
from violet.domain.errors import ConfigurationError, UsageError
from violet.domain.traffic import Exchange
from violet.runtime.spool import directory as files
from violet.runtime.spool.options import SpoolOptions
from violet.runtime.spool.reader import Kept, SpoolReader, cursor_of, cursor_text
from violet.runtime.spool.writer import Spool

SMALL = SpoolOptions(segment_bytes=16 << 10, limit=10 << 20, compress=False)


def fill(spool: Spool, count: int, life: str = "", first: int = 1) -> None:
    for number in range(first, first + count):
        assert spool.append(exchange(number, life))


def numbers(records: Iterator[Kept]) -> list[int]:
    found = list(records)
    assert all(true(kept.exchange) for kept in found)
    return [kept.number for kept in found]


def ends(directory: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in files.segments(str(directory)):
        counts[one.end] = counts.get(one.end, 0) + 1
    return counts


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path), SpoolOptions(bodies=True), model="credit")
    strange = Exchange(
        id="\ud800",
        at=1.5,
        client="key:\x1b[2J",
        model="m",
        rows=((1.0, "word", None, float("nan")), (np.float64(2), np.float32(0.5), 3, "")),
        scores=((float("nan"), 0.5),),
        labels=(1, "good"),
        texts=("héllo",),
        extra={"trace": "x"},
    )
    assert [spool.append(exchange(1), b"\x00\xff", b"answer"), spool.append(strange)] == [1, 2]
    assert spool.flush()
    assert spool.acknowledged() == 2
    first, second = SpoolReader(str(tmp_path)).read()
    assert (second.exchange.id, first.request, first.response) == (
        exchange(1).id,
        b"",
        b"",
    ) or first.request == b"\x00\xff"
    by_number = {kept.number: kept for kept in (first, second)}
    assert by_number[1].exchange == exchange(1)
    assert (by_number[1].request, by_number[1].response) == (b"\x00\xff", b"answer")
    found = by_number[2].exchange
    assert (found.id, found.client, found.labels, found.texts) == ("\\ud800", "key:\x1b[2J", (1, "good"), ("héllo",))
    assert found.rows[0][:3] == (1.0, "word", None)
    assert found.rows[1] == (2.0, 0.5, 3.0, "")
    assert str(found.scores) == "((nan, 0.5),)"
    assert spool.close()
    assert spool.append(exchange(3)) == 0
    assert os.stat(files.segments(str(tmp_path))[0].path).st_mode & 0o077 == 0


def test_bodies_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    spool.append(exchange(1), b"request", b"response")
    assert spool.close()
    (kept,) = SpoolReader(str(tmp_path)).read()
    assert (kept.request, kept.response) == (b"", b"")


@settings(max_examples=25)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.booleans(), st.integers(4_096, 20_000))
def test_segments_and_restarts_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, lives: list[int], compress: bool, segment: int
) -> None:
    directory = tmp_path_factory.mktemp("spool")
    options = SpoolOptions(segment_bytes=segment, limit=10 << 20, compress=compress, record_bytes=1_024)
    for life, count in enumerate(lives):
        spool = Spool(str(directory), options, worker=f"w{life}")
        fill(spool, count, str(life))
        assert spool.close()
        assert spool.gaps() == ()
    assert max(one.bytes for one in files.segments(str(directory))) <= segment
    records = list(SpoolReader(str(directory)).read())
    assert all(true(kept.exchange) for kept in records)
    for life, count in enumerate(lives):
        assert [k.number for k in records if k.stream.startswith(f"w{life}-")] == list(range(1, count + 1))


def test_sealed_segments_are_compressed_and_read_alike(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path), SpoolOptions(segment_bytes=64 << 10, limit=10 << 20))
    fill(spool, 1_000)
    assert spool.flush()
    until(lambda: ends(tmp_path) == {files.COMPRESSED: ends(tmp_path).get(files.COMPRESSED, 0), files.OPEN: 1})
    assert ends(tmp_path)[files.COMPRESSED] > 3
    reader = SpoolReader(str(tmp_path))
    assert numbers(reader.read()) == list(range(1, 1_001))
    fill(spool, 10, first=1_001)
    assert spool.close()
    assert numbers(reader.read()) == list(range(1_001, 1_011))
    damaged = next(one for one in files.segments(str(tmp_path)) if one.end == files.COMPRESSED)
    content = bytearray(Path(damaged.path).read_bytes())
    content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
    Path(damaged.path).write_bytes(content)
    reader = SpoolReader(str(tmp_path))
    found = numbers(reader.read())
    assert set(range(500, 1_011)) < set(found)
    assert 0 < reader.losses.missing == 1_010 - len(found)


def test_readers_keep_their_places_apart(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path), SMALL)
    fill(spool, 300)
    assert spool.flush()
    one, other = SpoolReader(str(tmp_path), "one"), SpoolReader(str(tmp_path), "other")
    half = [kept.number for kept in islice(one.read(), 150)]
    one.commit()
    assert numbers(other.read()) == list(range(1, 301))
    kept = cursor_of(cursor_text(one.cursor))
    assert numbers(SpoolReader(str(tmp_path), "one").read()) == list(range(151, 301))
    assert numbers(SpoolReader(str(tmp_path)).read(kept)) == list(range(151, 301))
    fill(spool, 200, first=301)
    assert spool.close()
    assert half + numbers(one.read()) == list(range(1, 501))
    assert numbers(other.read()) == list(range(301, 501))
    assert numbers(other.read()) == []
    last = files.segments(str(tmp_path))[-1]
    assert other.cursor[last.stream].sequence > last.sequence  # it may go


def test_who_follows_sees_each_record_once(tmp_path: Path) -> None:
    spools = [Spool(str(tmp_path), SMALL, worker=f"w{worker}") for worker in range(3)]
    found: dict[str, list[int]] = {}
    ended = threading.Event()

    def follow() -> None:
        for kept in SpoolReader(str(tmp_path)).follow(pause=0.001, until=ended.is_set):
            assert true(kept.exchange)
            found.setdefault(kept.stream, []).append(kept.number)

    reader = threading.Thread(target=follow)
    reader.start()
    for number in range(1, 1_501):
        for spool in spools:
            assert spool.append(exchange(number, spool.stream))
        if number % 100 == 0:
            spools[number // 100 % 3].flush()
    assert all(spool.close() for spool in spools)
    ended.set()
    reader.join(20)
    assert found == {spool.stream: list(range(1, 1_501)) for spool in spools}


def test_workers_are_read_by_time(tmp_path: Path) -> None:
    spools = [Spool(str(tmp_path), SMALL, worker=f"w{worker}") for worker in range(2)]
    for number in range(1, 201):
        spools[number % 2].append(exchange(number))
    assert all(spool.close() for spool in spools)
    at = [kept.exchange.at for kept in SpoolReader(str(tmp_path)).read()]
    assert at == sorted(at)
    assert len(at) == 200


def test_the_bound_holds_and_what_was_read_goes_first(tmp_path: Path) -> None:
    options = SpoolOptions(segment_bytes=8 << 10, limit=128 << 10, compress=False, record_bytes=2_048)
    old = Spool(str(tmp_path), options, worker="old")
    fill(old, 250, "old")
    assert old.close()
    new = Spool(str(tmp_path), options, worker="new")
    fill(new, 100, "new")
    assert new.flush()
    reader = SpoolReader(str(tmp_path), "platform")
    (stream,) = {kept.stream for kept in reader.read() if kept.stream.startswith("new")}
    reader.cursor = {stream: reader.cursor[stream]}  # it has read the newer ones only
    reader.commit()
    before = {one.stem for one in files.segments(str(tmp_path)) if one.stream.startswith("old")}
    for step in range(1, 60):
        fill(new, 10, "new", 90 + 10 * step)
        assert new.flush()
        assert files.used(str(tmp_path)) <= options.limit
        if new.status().unread:
            break
        left = {one.stem for one in files.segments(str(tmp_path)) if one.stream.startswith("old")}
        assert left == before
    status = new.status()
    assert status.discarded > status.unread > 0
    assert new.close()
    again = SpoolReader(str(tmp_path))
    found = [kept for kept in again.read() if kept.stream == stream]
    assert [k.number for k in found][-1] == new.acknowledged()


def test_without_a_reader_the_oldest_goes(tmp_path: Path) -> None:
    options = SpoolOptions(segment_bytes=4 << 10, limit=32 << 10, record_bytes=1_024)
    spool = Spool(str(tmp_path), options)
    for step in range(40):
        fill(spool, 50, first=1 + 50 * step)
        assert spool.flush()
        assert files.used(str(tmp_path)) <= options.limit
    assert spool.close()
    found = numbers(SpoolReader(str(tmp_path)).read())
    assert found[-1] == 2_000
    assert found == list(range(found[0], 2_001))
    assert found[0] > 1
    assert spool.status().unread == spool.status().discarded > 0


def test_old_segments_are_removed_when_they_are_too_old(tmp_path: Path) -> None:
    options = SpoolOptions(segment_bytes=4 << 10, limit=1 << 20, record_bytes=1_024, compress=False, keep_seconds=3_600)
    first = Spool(str(tmp_path), options)
    fill(first, 10)
    assert first.close()
    (old,) = files.segments(str(tmp_path))
    past = old.start // 1000 - 4_000
    renamed = os.path.join(tmp_path, f"{past * 1000:013d}-{old.stream}-{old.sequence:08d}.seg")
    os.rename(old.path, renamed)
    os.utime(renamed, (past, past))
    second = Spool(str(tmp_path), options)
    fill(second, 60)
    assert second.close()
    assert {one.stream for one in files.segments(str(tmp_path))} == {second.stream}


def test_a_segment_is_sealed_by_age(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path), SpoolOptions(segment_seconds=0.01, compress=False))
    spool.append(exchange(1))
    until(lambda: ends(tmp_path) == {files.SEALED: 1})
    spool.append(exchange(2))
    until(lambda: ends(tmp_path) == {files.SEALED: 2})
    assert spool.close()


def test_sampling_keeps_its_share_and_clients_whole(tmp_path: Path) -> None:
    by_exchange = Spool(str(tmp_path / "a"), SpoolOptions(share=0.25))
    kept = sum(by_exchange.append(exchange(number)) > 0 for number in range(4_000))
    assert 850 < kept < 1_150  # 5.5 standard deviations
    assert by_exchange.status().sampled_out == 4_000 - kept
    assert all(by_exchange.append(exchange(number), always=True) for number in range(100))
    assert by_exchange.close()
    by_client = Spool(str(tmp_path / "b"), SpoolOptions(share=0.5, by_client=True))
    for client in range(100):
        taken = {by_client.append(exchange(number, client=f"c{client}")) > 0 for number in range(3)}
        assert len(taken) == 1
    assert 0 < by_client.status().accepted < 300
    assert by_client.close()


def test_what_is_too_large_is_kept_without_its_content(tmp_path: Path) -> None:
    options = SpoolOptions(record_bytes=1_024, bodies=True, compress=False)
    spool = Spool(str(tmp_path), options)
    assert spool.append(exchange(1, columns=200))
    assert spool.append(exchange(2, columns=1_000_000))
    assert spool.append(exchange(3), b"x" * 2_000)
    assert spool.append(exchange(4))
    assert spool.close()
    found = {kept.number: kept for kept in SpoolReader(str(tmp_path)).read()}
    assert [found[number].exchange.extra for number in (1, 2, 3, 4)] == [{"cut": "content"}] * 3 + [{}]
    assert found[2].exchange.id == "/2"
    assert spool.status().cut == 3


def test_records_never_outgrow_a_small_segment(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path), SpoolOptions(segment_bytes=8 << 10, limit=64 << 10, compress=False))
    assert spool.append(exchange(1, columns=700))  # 6,300 bytes
    assert spool.append(exchange(2, columns=300))
    assert spool.close()
    assert [kept.exchange.extra for kept in SpoolReader(str(tmp_path)).read()] == [{"cut": "content"}, {}]
    assert max(one.bytes for one in files.segments(str(tmp_path))) <= 8 << 10


def test_a_full_queue_leaves_out_and_counts(tmp_path: Path) -> None:
    entered, held = threading.Event(), threading.Event()

    def redactor(one: Exchange, request: bytes, response: bytes) -> tuple[Exchange, bytes, bytes]:
        entered.set()
        held.wait(20)
        return one, request, response

    spool = Spool(str(tmp_path), SpoolOptions(queue_records=10), redactor=redactor)  # type: ignore[arg-type]
    assert spool.append(exchange(1)) == 1
    assert entered.wait(20)  # the writer is busy with it
    taken = [spool.append(exchange(number)) for number in range(2, 20)]
    assert taken == [*range(2, 12), *[0] * 8]
    assert spool.status().left_out == 8
    held.set()
    assert spool.flush()
    assert numbers(SpoolReader(str(tmp_path)).read()) == list(range(1, 12))
    assert spool.close()
    by_bytes = Spool(str(tmp_path / "b"), SpoolOptions(queue_bytes=100_000))
    assert by_bytes.append(exchange(1, columns=2_000)) == 1
    assert by_bytes.append(exchange(2, columns=3_000)) == 0
    assert by_bytes.close()


def test_an_exchange_that_cannot_be_written_is_a_gap(tmp_path: Path) -> None:
    said: list[str] = []
    spool = Spool(str(tmp_path), SMALL, say=said.append)
    bad = Exchange(id="x", at=1.0, client="c", model="m", extra={"a": object()})  # type: ignore[dict-item]
    for one in (exchange(1), bad, exchange(3), bad):
        assert spool.append(one)
    assert spool.flush()
    assert (spool.acknowledged(), spool.gaps(), spool.status().left_out) == (4, ((2, 2), (4, 4)), 2)
    assert numbers(SpoolReader(str(tmp_path)).read()) == [1, 3]
    assert "could not be kept" in said[0]
    assert spool.close()


def test_two_writers_do_not_repair_each_other(tmp_path: Path) -> None:
    one = Spool(str(tmp_path), SMALL, worker="one")
    fill(one, 5)
    assert one.flush()
    other = Spool(str(tmp_path), SMALL, worker="other")
    fill(other, 5)
    assert other.flush()
    assert ends(tmp_path) == {files.OPEN: 2}
    fill(one, 5, first=6)
    assert one.close()
    assert other.close()
    assert sorted(numbers(SpoolReader(str(tmp_path)).read())) == sorted([*range(1, 11), *range(1, 6)])


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "1800000000000-w-1-00000001.seg").write_bytes(b"not a segment")
    (tmp_path / "1800000000000-w-2-00000001.seg.gz").write_bytes(b"not a segment")
    os.symlink("/etc/passwd", tmp_path / "1800000000000-w-3-00000001.seg")
    (tmp_path / "1800000000000-w-4-00000001.seg").write_bytes(b"")
    spool = Spool(str(tmp_path), SpoolOptions(compress=False))
    fill(spool, 3)
    assert spool.close()
    reader = SpoolReader(str(tmp_path))
    assert numbers(reader.read()) == [1, 2, 3]
    assert reader.losses.unreadable == 4
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_wrong_use_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no directory"):
        SpoolReader(str(tmp_path / "nowhere"))
    for name in ("../up", ".", "a b", "x" * 65):
        with pytest.raises(UsageError, match="no name for a reader"):
            SpoolReader(str(tmp_path), name)
    with pytest.raises(UsageError, match="without a name"):
        SpoolReader(str(tmp_path)).commit()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Spool(str(tmp_path / "file"))
    for wrong in (
        {"share": 1.5},
        {"limit": 100},
        {"sync_seconds": 0.0},
        {"record_bytes": 1},
        {"record_bytes": 1 << 40},
    ):
        with pytest.raises(ConfigurationError):
            SpoolOptions(**wrong)  # type: ignore[arg-type]
    for text in ("[]", "x", '{"a": [1, 2, "x"]}', '{"a": 1}'):
        with pytest.raises(ValueError, match=r"cursor|Expecting|invalid literal"):
            cursor_of(text)
    (tmp_path / "readers").mkdir()
    (tmp_path / "readers" / "broken.json").write_text("{")
    assert SpoolReader(str(tmp_path), "broken").cursor == {}
