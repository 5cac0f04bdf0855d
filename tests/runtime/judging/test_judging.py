"""Who judges: frames between processes, the loop's own judge, and one beside it that dies."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runtime.alerts.made import alerts
from violet.detectors.reference import Reference
from violet.domain import VioletError
from violet.domain.alert import Alert
from violet.runtime.alerts.documents import alert_document, alert_of, bounded, dump
from violet.runtime.batching import Observed
from violet.runtime.judging.beside import BesideJudge
from violet.runtime.judging.frames import (
    BrokenFrameError,
    Unpacker,
    alert_message,
    batch_message,
    batch_of,
    pack,
)
from violet.runtime.judging.inline import InlineJudge
from violet.runtime.judging.process import _Judging
from violet.runtime.judging.spec import JudgeSpec, ModelSpec, build, reference_of

FAR = "inputs"


def spec(profile: str, **more: Any) -> JudgeSpec:
    """One detector that a far-off row alone sets off."""
    model = ModelSpec(
        "m", profile, only=("extraction/off_grid",), thresholds={"extraction/off_grid": (3.0, 0.5)}, **more
    )
    return JudgeSpec((model,), clients=512, worker="w")


def asked(number: int, client: str, *values: float) -> Observed:
    row = np.array([values or (0.0, 0.0, 0.0)])
    return Observed(f"q{number}", 1000.0 + number, client, row, np.array([[0.5, 0.5]], np.float32), size=9)


def outrageous(count: int, client: str = "thief") -> list[Observed]:
    drawn = np.random.default_rng(1).uniform(-60, 60, size=(count, 3))
    return [asked(number, client, *row.tolist()) for number, row in enumerate(drawn)]


requests = st.builds(
    Observed,
    id=st.text(max_size=9),
    at=st.floats(0, 2e9),
    client=st.text(max_size=9),
    raw=st.integers(0, 4).map(lambda rows: np.arange(rows * 2, dtype=np.float64).reshape(rows, 2)),
    scores=st.none(),
    labels=st.lists(st.integers(0, 5) | st.text(max_size=3), max_size=3),
    seconds=st.floats(0, 9),
    size=st.integers(0, 1 << 40),
    status=st.integers(100, 599),
    texts=st.lists(st.text(max_size=5), max_size=2),
    answers=st.lists(st.text(max_size=5), max_size=2),
)


@settings(max_examples=60)
@given(st.lists(requests, min_size=1, max_size=6), st.integers(1, 7), st.booleans())
def test_what_is_sent_arrives(batch: list[Observed], cut: int, scored: bool) -> None:
    if scored:
        batch[0].scores = np.linspace(0, 1, len(batch[0].raw) * 3, dtype=np.float32).reshape(-1, 3)
    frame = pack(batch_message("m", batch))
    unpacker = Unpacker()
    messages: list[Any] = []
    for begin in range(0, len(frame), cut):
        messages += unpacker.feed(frame[begin : begin + cut])
    model, found = batch_of(messages[0])
    assert (model, len(messages), len(found)) == ("m", 1, len(batch))
    for one, other in zip(batch, found, strict=True):
        assert (one.id, one.at, one.client, one.seconds, one.size, one.status) == (
            other.id,
            other.at,
            other.client,
            other.seconds,
            other.size,
            other.status,
        )
        assert np.array_equal(one.raw, other.raw)
        assert (list(one.labels), list(one.texts), list(one.answers)) == (
            list(other.labels),
            list(other.texts),
            list(other.answers),
        )
        if one.scores is not None and len(one.raw):
            assert other.scores is not None
            assert np.array_equal(one.scores, other.scores)


@given(alerts())
def test_an_alert_arrives_as_it_was(made: Alert) -> None:
    (message,) = Unpacker().feed(pack(alert_message(made)))
    assert message[0] == "alert"
    assert dump(alert_document(alert_of(message[1]))) == dump(alert_document(bounded(made)))


def test_nonsense_is_no_frame() -> None:
    with pytest.raises(BrokenFrameError):
        list(Unpacker().feed(b"\xff\xff\xff\xff...."))
    with pytest.raises(BrokenFrameError):
        list(Unpacker().feed(b"\x00\x00\x00\x01\xc1"))


def test_a_spec_survives_json(profile: str) -> None:
    import json

    given_ = JudgeSpec((ModelSpec("m", profile, thresholds={"a/b": (1.5, float("nan")), "c/d": (2.0, 0.1)}),), 99, 3)
    again = JudgeSpec.from_json(json.loads(json.dumps(given_.to_json(), allow_nan=False)))
    assert again.models[0].thresholds["c/d"] == (2.0, 0.1)
    assert np.isnan(again.models[0].thresholds["a/b"][1])
    assert (again.clients, again.seed) == (99, 3)


def test_the_profile_s_reference_is_found(profile: str) -> None:
    reference = reference_of(ModelSpec("m", profile))
    assert isinstance(reference, Reference)
    assert reference.names == ("a", "b", "c")
    assert len(reference.margin)


def test_the_loop_s_own_judge_leaves_room_in_between(profile: str) -> None:
    alerts: list[Alert] = []
    judge = InlineJudge(build(spec(profile), alerts.append))

    async def serve() -> int:
        judge.begin(asyncio.get_running_loop())
        for one in outrageous(300):
            judge.take("m", one)
        judge.take("unknown", asked(1, "x"))
        turns = 0
        while any(judge._waiting.values()):
            turns += 1
            await asyncio.sleep(0)
        await judge.close()
        return turns

    assert asyncio.run(serve()) >= 4
    assert {alert.client for alert in alerts} == {"thief"}
    assert judge.states()["m"][0].alerts == len(alerts) > 0


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


def test_a_judge_beside_the_loop_tells_and_comes_back(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("violet.runtime.judging.beside.AGAIN", (0.01, 0.1))
    alerts: list[Alert] = []

    async def serve() -> None:
        judge = BesideJudge(spec(profile), alerts.append)
        await judge.start()
        try:
            for one in outrageous(100):
                judge.take("m", one)
            judge.settle()
            await until(lambda: alerts)
            await until(lambda: judge.states().get("m"))
            assert judge.states()["m"][0].alerts == 1
            before = judge.pid
            os.kill(before, signal.SIGKILL)
            await until(lambda: judge.pid == 0)
            judge.take("m", asked(1, "ann"))
            assert judge.unjudged == 1
            await until(lambda: judge.pid not in (0, before) and judge._ready is not None and judge._ready.done())
            for one in outrageous(100, "other"):
                judge.take("m", one)
            judge.settle()
            await until(lambda: len(alerts) == 2)
            assert judge.deaths == 1
        finally:
            await judge.close()
        assert judge.pid == 0

    asyncio.run(serve())
    assert [alert.client for alert in alerts] == ["thief", "other"]


def test_a_judge_that_cannot_begin_says_why(tmp_path: Any) -> None:
    judge = BesideJudge(spec(str(tmp_path / "none.profile")), lambda alert: None)
    with pytest.raises(VioletError, match=r"none\.profile"):
        asyncio.run(judge.start())
    assert judge.pid == 0, "its process has ended with it"


def test_a_judge_that_cannot_come_back_leaves_nothing_behind(
    profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each that was started meanwhile has ended: none takes the one that works with it."""
    monkeypatch.setattr("violet.runtime.judging.beside.AGAIN", (0.01, 0.1))
    here, away = tmp_path / "a.profile", tmp_path / "away"
    here.write_bytes(Path(profile).read_bytes())
    alerts: list[Alert] = []

    async def serve() -> None:
        judge = BesideJudge(spec(str(here)), alerts.append)
        await judge.start()
        try:
            first = judge.pid
            here.rename(away)
            os.kill(first, signal.SIGKILL)
            await until(lambda: caplog.text.count("could not be started") >= 2)
            assert "a.profile" in caplog.text
            away.rename(here)
            await until(lambda: "judges again" in caplog.text)
            assert judge.deaths == 1
            assert children() == {judge.pid}
            for one in outrageous(100):
                judge.take("m", one)
            judge.settle()
            await until(lambda: alerts)
            assert judge.deaths == 1
        finally:
            await judge.close()

    asyncio.run(serve())


