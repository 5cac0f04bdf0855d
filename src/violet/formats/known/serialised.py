"""Object serialisations and compiled code of other languages: loading them can run code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty
from violet.formats.known.magic import begins, known, magic

if TYPE_CHECKING:
    from violet.formats.base import Probe


@begins(b"\x04")
def _ruby(probe: Probe) -> Certainty:
    head = probe.head
    if head[:2] != b"\x04\x08" or head[2:3] not in (b"o", b"[", b"{", b"I", b"u", b"U", b"e", b"S", b"C"):
        return Certainty.NO
    return Certainty.LIKELY if probe.suffix in (".marshal", ".rbm", ".dump") else Certainty.POSSIBLE


@begins(b"OaC")
def _php(probe: Probe) -> Certainty:
    """``O:8:"ClassName":1:{`` or an array of such."""
    head = probe.head[:64]
    if head[:2] not in (b"O:", b"a:", b"C:"):
        return Certainty.NO
    digits, _, rest = head[2:].partition(b":")
    if not digits.isdigit() or rest[:1] not in (b'"', b"{"):
        return Certainty.NO
    return Certainty.LIKELY


@begins(b"\xca")
def _java_class(probe: Probe) -> Certainty:
    """Shares its magic number with fat Mach-O, where this stands for the number of architectures."""
    head = probe.head
    if head[:4] != b"\xca\xfe\xba\xbe":
        return Certainty.NO
    return Certainty.CERTAIN if int.from_bytes(head[6:8], "big") >= 45 else Certainty.NO


def _pdf(probe: Probe) -> Certainty:
    if probe.head.startswith(b"%PDF-"):
        return Certainty.CERTAIN
    found = b"%PDF-" in probe.head[:1024] and b"%%EOF" in probe.tail[-1024:]
    return Certainty.LIKELY if found else Certainty.NO


_R = (
    b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n", b"RDB2\n", b"RDB3\n",
    b"X\n\0\0\0\2", b"X\n\0\0\0\3", b"A\n2\n", b"A\n3\n",
)  # fmt: skip

SERIALISED = (
    known("r-data", "R serialised data", (".rds", ".rda", ".rdata"), magic(*_R), executable=True),
    known("java-serialized", "Java serialised objects", (".ser",), magic(b"\xac\xed\0\5"), executable=True),
    known(
        "dotnet-serialized",
        ".NET BinaryFormatter stream",
        (),
        magic(b"\0\1\0\0\0\xff\xff\xff\xff\1\0\0\0\0\0\0\0"),
        executable=True,
    ),
    known("php-serialized", "PHP serialised values", (), _php, executable=True),
    known("ruby-marshal", "Ruby marshal data", (".marshal", ".rbm"), _ruby, executable=True),
    known("lua-bytecode", "Lua bytecode", (".luac",), magic(b"\x1bLua", b"\x1bLJ"), executable=True),
    known("java-class", "Java class", (".class",), _java_class, executable=True),
    known("dex", "Dalvik executable", (".dex",), magic(b"dex\n0"), executable=True),
    known("wasm", "WebAssembly module", (".wasm",), magic(b"\0asm"), executable=True),
    known("llvm-bitcode", "LLVM bitcode", (), magic(b"BC\xc0\xde", b"\xde\xc0\x17\x0b"), executable=True),
    known("spir-v", "SPIR-V module", (".spv",), magic(b"\x03\x02\x23\x07", b"\x07\x23\x02\x03")),
    known("windows-shortcut", "Windows shortcut", (".lnk",), magic(b"\x4c\0\0\0\1\x14\2\0"), executable=True),
    known(
        "ole",
        "OLE compound document",
        (".doc", ".xls", ".ppt", ".msi"),
        magic(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        executable=True,
    ),
    known("chm", "Compiled HTML help", (".chm",), magic(b"ITSF\3\0\0\0"), executable=True),
    known("rtf", "Rich text", (".rtf",), magic(b"{\\rtf")),
    known("pdf", "PDF document", (".pdf",), _pdf),
    known("postscript", "PostScript", (".ps", ".eps"), magic(b"%!PS"), executable=True),
)
