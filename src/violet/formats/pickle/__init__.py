"""Pickle, in every protocol and wherever it hides: bare, joblib, torch before 1.6, dill, cloudpickle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed, Probe, Reading

if TYPE_CHECKING:
    from violet.formats.source import Source

OPCODE_BYTES = frozenset(b".0125BCFGIJKLMNPQRSTUVXabcdeghijlopqrstu()]}" + bytes(range(0x80, 0x99)))
SUFFIXES = (
    ".pkl",
    ".pickle",
    ".pck",
    ".pckl",
    ".p",
    ".pk",
    ".joblib",
    ".jl",
    ".dill",
    ".cloudpickle",
    ".pt",
    ".pth",
    ".ckpt",
    ".th",
    ".t7",
    ".bin",
    ".dat",
    ".data",
    ".model",
    ".mdl",
    ".sav",
    ".optim",
    ".npy",
    ".z",
)
NAMED_PICKLE = frozenset((".pkl", ".pickle", ".pck", ".pckl", ".p", ".pk", ".joblib", ".dill", ".pt", ".pth"))


def _sniff(probe: Probe) -> Certainty:
    head = probe.head
    if not head:
        return Certainty.NO
    fallback = Certainty.POSSIBLE if probe.suffix in NAMED_PICKLE else Certainty.NO
    if head[0] == 0x80 and len(head) > 2 and head[1] <= 5:
        return Certainty.CERTAIN if head[2] in OPCODE_BYTES else fallback
    if head[0] not in OPCODE_BYTES or head.startswith((b"PK\x03\x04", b"RIFF")):
        return fallback
    from violet.formats.pickle.trial import could_be_pickle

    return Certainty.LIKELY if could_be_pickle(probe.source, 0) else fallback


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.pickle.reader import read_pickle

    return read_pickle(source, reading)


FORMAT = Format(
    id="pickle",
    title="Python pickle",
    suffixes=SUFFIXES,
    sniff=_sniff,
    read=_read,
    executable=True,
    rank=20,
)
