"""Which of two versions is the newer one, and whether a specifier allows one."""

from __future__ import annotations


def allows(specifier: str, version: str) -> bool:
    """Whether a specifier (PEP 440) allows the version; ``True`` where either is of another scheme."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        return SpecifierSet(specifier[:400]).contains(Version(version[:200]), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def direction(before: str, after: str) -> str:
    """``upgraded``, ``downgraded`` or, for versions that cannot be told apart, ``changed``."""
    from packaging.version import InvalidVersion, Version

    try:
        old, new = Version(before[:200]), Version(after[:200])
    except InvalidVersion:
        return "changed"
    if old == new:
        return "changed"
    return "upgraded" if new > old else "downgraded"
