"""The files of an installed package, found without importing it."""

from __future__ import annotations

import os

from violet.domain import UsageError


def package_files(name: str) -> list[tuple[str, list[str]]]:
    """Directories, and the package's files in each, relative to it (POSIX).

    ``name`` is a distribution (``scikit-learn``) or an import name (``sklearn``). Raises ``UsageError`` where
    neither is installed.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution(name)
    except (PackageNotFoundError, ValueError):
        modules = _module_files(name)
        if modules is None:
            raise UsageError(f"No installed package is called {name!r}.", "See what is there with: pip list") from None
        return [modules]
    root = os.path.realpath(str(found.locate_file("")))
    files: list[str] = []
    for entry in found.files or ():
        path = os.path.normpath(os.path.join(root, str(entry)))
        if path.startswith(root + os.sep):  # scripts lie outside, and are not the package
            files.append(os.path.relpath(path, root).replace(os.sep, "/"))
    places = [(root, files)] if files else []
    if "editable" in (found.read_text("direct_url.json") or ""):
        modules = _module_files(name.replace("-", "_"))
        if modules is None:
            raise UsageError(f"{name!r} is installed in editable mode.", "Scan its source directory instead.")
        places.append(modules)
    return places


def _module_files(name: str) -> tuple[str, list[str]] | None:
    """The files of the top-level module or package ``name`` on ``sys.path``; finding it executes nothing."""
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(name) if name.isidentifier() else None
    if spec is None:
        return None
    if spec.submodule_search_locations is None:
        directory, base = os.path.split(os.path.realpath(spec.origin or ""))
        return directory, [base]
    directory = os.path.realpath(next(iter(spec.submodule_search_locations)))
    root = os.path.dirname(directory)
    files: list[str] = []
    for parent, _, names in os.walk(directory):
        for base in names:
            files.append(os.path.relpath(os.path.join(parent, base), root).replace(os.sep, "/"))
    return root, files
