"""Sniffers made from magic numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.base import Probe

    Sniff = Callable[[Probe], Certainty]


def magic(*marks: bytes, at: int = 0) -> Sniff:
    """Certain where one of the marks stands at the offset."""

    def sniff(probe: Probe) -> Certainty:
        return Certainty.CERTAIN if probe.head.startswith(marks, at) else Certainty.NO

    if at == 0:
        sniff.first = bytes({mark[0] for mark in marks})  # type: ignore[attr-defined]
    else:
        sniff.marks = (at, marks)  # type: ignore[attr-defined]
    return sniff


def begins(first: bytes) -> Callable[[Sniff], Sniff]:
    """Say of a sniffer that it only fits content that begins with one of these bytes."""

    def mark(sniff: Sniff) -> Sniff:
        sniff.first = first  # type: ignore[attr-defined]
        return sniff

    return mark


def named(*suffixes: str) -> Sniff:
    """Possible where the name says so, for formats that have no magic number and hold no text."""

    def sniff(probe: Probe) -> Certainty:
        if probe.suffix not in suffixes or not probe.head:
            return Certainty.NO
        # Nearly every file of numbers has a zero byte in its first kilobytes; text has none.
        return Certainty.POSSIBLE if 0 in probe.head else Certainty.NO

    sniff.suffixes = suffixes  # type: ignore[attr-defined]
    return sniff


def known(
    identifier: str,
    title: str,
    suffixes: tuple[str, ...],
    sniff: Sniff,
    *,
    executable: bool = False,
    inert: bool = False,
    rank: int = 60,
) -> Format:
    return Format(
        identifier,
        title,
        suffixes,
        sniff,
        executable=executable,
        inert=inert,
        first=getattr(sniff, "first", b""),
        rank=rank,
    )
