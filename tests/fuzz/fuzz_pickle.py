"""Fuzz entry: any bytes, read as pickle streams and searched for pickles within, give facts within bounds."""

from __future__ import annotations

from violet.formats.base import Reading
from violet.formats.pickle.reader import read_pickle
from violet.formats.pickle.trial import carve
from violet.formats.source import BoundExceededError, Bounds, BytesSource, Meter


def fuzz_one(data: bytes) -> None:
    bounds = Bounds()
    meter = Meter(bounds)
    source = BytesSource(data)
    try:
        read_pickle(source, Reading("fuzz.pkl", bounds, meter))
        carve(source, meter)
    except BoundExceededError:
        return
