"""Read bills of materials, Violet's own and anybody's: CycloneDX JSON and SPDX 3 JSON-LD, within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.domain import VioletError
from violet.provenance.strict_json import parse

if TYPE_CHECKING:
    from violet.domain.bom import Bom

LARGEST = 64 << 20
"""Bytes of one document."""
HEAD = 1 << 16
_CONTEXT = "https://spdx.org/rdf/3"


class BomError(VioletError):
    """A document that says it is a bill of materials, and cannot be read as one."""


def read_bom_file(path: str) -> Bom | None:
    """The bill in a file; ``None`` where it is something else. Raises ``BomError`` for a broken one."""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
            if not _promising(head):
                return None
            content = head + file.read(LARGEST + 1 - len(head))
    except OSError as error:
        raise BomError(f"{path} cannot be read: {error.strerror}.") from error
    return read_bom(content, path)


def read_bom(content: bytes, name: str = "the document") -> Bom | None:
    """The bill that JSON text says; ``None`` for JSON that is none. Raises ``BomError``."""
    try:
        value = parse(content, LARGEST)
    except ValueError as error:
        raise BomError(f"{name} cannot be read as a bill of materials: {error}.") from error
    kind = kind_of(value)
    try:
        if kind == "cyclonedx":
            from violet.provenance.bom.cyclonedx_reader import read as read_cyclonedx

            return read_cyclonedx(value)
        if kind == "spdx":
            from violet.provenance.bom.spdx_reader import read as read_spdx

            return read_spdx(value)
    except ValueError as error:
        raise BomError(f"{name} cannot be read as a bill of materials: {error}.") from error
    if kind == "spdx-2":
        raise BomError(
            f"{name} is an SPDX 2 document, which Violet does not read.", "Convert it to SPDX 3 or CycloneDX first."
        )
    return None


def kind_of(value: Any) -> str:
    """``cyclonedx``, ``spdx`` (3.x), ``spdx-2`` or ``""``."""
    if not isinstance(value, dict):
        return ""
    if value.get("bomFormat") == "CycloneDX":
        return "cyclonedx"
    if isinstance(value.get("spdxVersion"), str):
        return "spdx-2"
    context = value.get("@context")
    contexts = context if isinstance(context, list) else [context]
    if any(isinstance(c, str) and c.startswith(_CONTEXT) for c in contexts):
        return "spdx"
    return ""


def _promising(head: bytes) -> bool:
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return False
    return any(mark in head for mark in (b'"CycloneDX"', b'"spdxVersion"', b"spdx.org/rdf/3"))
