"""The order of versions, as each ecosystem defines it.

An ecosystem is named as OSV names it; a release after a colon (``Debian:12``) does not change the order.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from violet.intel.versions.base import InvalidVersionError, Key, Scheme

__all__ = ["InvalidVersionError", "Key", "Scheme", "compare", "ecosystems", "scheme_for", "scheme_named"]

_MODULES = {
    "pep440": "pep440", "semver": "semantic", "go": "semantic", "nuget": "semantic", "pub": "semantic",
    "dpkg": "dpkg", "rpm": "rpm", "apk": "apk", "maven": "maven", "gem": "gem", "composer": "composer",
    "numbers": "numbers",
}  # fmt: skip
"""Schemes, and the modules that hold them: the constant is the name in capitals."""

_SCHEMES = {
    "PyPI": "pep440",
    "npm": "semver", "crates.io": "semver", "Hex": "semver", "SwiftURL": "semver", "VSCode": "semver",
    "GitHub Actions": "semver", "Bitnami": "semver", "Julia": "semver", "ConanCenter": "semver",
    "Kubernetes": "go", "Go": "go",
    "Pub": "pub", "NuGet": "nuget", "Maven": "maven", "RubyGems": "gem", "Packagist": "composer",
    "CRAN": "numbers", "Bioconductor": "numbers", "Hackage": "numbers", "GHC": "numbers",
    "Debian": "dpkg", "Ubuntu": "dpkg", "Echo": "dpkg", "opam": "dpkg",
    "Alpine": "apk", "Wolfi": "apk", "Chainguard": "apk", "MinimOS": "apk", "Alpaquita": "apk",
    "BellSoft Hardened Containers": "apk",
    "Red Hat": "rpm", "Rocky Linux": "rpm", "AlmaLinux": "rpm", "SUSE": "rpm", "openSUSE": "rpm", "Mageia": "rpm",
    "openEuler": "rpm", "Photon OS": "rpm", "Azure Linux": "rpm",
}  # fmt: skip


@cache
def scheme_named(name: str) -> Scheme:
    """One of the schemes that Violet knows, by its own name."""
    module = import_module(f"violet.intel.versions.{_MODULES[name]}")
    scheme: Scheme = getattr(module, name.upper())
    return scheme


@cache
def scheme_for(ecosystem: str) -> Scheme | None:
    """The order of an ecosystem's versions; ``None`` where it has none that is known (``Linux``, ``GIT``)."""
    base = ecosystem.partition(":")[0]
    if base == "Root":  # Root:Debian:12, Root:PyPI: patched packages of another ecosystem
        return scheme_for(ecosystem.partition(":")[2])
    name = _SCHEMES.get(base)
    return scheme_named(name) if name else None


def ecosystems() -> tuple[str, ...]:
    """The ecosystems whose versions have an order that is known."""
    return tuple(_SCHEMES)


def compare(ecosystem: str, first: str, second: str) -> int:
    """-1, 0 or 1 as ``first`` is lower, equal or higher. Raises ``InvalidVersionError``, also where the ecosystem
    has no known order."""
    scheme = scheme_for(ecosystem)
    if scheme is None:
        raise InvalidVersionError(f"versions of {ecosystem or 'no ecosystem'} have no known order")
    return scheme.compare(first, second)
