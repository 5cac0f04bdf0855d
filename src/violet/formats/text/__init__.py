"""Plain text and the markup that needs no parser of its own: examined for what it holds, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed

if TYPE_CHECKING:
    from violet.formats.base import Probe, Reading
    from violet.formats.source import Source

_CONTROL = bytes(i for i in range(32) if i not in b"\t\n\r\f\v\b\x1b\x1a") + b"\x7f"
_MARKED = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")

SUFFIXES = (
    ".txt", ".text", ".md", ".markdown", ".rst", ".csv", ".tsv", ".log", ".ini", ".cfg", ".conf", ".toml",
    ".env", ".properties", ".jsonl", ".ndjson", ".vocab", ".bpe", ".merges", ".tex", ".bib", ".css", ".js",
    ".mjs", ".ts", ".c", ".cc", ".cpp", ".h", ".hpp", ".cu", ".java", ".go", ".rs", ".rb", ".pl", ".r", ".sql",
    ".proto", ".pbtxt", ".prototxt", ".dot", ".patch", ".diff", ".in", ".lock", ".license", ".typed", ".pyx",
    ".pxd", ".f", ".f90", ".cmake", ".map", ".po", ".pot", ".tpl", ".pem", ".crt", ".key", ".asc", ".gitignore",
    ".gitattributes", ".dockerfile",
)  # fmt: skip
NAMES = (
    "readme", "license", "notice", "authors", "changelog", "dockerfile", "makefile", ".env", ".gitattributes",
    ".gitignore", "vocab", "merges", "record", "wheel", "metadata", "installer", "top_level.txt", "version",
)  # fmt: skip


def is_textual(probe: Probe) -> bool:
    """Whether the head looks like text: marked as Unicode, or free of control characters."""
    head = probe.head
    if not head:
        return False
    if head.startswith(_MARKED):
        return head[:3] == _MARKED[0] or len(head) >= 4
    if len(head.translate(None, _CONTROL)) != len(head):
        # UTF-16 without a mark: every other byte of its Latin letters is zero
        return len(head) >= 8 and (not any(head[1:64:2]) or not any(head[0:64:2])) and head.count(0) < len(head)
    if head.isascii():
        return True
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 4 and probe.source.size > len(head):
            return True
        high = len(head) - len(head.translate(None, bytes(range(128, 256))))
        return high * 4 < len(head) or (high * 2 < len(head) and probe.suffix in SUFFIXES)
    return True


def _sniff_text(probe: Probe) -> Certainty:
    return Certainty.POSSIBLE if is_textual(probe) else Certainty.NO


def _sniff_yaml(probe: Probe) -> Certainty:
    head = probe.head
    if probe.suffix in (".yaml", ".yml"):
        return Certainty.LIKELY if is_textual(probe) else Certainty.NO
    if head.startswith((b"%YAML", b"%TAG", b"--- ", b"---\n")) or b"!!python/" in head:
        return Certainty.LIKELY if is_textual(probe) and b"!!python/" in head else Certainty.NO
    return Certainty.NO


def _sniff_xml(probe: Probe) -> Certainty:
    return Certainty.LIKELY if probe.head[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml") else Certainty.NO


def _sniff_html(probe: Probe) -> Certainty:
    start = probe.head[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    return Certainty.LIKELY if start.startswith((b"<!doctype html", b"<html")) else Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.text.document import read_document, unexamined_parts

    document = read_document(source, reading)
    return Parsed(facts=document, unexamined=unexamined_parts(document))


def _sniff_pointer(probe: Probe) -> Certainty:
    return Certainty.CERTAIN if probe.head.startswith(b"version https://git-lfs.github.com/spec/") else Certainty.NO


def _read_pointer(source: Source, reading: Reading) -> Parsed:
    parsed = _read(source, reading)
    parsed.unexamined.append("the content itself: this is a Git LFS pointer, what it points to is not here")
    return parsed


FORMATS = (
    Format("lfs-pointer", "Git LFS pointer", (), _sniff_pointer, _read_pointer, inert=True, rank=10, textual=True),
    Format("text", "Plain text", SUFFIXES + NAMES, _sniff_text, _read, inert=True, rank=95, textual=True),
    Format("yaml", "YAML", (".yaml", ".yml"), _sniff_yaml, _read, inert=True, rank=85, textual=True),
    Format("xml", "XML", (".xml", ".xsd", ".svg", ".xmlschema"), _sniff_xml, _read, inert=True, rank=85, textual=True),
    Format("html", "HTML", (".html", ".htm", ".xhtml"), _sniff_html, _read, inert=True, rank=85, textual=True),
)
