"""Images, sound, video and fonts: they run nothing, but bytes can stand behind their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed
from violet.formats.known.magic import begins, known, magic

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.base import Probe, Reading
    from violet.formats.source import Source


def _riff(kind: bytes) -> Callable[[Probe], Certainty]:
    def sniff(probe: Probe) -> Certainty:
        found = probe.head[:4] in (b"RIFF", b"RIFX", b"RF64") and probe.head[8:12] == kind
        return Certainty.CERTAIN if found else Certainty.NO

    return begins(b"R")(sniff)


@begins(b"B")
def _bmp(probe: Probe) -> Certainty:
    head = probe.head
    if head[:2] != b"BM" or head[6:10] != b"\0\0\0\0" or len(head) < 26:
        return Certainty.NO
    header = int.from_bytes(head[14:18], "little")
    return Certainty.CERTAIN if header in (12, 40, 52, 56, 64, 108, 124) else Certainty.NO


@begins(b"\0")
def _icon(probe: Probe) -> Certainty:
    head = probe.head
    if head[:4] not in (b"\0\0\1\0", b"\0\0\2\0") or len(head) < 22:
        return Certainty.NO
    count, at = int.from_bytes(head[4:6], "little"), int.from_bytes(head[18:22], "little")
    return Certainty.CERTAIN if 0 < count < 256 and at == 6 + 16 * count else Certainty.NO


@begins(b"I\xff")
def _mp3(probe: Probe) -> Certainty:
    head = probe.head
    if head.startswith(b"ID3") and head[3:4] in (b"\2", b"\3", b"\4"):
        return Certainty.CERTAIN
    frame = probe.suffix == ".mp3" and head[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")
    return Certainty.POSSIBLE if frame else Certainty.NO


@begins(b"Ot\0")
def _font(probe: Probe) -> Certainty:
    head = probe.head
    if head.startswith((b"OTTO\0", b"ttcf\0", b"true\0", b"typ1\0")):
        return Certainty.CERTAIN
    tables = int.from_bytes(head[4:6], "big")
    if not head.startswith(b"\0\1\0\0") or not 0 < tables < 64:
        return Certainty.NO
    return Certainty.CERTAIN if head[12:16].replace(b"/", b"").strip().isalnum() else Certainty.NO


def _read_tail(source: Source, reading: Reading) -> Parsed:
    from violet.formats.known.ends import read_tail

    return read_tail(source)


def _whole(identifier: str, title: str, suffixes: tuple[str, ...], sniff: Callable[[Probe], Certainty]) -> Format:
    """A format whose end can be told, so that what stands behind it is found."""
    first: bytes = getattr(sniff, "first", b"")
    return Format(identifier, title, suffixes, sniff, _read_tail, inert=True, first=first, rank=60)


MEDIA = (
    _whole("png", "PNG image", (".png",), magic(b"\x89PNG\r\n\x1a\n")),
    _whole("jpeg", "JPEG image", (".jpg", ".jpeg"), magic(b"\xff\xd8\xff")),
    _whole("gif", "GIF image", (".gif",), magic(b"GIF87a", b"GIF89a")),
    _whole("bmp", "BMP image", (".bmp",), _bmp),
    _whole("webp", "WebP image", (".webp",), _riff(b"WEBP")),
    _whole("wav", "WAVE sound", (".wav",), _riff(b"WAVE")),
    _whole("avi", "AVI video", (".avi",), _riff(b"AVI ")),
    known("icon", "Windows icon", (".ico", ".cur"), _icon, inert=True),
    known("tiff", "TIFF image", (".tif", ".tiff"), magic(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), inert=True),
    known("psd", "Photoshop image", (".psd",), magic(b"8BPS"), inert=True),
    known("jpeg2000", "JPEG 2000 image", (".jp2", ".j2k"), magic(b"\0\0\0\x0cjP  \r\n\x87\n"), inert=True),
    known("openexr", "OpenEXR image", (".exr",), magic(b"\x76\x2f\x31\1"), inert=True),
    known("flac", "FLAC sound", (".flac",), magic(b"fLaC"), inert=True),
    known("ogg", "Ogg stream", (".ogg", ".oga", ".opus"), magic(b"OggS"), inert=True),
    known("mp3", "MP3 sound", (".mp3",), _mp3, inert=True),
    known("midi", "MIDI", (".mid", ".midi"), magic(b"MThd"), inert=True),
    known("mp4", "MPEG-4 media", (".mp4", ".m4a", ".mov", ".heic", ".avif"), magic(b"ftyp", at=4), inert=True),
    known("matroska", "Matroska media", (".mkv", ".webm"), magic(b"\x1a\x45\xdf\xa3"), inert=True),
    known("font", "TrueType or OpenType font", (".ttf", ".otf", ".ttc"), _font, inert=True),
    known("woff", "Web font", (".woff", ".woff2"), magic(b"wOFF", b"wOF2"), inert=True),
    known("font-type1", "Type 1 font", (".pfb", ".afm"), magic(b"\x80\1", b"StartFontMetrics"), inert=True),
    known("gltf", "glTF binary", (".glb",), magic(b"glTF\2\0\0\0"), inert=True),
)
