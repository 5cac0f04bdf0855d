"""Pickles that reach a dangerous function: found by any route, with the call spelled out."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from sklearn.linear_model import LogisticRegression

from tests.checks.examples import outcomes, rules
from violet.domain import Finding

if TYPE_CHECKING:
    from pathlib import Path


class Attack:
    def __reduce__(self) -> Any:
        return os.system, ("touch /tmp/x",)


def trained() -> LogisticRegression:
    return LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps({"model": trained(), "extra": Attack()}))
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps(trained()))
    return path


@pytest.mark.parametrize("protocol", range(6))
def test_the_reconstructed_call_is_shown_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(Attack(), protocol=protocol))
    found = [f for f in outcomes(path) if f.rule == "artifact/pickle-dangerous-call"]
    assert [f.evidence for f in found] == [f"{os.name}.system('touch /tmp/x')"]
    assert found[0].severity.name == "CRITICAL"
    assert found[0].location.offset is not None
    assert "AML.T0011.000" in found[0].techniques


ROUTES = {
    "text opcodes": b"cos\nsystem\n(S'id'\ntR.",
    "inst": b"(S'id'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'id'\no.",
    "python 2 name": b"\x80\x02c__builtin__\neval\nU\x011\x85R.",
    "renamed module": b"\x80\x02ccommands\ngetoutput\nU\x02id\x85R.",
    "memo indirection": b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93\x8c\x02id\x85R.",
    "memo overwritten": b"\x80\x04\x8c\x05torchq\x00\x8c\x02osq\x000\x8c\x06systemq\x010h\x00h\x01\x93\x8c\x02id\x85R.",
    "result dropped": b"cos\nsystem\n(S'id'\ntR0N.",
    "named only": b"cos\nsystem\n.",
    "then breaks": b"cos\nsystem\n(S'id'\ntR\xff",
    "never ends": b"cos\nsystem\n(S'id'\ntR",
    "hexadecimal integer": b"I0x1f\n0cos\nsystem\n(S'id'\ntR.",
    "behind a benign stream": b"\x80\x04N.cos\nsystem\n(S'id'\ntR.",
    "in a nested constant": b"\x80\x04C\x15cos\nsystem\n(S'id'\ntR..",
    "attribute of a module": b"\x80\x04\x8c\x05numpy\x8c\x0ecore.os.system\x93\x8c\x02id\x85R.",
    "resolved by name": b"\x80\x04\x8c\x07pkgutil\x8c\x0cresolve_name\x93\x8c\x09os:system\x85R\x8c\x02id\x85R.",
    "new of a lazy iterator": b"\x80\x04\x8c\x08builtins\x8c\x03map\x93\x8c\x02os\x8c\x06system\x93]\x86\x81.",
}


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_seen(tmp_path: Path, route: str) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(ROUTES[route])
    assert "artifact/pickle-dangerous-call" in rules(path)


@pytest.mark.parametrize("prefix", [b"", b"\x00" * 64, b"#!header\n", bytes(range(200, 250))])
def test_it_is_found_behind_other_bytes(tmp_path: Path, prefix: bytes) -> None:
    path = tmp_path / "weights"
    path.write_bytes(prefix + pickle.dumps(Attack()))
    assert "artifact/pickle-dangerous-call" in rules(path)


def _fingerprint(directory: Path, command: str, *, more: Any = None) -> str:
    class Command:
        def __reduce__(self) -> Any:
            return os.system, (command,)

    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps([more, Command()]))
    (found,) = [o for o in outcomes(path) if isinstance(o, Finding) and o.rule == "artifact/pickle-dangerous-call"]
    return found.fingerprint


def test_who_accepts_one_command_has_not_accepted_another(tmp_path: Path) -> None:
    first = _fingerprint(tmp_path, "touch /tmp/x")
    assert _fingerprint(tmp_path, "touch /tmp/x", more={"weights": list(range(50))}) == first
    long = "touch /tmp/x # " + "x" * 5_000
    assert len({first, _fingerprint(tmp_path, "touch /tmp/y"), _fingerprint(tmp_path, long)}) == 3
    assert _fingerprint(tmp_path, long + "y") != _fingerprint(tmp_path, long + "z")
