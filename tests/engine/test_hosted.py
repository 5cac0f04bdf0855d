"""Processes that may be taken over: whatever they do, who asks gets an answer or one clear error, in time."""

from __future__ import annotations

import gc
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.conftest import Programs, alive, await_that
from violet.engine.hosted import HostedError, HostedProcess, HostLimits

SERVERS = "tests.engine.servers"
SMALL = HostLimits(memory=512 << 20, seconds=30, start=60)


@pytest.fixture
def obedient() -> Iterator[HostedProcess]:
    with HostedProcess(f"{SERVERS}:obey", limits=SMALL) as process:
        yield process


def test_messages_are_answered() -> None:
    with HostedProcess(f"{SERVERS}:echo", ("said: ", 2)) as process:
        assert process.ask(b"abc") == b"said: abcabc"
        assert process.ask(b"") == b"said: "
        large = os.urandom(5 << 20)  # more than pipes hold
        assert process.ask(large) == b"said: " + large * 2
        assert process.alive
    assert not process.alive
    assert not alive(process.pid)


def test_errors_are_answers(obedient: HostedProcess) -> None:
    with pytest.raises(HostedError, match=r"^No\.$") as caught:
        obedient.ask(b"refuse")
    assert (caught.value.hint, caught.value.cause) == ("Ask nicely.", "error")
    with pytest.raises(HostedError, match="ValueError: of some kind"):
        obedient.ask(b"raise of some kind")
    with pytest.raises(HostedError, match="SystemExit: 4"):
        obedient.ask(b"leave")
    assert obedient.ask(b"") == b"done"


@pytest.mark.parametrize(
    ("function", "arguments", "said"),
    [
        ("broken", ("model.pkl",), "model.pkl is no model."),
        ("unwelcome", (), "RuntimeError: out?[2J of?order"),
        ("no_server", (), "TypeError: tests.engine.servers:no_server gave no function"),
        ("missing", (), "AttributeError: "),
        ("dies_at_start", (), "The process that loads the model ended by itself with code 9. It said: cannot go on"),
    ],
)
def test_a_server_that_does_not_start_says_why(function: str, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(HostedError) as caught:
        HostedProcess(f"{SERVERS}:{function}", arguments, SMALL)
    assert caught.value.what.startswith(said)


def test_a_server_that_starts_for_ever_is_ended() -> None:
    with pytest.raises(HostedError, match="gave no answer in time") as caught:
        HostedProcess(f"{SERVERS}:sleeps_at_start", (), HostLimits(start=1.0), name="model.pkl")
    assert caught.value.what.startswith("Model.pkl")
    assert caught.value.cause == "time"


@pytest.mark.parametrize(
    ("order", "cause", "said"),
    [
        ("exit 3", "exit", "The process that loads the model ended by itself with code 3."),
        ("die", "signal", "The process that loads the model was killed; where nobody did that, memory ran out."),
        ("crash", "signal", "The process that loads the model crashed (SIGSEGV). It said: ?[31mabout to crash"),
        (f"hoard {4 << 30}", "memory", "The process that loads the model ran out of memory (it may have 0.5 GiB)."),
        ("babble", "protocol", "The process that loads the model sent what is no answer."),
    ],
)
def test_deaths_have_reasons(obedient: HostedProcess, order: str, cause: str, said: str) -> None:
    with pytest.raises(HostedError) as caught:
        obedient.ask(order.encode())
    assert (caught.value.cause, caught.value.what) == (cause, said)
    assert not obedient.alive
    with pytest.raises(HostedError, match="has ended: ") as again:
        obedient.ask(b"")
    assert again.value.cause == cause
    assert not alive(obedient.pid)


def test_a_late_answer_is_never_taken_for_another(obedient: HostedProcess) -> None:
    begun = time.monotonic()
    with pytest.raises(HostedError, match="gave no answer in time") as caught:
        obedient.ask(b"sleep 60", timeout=0.3)
    assert time.monotonic() - begun < 10
    assert caught.value.cause == "time"
    with pytest.raises(HostedError, match="has ended"):
        obedient.ask(b"")


def test_answers_have_a_limit() -> None:
    with HostedProcess(f"{SERVERS}:obey", (), HostLimits(answer=1000)) as process:
        assert len(process.ask(b"fill 1000")) == 1000
        with pytest.raises(HostedError, match="no answer"):
            process.ask(b"fill 1001")


def test_processor_time_has_a_limit() -> None:
    with HostedProcess(f"{SERVERS}:obey", (), HostLimits(processor=1)) as process:
        with pytest.raises(HostedError, match="used up its 1 s of processor time") as caught:
            process.ask(b"burn")
        assert caught.value.cause == "time"


def test_files_have_a_limit(tmp_path: Path) -> None:
    with HostedProcess(f"{SERVERS}:obey", (), HostLimits(spill=1 << 12)) as process:
        with pytest.raises(HostedError, match="File too large"):
            process.ask(f"write {tmp_path / 'file'}".encode())
        assert (tmp_path / "file").stat().st_size == 1 << 12


def test_what_it_prints_is_no_answer(obedient: HostedProcess, capfd: pytest.CaptureFixture[str]) -> None:
    assert obedient.ask(b"print something") == b"done"
    assert obedient.ask(b"") == b"done"
    assert capfd.readouterr() == ("", "")


def test_secrets_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIOLET_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with HostedProcess(f"{SERVERS}:obey") as process:
        seen = json.loads(process.ask(b"environment"))
    assert "secret" not in seen.values()
    assert seen["OPENBLAS_NUM_THREADS"] == "1"
    assert seen["PATH"] == os.environ["PATH"]


def test_it_has_a_session_of_its_own_and_ends_with_its_children(obedient: HostedProcess) -> None:
    assert json.loads(obedient.ask(b"session")) == [True, obedient.pid]
    child = int(obedient.ask(b"spawn"))
    assert alive(child)
    obedient.close()
    await_that(lambda: not alive(child))
    obedient.close()  # twice does no harm
    with pytest.raises(HostedError, match="it was closed"):
        obedient.ask(b"")


def test_it_ends_with_the_object() -> None:
    process = HostedProcess(f"{SERVERS}:obey")
    pid = process.pid
    del process
    gc.collect()
    await_that(lambda: not alive(pid))


def test_threads_take_turns(obedient: HostedProcess) -> None:
    wrong: list[int] = []

    def ask(size: int) -> None:
        wrong.extend(size for _ in range(20) if len(obedient.ask(f"fill {size}".encode())) != size)

    threads = [threading.Thread(target=ask, args=(size,)) for size in (1, 100_000, 1_000_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


PARENT = """
import sys
from pathlib import Path
from violet.engine.hosted import HostedProcess

process = HostedProcess("tests.engine.servers:obey")
Path(sys.argv[1]).write_text(str(process.pid))
process.ask(b"sleep 600")
"""


def test_it_ends_with_a_killed_parent_while_it_works(programs: Programs, tmp_path: Path) -> None:
    script, said = tmp_path / "parent.py", tmp_path / "pid"
    script.write_text(PARENT, encoding="utf-8")
    parent = programs.start(str(script), str(said))
    await_that(lambda: said.exists() and said.read_text(encoding="utf-8"), 60)
    hosted = int(said.read_text(encoding="utf-8"))
    assert alive(hosted)
    os.kill(parent.pid, signal.SIGKILL)
    await_that(lambda: not alive(hosted))
