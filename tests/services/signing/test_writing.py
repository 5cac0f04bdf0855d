"""Signatures are written whole, or not at all."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.provenance.test_identity import somebody_else
from tests.services.signing.world import (
    BIN,
    World,
    signed,
    verified,
)
from violet.domain import UsageError
from violet.provenance.signing.place import write_whole
from violet.services.keys import make
from violet.services.sign import SignOptions, sign


def test_signatures_are_replaced_whole(world: World, model: Path) -> None:
    first = Path(signed(world)).read_bytes()
    Path("model.sig").chmod(0o600)
    second = Path(signed(world, key="p384")).read_bytes()
    assert first != second
    assert sorted(os.listdir()) == ["model", "model.sig"]


def test_read_only_places(world: World, model: Path) -> None:
    with somebody_else() as folder:
        key = folder / "key"
        make(str(key), "p256", None)
        (folder / "models").mkdir()
        (folder / "models" / "m").write_bytes(b"m")
        (folder / "models").chmod(0o500)
        with pytest.raises(UsageError, match="cannot be written: Permission denied"):
            sign(SignOptions(str(folder / "models" / "m"), str(key), cache=False))
        assert os.listdir(folder / "models") == ["m"]
        elsewhere = sign(
            SignOptions(str(folder / "models" / "m"), str(key), signature=str(folder / "m.sig"), cache=False)
        )
        assert os.path.exists(elsewhere.signature)
        (folder / "models").chmod(0o700)


@pytest.fixture(params=["nameless", "named"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of writing: some file systems know no files without names."""
    if request.param == "named":
        monkeypatch.setattr("violet.provenance.signing.place._nameless", lambda _: -1)
    return str(request.param)


def test_writing_is_all_or_nothing(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = str(tmp_path / "x.sig")
    write_whole(target, b"one")
    write_whole(target, b"two")
    assert Path(target).read_bytes() == b"two"
    with pytest.raises(FileExistsError):
        write_whole(target, b"three", replace=False)
    write_whole(f"{target}2", b"four", replace=False, mode=0o600)
    assert Path(f"{target}2").stat().st_mode & 0o777 == 0o600

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        write_whole(target, b"five")
    assert Path(target).read_bytes() == b"two"
    assert sorted(os.listdir(tmp_path)) == ["x.sig", "x.sig2"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "interrupt"])
def test_a_signer_that_is_stopped_leaves_nothing_half_written(
    world: World, model: Path, number: signal.Signals
) -> None:
    """At any moment there is no signature, or a whole one, and nothing else."""
    (model / "more").write_bytes(b"m" * (24 << 20))
    command = [BIN / "violet", "sign", "model", "--key", world.path("p256"), "--no-cache", "--quiet", "--isolated"]
    started = time.monotonic()
    subprocess.run(command, check=True)
    usual = time.monotonic() - started
    os.unlink("model.sig")
    outcomes = set()
    for step in range(9):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        time.sleep(usual * (0.4 + step / 9))
        process.send_signal(number)
        assert process.wait() in (0, -number, 130)
        left = sorted(os.listdir())
        outcomes.add(tuple(left))
        assert left in (["model"], ["model", "model.sig"])
        if "model.sig" in left:
            assert verified(world).holds
            os.unlink("model.sig")
    assert ("model",) in outcomes