def children() -> set[int]:
    """Judges that this process has started, and that have not ended."""
    ours = [pid for task in Path("/proc/self/task").glob("*/children") for pid in task.read_text().split()]
    return {int(pid) for pid in ours if b"violet.runtime.judging.process" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def test_reports_and_alerts_do_not_mix_on_their_way_to_a_slow_gateway() -> None:
    sent = [["alert", str(number) * 300_000] for number in range(4)]

    async def judge() -> list[Any]:
        loop = asyncio.get_running_loop()
        near, far = socket.socketpair()
        with near, far:
            near.setblocking(False)
            far.setblocking(False)
            judging = _Judging(near, loop)
            sending = []
            for message in sent:
                judging._out += pack(message)
                sending.append(asyncio.create_task(judging._send()))
                await asyncio.sleep(0)  # each has begun before the next comes
            unpacker = Unpacker()
            got: list[Any] = []
            async with asyncio.timeout(30.0):
                while len(got) < len(sent):
                    got += unpacker.feed(await loop.sock_recv(far, 1 << 16))
                await asyncio.gather(*sending)
            return got

    assert asyncio.run(judge()) == sent


def test_what_a_judge_cannot_keep_up_with_is_counted(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("violet.runtime.judging.beside.BACKLOG", 10_000)

    async def flood() -> int:
        judge = BesideJudge(spec(profile), lambda alert: None)
        await judge.start()
        os.kill(judge.pid, signal.SIGSTOP)
        try:
            rows = np.zeros((500, 3))
            for number in range(2000):
                judge.take("m", Observed(f"q{number}", 1.0, "ann", rows))
            return judge.unjudged
        finally:
            os.kill(judge.pid, signal.SIGKILL)
            await judge.close()

    assert asyncio.run(flood()) > 100_000


def test_detectors_that_ask_the_model_do_so_beside_the_traffic(profile: str) -> None:
    """Feature squeezing and STRIP ask the model's own endpoint, in a thread of the judge's."""
    from tests.targets.serving import serving

    with serving() as model:
        one = ModelSpec("m", profile, ask=f"{model.url}/v2/models/m", only=("inputs/feature_squeezing", "inputs/strip"))

        async def serve() -> None:
            judge = BesideJudge(JudgeSpec((one,), clients=512, worker="w"), lambda alert: None)
            await judge.start()
            try:
                for number, row in enumerate(np.random.default_rng(4).normal(size=(400, 3))):
                    judge.take("m", asked(number, "ann", *row.tolist()))
                judge.settle()
                await until(lambda: len(model.posts) > 3)
                await until(lambda: {state.id for state in judge.states().get("m", [])} >= set(one.only))
                assert all(not state.failures for state in judge.states()["m"])
            finally:
                await judge.close()

        asyncio.run(serve())
        assert all(path == "/v2/models/m/infer" for path, _ in model.posts)
