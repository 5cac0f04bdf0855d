"""NumPy's .npy arrays and .npz archives of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed, Probe

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source


def sniff_npy(probe: Probe) -> Certainty:
    return Certainty.CERTAIN if probe.head.startswith(b"\x93NUMPY") else Certainty.NO


def read_npy(source: Source, reading: Reading) -> Parsed:
    from violet.formats.numpy_array.reader import read_array

    return read_array(source, reading)


def sniff_npz(probe: Probe) -> Certainty:
    if probe.head[:2] != b"PK" and probe.suffix != ".npz":
        return Certainty.NO
    from violet.formats.archive import zip_names

    names = zip_names(probe)
    return Certainty.CERTAIN if names and all(n.endswith(".npy") for n in names) else Certainty.NO


def read_npz(source: Source, reading: Reading) -> Parsed:
    """Nothing of its own: the same content is a zip archive too, and that reader gives the arrays."""
    return Parsed()


FORMATS = (
    Format("npy", "NumPy array", (".npy",), sniff_npy, read_npy, executable=True, rank=20, first=b"\x93"),
    Format("npz", "NumPy array archive", (".npz",), sniff_npz, read_npz, executable=True, rank=40),
)
