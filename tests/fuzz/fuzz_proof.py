"""Fuzz entry: the proof gives an outcome for any bytes, and what it proves can be gathered."""

from __future__ import annotations

from violet.formats.base import Reading
from violet.formats.proof.files import prove
from violet.formats.proof.flatten import flatten
from violet.formats.proof.gather import pieces
from violet.formats.proof.values import Unproven
from violet.formats.source import BoundExceededError, Bounds, BytesSource, Meter


def fuzz_one(data: bytes) -> None:
    for name in ("model.pt", "model.pkl", "arrays.npz"):
        bounds = Bounds(expanded=1 << 24, members=1_000, operations=1 << 24)
        try:
            proof = prove(BytesSource(data), Reading(name, bounds, Meter(bounds), deep=True))
            flat = flatten(proof.value)
        except (Unproven, BoundExceededError):
            continue
        for tensor in flat.tensors.values():
            if tensor.size < 1 << 20:
                assert sum(len(piece) for piece in pieces(tensor)) == tensor.size
