"""One route's way out: at its rate, with patience, never in silence. Time here is the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.runtime.alerts.made import alert, notices
from tests.runtime.alerts.waiting import until
from violet.domain.incident_alert import Incident, Notice, NoticeEvent
from violet.domain.outcome import Severity
from violet.runtime.alerts import delivery as module
from violet.runtime.alerts.correlate import CorrelationOptions
from violet.runtime.alerts.delivery import Bucket, Delivery, SendError
from violet.runtime.alerts.routing import Route


class Clock:
    """Moves when somebody sleeps by it."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now


class Receiver:
    """``fail`` is asked before each notice."""

    def __init__(self, fail: Callable[[int], Exception | None] = lambda attempt: None, each: bool = True) -> None:
        self.each = each
        self.refresh_every = 0.0
        self.got: list[Notice] = []
        self.attempts = 0
        self.refreshed: list[tuple[Incident, ...]] = []
        self._fail = fail

    async def send(self, notice: Notice) -> None:
        self.attempts += 1
        error = self._fail(self.attempts)
        if error is not None:
            raise error
        self.got.append(notice)

    async def refresh(self, incidents: tuple[Incident, ...]) -> None:
        self.refreshed.append(incidents)

    async def close(self) -> None:
        return None


def told(count: int, severity: Severity = Severity.MEDIUM) -> list[Notice]:
    return notices(*(alert(client=f"c{n}", techniques=(f"T{n}",), severity=severity) for n in range(count)))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    real = asyncio.sleep

    async def sleep(seconds: float, result: Any = None) -> None:
        clock.now += seconds
        if seconds:
            clock.slept.append(seconds)
        await real(0)

    monkeypatch.setattr(module.asyncio, "sleep", sleep)
    return clock


def deliver(
    route: Route, receiver: Receiver, offered: list[list[Notice]], clock: Clock, done: Callable[[Delivery], object]
) -> Delivery:
    async def main() -> Delivery:
        delivery = Delivery(route, receiver, clock=clock)
        for some in offered:
            delivery.offer(some)
        delivery.start()
        deadline = 200_000
        while not done(delivery):
            deadline -= 1
            assert deadline, "it did not come about"
            await asyncio.sleep(0)
        await delivery.stop(0.0)
        return delivery

    return asyncio.run(main())


def test_every_notice_goes_out_in_order(clock: Clock) -> None:
    receiver = Receiver()
    some = told(40)
    delivery = deliver(Route("r", "syslog"), receiver, [some], clock, lambda d: d.state().delivered == 40)
    assert receiver.got == some
    assert delivery.cursor == 40


def test_what_a_rate_holds_back_is_in_the_next_message(clock: Clock) -> None:
    receiver = Receiver()
    some = notices(
        *(alert(client=f"c{n}", techniques=(f"T{n}",)) for n in range(59)),
        alert(client="worst", techniques=(), severity=Severity.CRITICAL),
    )
    route = Route("r", "webhook", rate=1 / 60, burst=3)
    delivery = deliver(route, receiver, [some], clock, lambda d: not d.state().waiting)
    assert [notice.omitted for notice in receiver.got] == [0, 0, 57]
    last = receiver.got[-1]
    assert last.event is NoticeEvent.SUMMARY
    assert last.incident.severity is Severity.CRITICAL, "the worst stands for all"
    assert last.omitted_by == (("medium", 57),)
    assert "57 more" in last.reason
    assert delivery.cursor == 60
    assert clock.slept == []


def test_a_rate_holds_over_time(clock: Clock) -> None:
    bucket = Bucket(0.5, 2, clock)
    assert [bucket.take(), bucket.take()] == [0.0, 0.0]
    assert bucket.take() == 2.0
    clock.now += 2.0
    assert bucket.take() == 0.0
    clock.now -= 500.0
    assert bucket.take() > 0.0, "a clock that goes back gives nothing"


def test_a_receiver_that_is_away_is_tried_again_with_growing_pauses(clock: Clock) -> None:
    receiver = Receiver(lambda attempt: SendError("away") if attempt <= 9 else None)
    some = told(3)
    delivery = deliver(Route("r", "syslog"), receiver, [some], clock, lambda d: d.state().delivered == 3)
    assert receiver.got == some
    assert clock.slept[:9] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    state = delivery.state()
    assert (state.failed, state.dropped, state.problem) == (9, 0, "")


def test_a_receiver_that_asks_for_time_gets_it_within_reason(clock: Clock) -> None:
    receiver = Receiver(lambda attempt: SendError("busy", after=[30.0, 10**9][attempt - 1]) if attempt <= 2 else None)
    deliver(Route("r", "syslog"), receiver, [told(1)], clock, lambda d: d.state().delivered == 1)
    assert clock.slept[:2] == [30.0, 300.0]


