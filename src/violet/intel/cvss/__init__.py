"""CVSS: scores from vectors, of versions 2.0, 3.0, 3.1 and 4.0.

Source: FIRST, "A Complete Guide to the Common Vulnerability Scoring System Version 2.0", section 3.2; "Common
Vulnerability Scoring System v3.0" and "v3.1: Specification Document", sections 5, 7 and 8; "v4.0: Specification
Document", sections 7 and 8.
"""

from __future__ import annotations

from functools import lru_cache

from violet.domain.outcome import Severity
from violet.intel.cvss.vector import MalformedVectorError, Score

__all__ = ["MalformedVectorError", "Score", "score", "severity_of"]


@lru_cache(maxsize=65536)
def score(vector: str) -> Score:
    """The score of a vector string. Raises ``MalformedVectorError``.

    Vectors of version 2 have no prefix and may stand in parentheses.
    """
    if vector.startswith("CVSS:4.0/"):
        from violet.intel.cvss.four import score as of
    elif vector.startswith(("CVSS:3.0/", "CVSS:3.1/")):
        from violet.intel.cvss.three import score as of
    elif vector.startswith("CVSS:"):
        raise MalformedVectorError(f"{vector[:40]!r} is of no known version of CVSS")
    else:
        from violet.intel.cvss.two import score as of
    return of(vector)


def severity_of(value: float, version: str = "3.1") -> Severity:
    """The qualitative severity of a score: none (``INFO``), low, medium, high, critical.

    Version 2 knows no critical; the bounds of its other names are NVD's.
    """
    if value <= 0:
        return Severity.INFO
    if value < 4:
        return Severity.LOW
    if value < 7:
        return Severity.MEDIUM
    return Severity.HIGH if value < 9 or version == "2.0" else Severity.CRITICAL
