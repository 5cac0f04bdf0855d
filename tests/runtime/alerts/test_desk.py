"""The desk: alerts in, incidents kept, routes told; killed, raced, cut off and filled up."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.alerts.made import alert
from tests.runtime.alerts.receivers import http_receiver
from tests.runtime.alerts.waiting import until, until_blocking
from violet.domain.incident_alert import Incident, IncidentKind, Notice, NoticeEvent
from violet.domain.outcome import Severity
from violet.runtime.alerts import desk as module
from violet.runtime.alerts.claims import RedisClaims
from violet.runtime.alerts.correlate import CorrelationOptions
from violet.runtime.alerts.delivery import SendError
from violet.runtime.alerts.desk import Desk, DeskOptions
from violet.runtime.alerts.documents import notice_of
from violet.runtime.alerts.log import Record
from violet.runtime.alerts.routing import Route

ROUTE = Route("r", "webhook", severity=Severity.INFO)


class Receiver:
    each = True
    refresh_every = 0.0

    def __init__(self) -> None:
        self.got: list[Notice] = []
        self.away = False

    async def send(self, notice: Notice) -> None:
        if self.away:
            raise SendError("away")
        self.got.append(notice)

    async def refresh(self, incidents: tuple[Incident, ...]) -> None:
        return None

    async def close(self) -> None:
        return None


def lines(directory: Path) -> list[Notice]:
    path = directory / "alerts" / "incidents.jsonl"
    return [notice_of(json.loads(line)) for line in path.read_bytes().splitlines()] if path.exists() else []


def desk_over(directory: Path, receiver: Any, worker: str = "0", **options: Any) -> Desk:
    correlation = CorrelationOptions(**options)
    return Desk(str(directory), [ROUTE], DeskOptions(correlation, worker=worker), sink=lambda route, state: receiver)


def test_an_alert_is_kept_put_together_and_told(tmp_path: Path) -> None:
    receiver = Receiver()

    async def main() -> None:
        desk = desk_over(tmp_path, receiver)
        await desk.start()
        for _ in range(500):
            desk.take(alert())
        desk.take(alert(detector="evasion/ring"))
        await until(lambda: len(receiver.got) == 2)
        await desk.stop()
        state = desk.state()
        assert state.taken == state.acknowledged == 501
        assert state.routes[0].delivered == 2

    asyncio.run(main())
    assert [notice.event for notice in receiver.got] == [NoticeEvent.OPENED, NoticeEvent.RAISED]
    kept = lines(tmp_path)
    assert [notice.incident for notice in kept] == [notice.incident for notice in receiver.got]
    text = (tmp_path / "alerts" / "incidents.jsonl").read_text()
    assert f"violet guard replay --state {tmp_path} --alert al-" in text
    assert (tmp_path / "alerts").stat().st_mode & 0o077 == 0, "for its owner's eyes"


def test_it_goes_on_after_a_restart_where_it_was(tmp_path: Path) -> None:
    async def run(*alerts: Any) -> list[Notice]:
        receiver = Receiver()
        desk = desk_over(tmp_path, receiver)
        await desk.start()
        for each in alerts:
            desk.take(each)
        await until(lambda: desk.state().leading and desk.state().acknowledged == len(alerts))
        await desk.stop()
        return receiver.got

    (opened,) = asyncio.run(run(alert(client="a")))
    assert asyncio.run(run(alert(client="a"))) == [], "nobody is told twice"
    (raised,) = asyncio.run(run(alert(client="a", detector="evasion/ring")))
    assert raised.event is NoticeEvent.RAISED
    assert raised.incident.id == opened.incident.id
    assert raised.incident.count == 3
    assert raised.number == 2


def test_what_was_not_delivered_before_a_restart_is_delivered_after_it(tmp_path: Path) -> None:
    async def main() -> None:
        receiver = Receiver()
        receiver.away = True
        desk = desk_over(tmp_path, receiver)
        await desk.start()
        for client in ("a", "b"):
            desk.take(alert(client=client))
        await until(lambda: desk.state().routes and desk.state().routes[0].failed)
        await desk.stop(0.0)
        assert receiver.got == []
        again = Receiver()
        desk = desk_over(tmp_path, again)
        await desk.start()
        await until(lambda: len(again.got) == 2)
        await desk.stop()
        assert {notice.incident.latest.client for notice in again.got} == {"a", "b"}
        third = Receiver()
        desk = desk_over(tmp_path, third)
        await desk.start()
        await until(lambda: desk.state().leading)
        await desk.stop()
        assert third.got == []

    asyncio.run(main())


def test_one_worker_leads_and_another_takes_over(tmp_path: Path) -> None:
    async def main() -> None:
        first, second = Receiver(), Receiver()
        one, two = desk_over(tmp_path, first, "0"), desk_over(tmp_path, second, "1")
        await one.start()
        await until(lambda: one.state().leading)
        await two.start()
        two.take(alert(client="a"))
        one.take(alert(client="a"))
        two.take(alert(client="a", detector="evasion/ring"))
        await until(lambda: len(first.got) == 2)
        assert not two.state().leading
        assert first.got[1].incident.count == 3, "what all workers saw is one incident"
        await one.stop()
        await until(lambda: two.state().leading)
        two.take(alert(client="a", detector="denial/cost"))
        await until(lambda: second.got)
        assert [notice.event for notice in second.got] == [NoticeEvent.GREW]
        assert second.got[0].incident.id == first.got[0].incident.id
        await two.stop()

    asyncio.run(main())


GUARD = """
import asyncio, sys
from tests.runtime.alerts.made import alert
from violet.runtime.alerts.desk import Desk, DeskOptions
from violet.runtime.alerts.routing import parse_routes

