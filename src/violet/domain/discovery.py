"""The names of the modules in a package, without importing any of them.

``pkgutil`` says the same, and takes longer over it than a small scan: it looks into every directory.
"""

from __future__ import annotations

import os
from collections.abc import Iterable


def module_names(package_path: Iterable[str]) -> list[str]:
    """Sorted names of the modules and packages directly in a package with this ``__path__``, those with a
    leading underscore left out."""
    found: set[str] = set()
    for directory in package_path:
        try:
            entries = os.listdir(directory)
        except OSError:  # inside a zip file
            import pkgutil

            entries = [module.name for module in pkgutil.iter_modules([directory])]
        for entry in entries:
            stem, _, suffix = entry.partition(".")
            if suffix in ("", "py") and not stem.startswith("_"):
                found.add(stem)
    return sorted(found)


def family_modules(package: str, package_path: Iterable[str]) -> list[str]:
    """Sorted full names of the modules one level further down, ``package.family.module``, of a package with this name
    and ``__path__``; those with a leading underscore left out."""
    found: list[str] = []
    for directory in package_path:
        for family in module_names([directory]):
            inside = os.path.join(directory, family)
            if os.path.isdir(inside):
                found += [f"{package}.{family}.{name}" for name in module_names([inside])]
    return sorted(found)
