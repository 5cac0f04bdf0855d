"""Ecosystems, as OSV spells them, by the type of a package URL (ECMA-427)."""

from __future__ import annotations

_ECOSYSTEMS = {
    "pypi": "PyPI", "npm": "npm", "maven": "Maven", "cargo": "crates.io", "golang": "Go", "gem": "RubyGems",
    "nuget": "NuGet", "composer": "Packagist", "hex": "Hex", "pub": "Pub", "cran": "CRAN", "hackage": "Hackage",
    "conan": "ConanCenter", "swift": "SwiftURL", "githubactions": "GitHub Actions", "julia": "Julia",
}  # fmt: skip


def ecosystem_of(purl: str) -> str:
    """``PyPI`` for ``pkg:pypi/numpy@2.1``; ``""`` for none and for types that OSV has no name for."""
    scheme, _, rest = purl.partition(":")
    if scheme != "pkg":
        return ""
    kind = rest.lstrip("/").partition("/")[0].lower()
    return _ECOSYSTEMS.get(kind, "")