async def main():
    url, directory = sys.argv[1:3]
    routes = parse_routes([{"to": "webhook", "url": url, "allow_private": True, "rate": "unlimited"}], "x.toml")
    desk = Desk(directory, routes, DeskOptions(worker="0"))
    await desk.start()
    number = int(sys.argv[3])
    while True:
        desk.take(alert(client=f"c{number}", id=f"al-{number}", techniques=(f"T{number}",)))
        number += 1
        while desk.state().acknowledged < desk.state().taken:
            await asyncio.sleep(0)
        print(number, flush=True)

asyncio.run(main())
"""


def test_no_acknowledged_alert_is_lost_by_kill_9_and_all_are_told(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    acknowledged = 0
    with http_receiver() as receiver:
        for rounds in (1, 25, 7):
            command = [sys.executable, "-c", GUARD, receiver.url, str(tmp_path), str(acknowledged)]
            guard = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
            assert guard.stdout is not None
            for _ in range(rounds):
                acknowledged = int(guard.stdout.readline())
            guard.send_signal(signal.SIGKILL)
            rest = guard.stdout.read().split()
            acknowledged = int(rest[-1]) if rest else acknowledged
            guard.wait()
            guard.stdout.close()

        async def finish() -> None:
            from violet.runtime.alerts.routing import parse_routes

            table = {"to": "webhook", "url": receiver.url, "allow_private": True, "rate": "unlimited"}
            desk = Desk(str(tmp_path), parse_routes([table], "x.toml"), DeskOptions(worker="0"))
            await desk.start()
            wanted = {f"c{number}" for number in range(acknowledged)}
            await until(lambda: wanted <= {json.loads(got.body)["client"] for got in receiver.got})
            await desk.stop()

        asyncio.run(finish())
    told: dict[str, set[str]] = {}
    for got in receiver.got:
        document = json.loads(got.body)
        told.setdefault(document["client"], set()).add(document["incident"])
    assert all(len(identities) == 1 for identities in told.values()), "an incident keeps its id"
    numbers = [notice.number for notice in lines(tmp_path)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_dead_receiver_and_a_flood_hold_nothing_up(tmp_path: Path) -> None:
    async def main() -> None:
        receiver = Receiver()
        receiver.away = True
        desk = desk_over(tmp_path, receiver, campaign_clients=10**6, incidents=200)
        await desk.start()
        for number in range(3_000):
            desk.take(alert(client=f"c{number}"))
        assert desk.state().taken == 3_000
        await until(lambda: sum(incident.count for incident in desk.incidents()) == 3_000)
        assert len(desk.incidents()) < 300
        assert any(incident.kind is IncidentKind.CROWD for incident in desk.incidents())
        await desk.stop(0.0)

    asyncio.run(main())


def test_a_disk_that_is_full_does_not_silence_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write

    def full(descriptor: int, data: Any) -> int:
        if os.readlink(f"/proc/self/fd/{descriptor}").startswith(str(tmp_path)):
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    async def main() -> None:
        receiver = Receiver()
        desk = desk_over(tmp_path, receiver)
        await desk.start()
        await until(lambda: desk.state().leading)
        monkeypatch.setattr(os, "write", full)
        desk.take(alert(client="a"))
        await until(lambda: receiver.got)
        assert "No space left on device" in desk.state().unsaved
        assert desk.state().acknowledged == 0
        monkeypatch.setattr(os, "write", real)
        desk.take(alert(client="b"))
        await until(lambda: desk.state().acknowledged == 1)
        await until(lambda: len(receiver.got) == 2)
        await until(lambda: desk.state().unsaved == "")
        await desk.stop()

    asyncio.run(main())
    assert [notice.incident.latest.client for notice in lines(tmp_path)] == ["b"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"number": "x"}', b"[" * 100_000, b"\xff\xfe"])
def test_a_damaged_checkpoint_loses_no_incident(tmp_path: Path, damage: bytes) -> None:
    async def run(each: Any) -> list[Notice]:
        receiver = Receiver()
        desk = desk_over(tmp_path, receiver)
        await desk.start()
        desk.take(each)
        await until(lambda: desk.state().leading and desk.state().acknowledged)
        await desk.stop()
        return receiver.got

    (opened,) = asyncio.run(run(alert(client="a")))
    for name in ("desk.json", "routes.json"):
        (tmp_path / "alerts" / name).write_bytes(damage)
    (raised,) = [n for n in asyncio.run(run(alert(client="a", detector="evasion/ring"))) if n.number > opened.number]
    assert raised.incident.id == opened.incident.id


def test_incidents_end_and_are_told_to_have_ended(tmp_path: Path) -> None:
    async def main() -> None:
        receiver = Receiver()
        desk = desk_over(tmp_path, receiver, quiet=0.2)
        await desk.start()
        desk.take(alert())
        await until(lambda: len(receiver.got) == 2)
        await desk.stop()
        assert [notice.incident.open for notice in receiver.got] == [True, False]

    asyncio.run(main())


# -- several machines --------------------------------------------------------------------------------


@pytest.fixture
def redis() -> Iterator[tuple[str, Callable[[], None]]]:
    """A server of the test's own, and how to end it."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("no redis-server on this machine")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def end() -> None:
        process.kill()
        process.wait()

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until_blocking(listens, "redis-server")
    yield f"redis://127.0.0.1:{port}/0", end
    end()