def test_what_is_refused_for_good_is_counted_and_told_with_the_next(clock: Clock) -> None:
    receiver = Receiver(lambda attempt: SendError("no", permanent=True) if attempt <= 2 else None)
    delivery = deliver(Route("r", "syslog"), receiver, [told(3)], clock, lambda d: d.state().delivered == 1)
    assert receiver.got[0].omitted == 2
    assert delivery.state().dropped == 2
    assert delivery.cursor == 3


def test_what_is_given_up_after_hours_is_told_with_the_next(clock: Clock) -> None:
    receiver = Receiver(lambda attempt: SendError("away") if clock.now < 1_000.0 + module.GIVE_UP else None)
    first, second = told(2)

    async def main() -> None:
        delivery = Delivery(Route("r", "syslog"), receiver, clock=clock)
        delivery.offer([first])
        delivery.start()
        await until(lambda: delivery.state().dropped)
        delivery.offer([second])
        await until(lambda: receiver.got)
        assert delivery.state().problem == ""
        await delivery.stop(0.0)

    asyncio.run(main())
    assert [(n.incident.id, n.omitted) for n in receiver.got] == [(second.incident.id, 1)]


def test_a_fault_of_the_receiver_is_no_end(clock: Clock) -> None:
    receiver = Receiver(lambda attempt: KeyError("oops") if attempt == 1 else None)
    delivery = deliver(Route("r", "syslog"), receiver, [told(1)], clock, lambda d: d.state().delivered)
    assert delivery.state().failed == 1


def test_the_queue_is_bounded_and_keeps_the_worst(clock: Clock) -> None:
    receiver = Receiver()
    severities = [Severity.CRITICAL] * 5 + [Severity.MEDIUM] * (module.MOST_WAITING + 200)
    some = notices(
        *(alert(client=f"c{n}", techniques=(f"T{n}",), severity=each) for n, each in enumerate(severities)),
        options=CorrelationOptions(incidents=5_000),
    )
    deliver(Route("r", "syslog"), receiver, [some], clock, lambda d: not d.state().waiting)
    assert len(receiver.got) == module.MOST_WAITING
    assert max(notice.omitted for notice in receiver.got) == 205
    assert [n.incident.severity for n in receiver.got].count(Severity.CRITICAL) == 5


def test_only_the_newest_state_of_an_incident_matters_to_people(clock: Clock) -> None:
    some = notices(alert(), alert(detector="denial/cost"), alert(detector="denial/sponge"))
    receiver = Receiver(each=False)
    deliver(Route("r", "webhook"), receiver, [some[:1], some[1:]], clock, lambda d: not d.state().waiting)
    (only,) = receiver.got
    assert only.event is NoticeEvent.OPENED, "they have not heard of it before"
    assert len(only.incident.detectors) == 3


def test_news_that_come_while_one_is_being_sent_are_not_lost(clock: Clock) -> None:
    first, second = notices(alert(), alert(detector="denial/cost"))
    delivery: Delivery

    class Slow(Receiver):
        async def send(self, notice: Notice) -> None:
            if not self.got:
                delivery.offer([second])
            await super().send(notice)

    receiver = Slow(each=False)

    async def main() -> None:
        nonlocal delivery
        delivery = Delivery(Route("r", "webhook"), receiver, clock=clock)
        delivery.offer([first])
        assert delivery.cursor == 0
        delivery.start()
        await until(lambda: len(receiver.got) == 2)
        await until(lambda: delivery.cursor == 2)
        await delivery.stop(0.0)

    asyncio.run(main())
    assert len(receiver.got[1].incident.detectors) == 2


def test_a_receiver_that_never_answers_delays_nobody_else() -> None:
    class Dead(Receiver):
        async def send(self, notice: Notice) -> None:
            await asyncio.Event().wait()

    async def main() -> None:
        dead = Delivery(Route("dead", "webhook", timeout=0.05), Dead())
        alive = Receiver()
        quick = Delivery(Route("alive", "syslog"), alive)
        for each in (dead, quick):
            each.offer(told(3))
            each.start()
        await until(lambda: len(alive.got) == 3)
        await until(lambda: dead.state().failed)
        assert dead.state().problem == "no answer within 0.05 s"
        assert dead.cursor == 0
        await asyncio.gather(dead.stop(0.0), quick.stop(0.0))

    asyncio.run(main())


def test_what_is_left_out_while_a_message_goes_out_is_in_the_next(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    some = told(12)
    delivery: Delivery

    class Slow(Receiver):
        async def send(self, notice: Notice) -> None:
            if not self.got:
                delivery.offer(some[6:])
            await super().send(notice)

    receiver = Slow()

    async def main() -> None:
        nonlocal delivery
        delivery = Delivery(Route("r", "syslog"), receiver, clock=clock)
        delivery.offer(some[:6])
        delivery.start()
        await until(lambda: receiver.got and not delivery.state().waiting)
        await delivery.stop(0.0)

    asyncio.run(main())
    assert sum(1 + notice.omitted for notice in receiver.got) == 12, (
        "every notice is sent, or told to have been left out"
    )
