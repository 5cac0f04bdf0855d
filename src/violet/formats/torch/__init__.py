"""PyTorch files: checkpoints, TorchScript, packages and exported programs (all zip archives), and the format
of before version 1.6, which is pickles one after the other and then raw storages.

The zip reader gives every member of such an archive; what is here knows what the members mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed, Probe

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.base import Reading
    from violet.formats.source import Source

_LEGACY = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
"""The pickled number 0x1950a86a20f9469cfc6c."""

_last: tuple[Probe, str] | None = None


def _kind(probe: Probe) -> str:
    """Which of the zip formats the names make it; ``""`` for none. Asked once for each probe."""
    global _last
    if _last is not None and _last[0] is probe:
        return _last[1]
    from violet.formats.archive import zip_names

    kind = ""
    names = zip_names(probe)
    if names:
        from violet.formats.torch.names import kind_of

        kind = kind_of(names)
    _last = (probe, kind)
    return kind


def _sniff(kind: str) -> Callable[[Probe], Certainty]:
    def sniff(probe: Probe) -> Certainty:
        return Certainty.CERTAIN if _kind(probe) == kind else Certainty.NO

    return sniff


def _sniff_legacy(probe: Probe) -> Certainty:
    return Certainty.CERTAIN if _LEGACY in probe.head[:24] else Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.torch.reader import read_archive

    return read_archive(source, reading)


def _read_script(source: Source, reading: Reading) -> Parsed:
    from violet.formats.torch.reader import read_script

    return read_script(source, reading)


_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".th", ".t7", ".tar")
"""``.pth.tar`` is what PyTorch's own examples have long called checkpoints that are no tar archives."""

FORMATS = (
    Format(
        "torch_zip", "PyTorch checkpoint", _SUFFIXES, _sniff("torch_zip"), _read, executable=True, rank=25, first=b"P"
    ),
    Format(
        "torchscript",
        "TorchScript",
        (".pt", ".jit", ".pth", ".ptl", ".torchscript", ".ts"),
        _sniff("torchscript"),
        _read_script,
        executable=True,
        rank=25,
    ),
    Format(
        "torch_package",
        "torch.package archive",
        (".pt", ".package"),
        _sniff("torch_package"),
        _read,
        executable=True,
        rank=24,
    ),
    Format(
        "torch_export",
        "PyTorch exported program",
        (".pt2",),
        _sniff("torch_export"),
        _read,
        executable=True,
        rank=24,
        first=b"P",
    ),
    Format(
        "torch_legacy",
        "PyTorch checkpoint of before 1.6",
        _SUFFIXES,
        _sniff_legacy,
        executable=True,
        rank=30,
        first=b"\x80",
    ),
)
