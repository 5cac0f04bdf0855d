"""Fuzz entry: a journal of rulings may hold anything."""

from __future__ import annotations

from violet.domain.alert import Ruling
from violet.runtime.ruling_journal import ruling_of
from violet.runtime.rulings import Rulings


def fuzz_one(data: bytes) -> None:
    found: list[Ruling] = [one for line in data.split(b"\n") if (one := ruling_of(line)) is not None]
    rulings = Rulings()
    rulings.merge(found)
    rulings.expire()
    rulings.in_force()