def test_one_machine_tells_and_without_redis_each_does(
    tmp_path: Path, redis: tuple[str, Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLAIM", 20.0)
    url, end = redis

    async def main() -> None:
        receivers = [Receiver(), Receiver()]
        desks = []
        for number, receiver in enumerate(receivers):
            options = DeskOptions(CorrelationOptions(quiet=3600.0))
            claims = RedisClaims(url, f"machine-{number}", patience=20.0)
            directory = str(tmp_path / str(number))
            desks.append(Desk(directory, [ROUTE], options, claims=claims, sink=lambda route, state, to=receiver: to))
            await desks[-1].start()
        for desk in desks:
            desk.take(alert(client="a"))
        await until(lambda: all(desk.state().notices == 1 for desk in desks))
        await until(lambda: receivers[0].got or receivers[1].got)
        await until(lambda: any(desk._elsewhere for desk in desks), "that the other one keeps quiet")
        end()
        for desk in desks:
            desk.take(alert(client="b"))
        await until(lambda: all(any(n.incident.latest.client == "b" for n in r.got) for r in receivers))
        for desk in desks:
            await desk.stop()
        told = Counter(notice.incident.key for receiver in receivers for notice in receiver.got)
        assert told == {"client:a": 1, "client:b": 2}
        assert all(len(lines(tmp_path / str(number))) == 2 for number in (0, 1)), "each wrote both down"

    asyncio.run(main())


def test_what_the_disk_refuses_while_the_desk_takes_over_is_not_lost(tmp_path: Path) -> None:
    desk = desk_over(tmp_path, Receiver())
    try:
        assert desk._take_unsaved([Record(alert("first"), 1)])
        found = desk._unsaved  # where the writing thread is, when it loses the processor
        taken = list(desk._take_over())
        found.append(Record(alert("later"), 1))
        taken += desk._take_over()
        assert [record.alert.client for record in taken] == ["first", "later"]
    finally:
        asyncio.run(desk.stop())
