"""What a client's certificate says of who it is."""

from __future__ import annotations

import re
from typing import Any

_SHORT = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "streetAddress": "STREET",
    "domainComponent": "DC",
    "userId": "UID",
}


def certificate_subject(certificate: dict[str, Any]) -> str:
    """The subject as RFC 4514 writes it, of what ``ssl`` tells of a verified certificate; where it is empty, the first
    URI (SPIFFE) or DNS name."""
    parts = []
    for group in reversed(certificate.get("subject", ())):
        parts.append("+".join(f"{_SHORT.get(name, name)}={_escaped(value)}" for name, value in group))
    if parts:
        return ",".join(parts)
    for kind in ("URI", "DNS"):
        for name, value in certificate.get("subjectAltName", ()):
            if name == kind:
                return f"{kind}:{value}"
    return ""


def _escaped(value: str) -> str:
    """RFC 4514, section 2.4. Control characters are written in hex as well, so that a subject is always one line."""
    text = re.sub(r'([\\",+;<>=])', r"\\\1", value)
    text = re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\{ord(found[0]):02x}", text)
    if text[:1] in ("#", " "):
        text = "\\" + text
    return text[:-1] + "\\ " if text.endswith(" ") and len(text) > 1 else text
