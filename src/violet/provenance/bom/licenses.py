"""Names of licences as SPDX writes them, where they are SPDX expressions at all."""

from __future__ import annotations

from functools import lru_cache

LONGEST = 400


@lru_cache(maxsize=4096)
def expression(text: str) -> str:
    """``text`` as a valid SPDX expression in canonical case; ``""`` where it is none."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if not text or len(text) > LONGEST:
        return ""
    try:
        return str(canonicalize_license_expression(text))
    except (InvalidLicenseExpression, ValueError, SyntaxError, MemoryError, RecursionError):
        return ""


def normal_license(text: str) -> str:
    """The SPDX expression that a name stands for, or the name as it is."""
    return expression(text.strip()) or text.strip()


def is_single(text: str) -> bool:
    """Whether it is the identifier of one listed licence."""
    found = expression(text)
    return bool(found) and " " not in found and not found.endswith("+") and not found.startswith("LicenseRef-")
