"""The files of an installed package, of this environment or another one, found without importing or starting it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from violet.domain import UsageError

if TYPE_CHECKING:
    from importlib.metadata import Distribution


def package_files(name: str, environment: str = "") -> list[tuple[str, list[str]]]:
    """Directories, and the package's files in each, relative to it (POSIX).

    ``name`` is a distribution (``scikit-learn``) or an import name (``sklearn``); ``environment`` where it is
    installed, as ``site_directories`` takes it (default: where Violet is). Raises ``UsageError`` where neither
    is installed.
    """
    from importlib.metadata import PackageNotFoundError

    directories = site_directories(environment) if environment else None
    try:
        found = _distribution(name, directories)
    except (PackageNotFoundError, ValueError):
        modules = _module_files(name, directories)
        if modules is None:
            where = f" in {environment!r}" if environment else ""
            hint = "See what is there with: pip list" if not environment else "Name the environment with --python."
            raise UsageError(f"No installed package is called {name!r}{where}.", hint) from None
        return [modules]
    root = os.path.realpath(str(found.locate_file("")))
    files: list[str] = []
    for entry in found.files or ():
        path = os.path.normpath(os.path.join(root, str(entry)))
        if path.startswith(root + os.sep):  # scripts lie outside, and are not the package
            files.append(os.path.relpath(path, root).replace(os.sep, "/"))
    places = [(root, files)] if files else []
    if "editable" in (found.read_text("direct_url.json") or ""):
        modules = _module_files(name.replace("-", "_"), directories)
        if modules is None:
            raise UsageError(f"{name!r} is installed in editable mode.", "Scan its source directory instead.")
        places.append(modules)
    return places


def site_directories(environment: str) -> list[str]:
    """Where the packages of an environment lie: of a directory of packages itself, of a virtual or conda
    environment, or of an interpreter. Told by the layout of the directories: the interpreter is not started.

    Raises ``UsageError`` where there is nothing of the kind.
    """
    path = os.path.expanduser(environment)
    if os.path.isdir(path):
        found = [path] if _holds_packages(path) else _below_prefix(path)
    elif os.path.isfile(path):
        # The interpreter of a virtual environment is a link to the one it was made from: its own place counts first.
        places = (os.path.abspath(path), os.path.realpath(path))
        found = next((f for place in places if (f := _below_prefix(os.path.dirname(os.path.dirname(place))))), [])
    else:
        raise UsageError(
            f"{environment!r} does not exist.", "Name an interpreter, an environment or its site-packages."
        )
    if not found:
        raise UsageError(
            f"{environment!r} is no Python environment: no packages lie in it.",
            "Name an interpreter, an environment or its site-packages.",
        )
    return found


def _holds_packages(path: str) -> bool:
    if os.path.basename(os.path.normpath(path)) in ("site-packages", "dist-packages"):
        return True
    return any(name.endswith((".dist-info", ".egg-info")) for name in os.listdir(path))


def _below_prefix(prefix: str) -> list[str]:
    """The directories of packages below a prefix, and of the environment that a virtual one includes."""
    import glob

    below = glob.escape(prefix)
    shapes = ("lib*/python3*/site-packages", "lib*/python3*/dist-packages", "Lib/site-packages")
    found = dict.fromkeys(
        os.path.realpath(directory) for shape in shapes for directory in sorted(glob.glob(os.path.join(below, shape)))
    )
    settings = _settings(os.path.join(prefix, "pyvenv.cfg"))
    if settings.get("include-system-site-packages") == "true" and settings.get("home"):
        base = os.path.dirname(settings["home"])
        if os.path.realpath(base) != os.path.realpath(prefix) and not os.path.exists(os.path.join(base, "pyvenv.cfg")):
            found.update(dict.fromkeys(_below_prefix(base)))
    return [directory for directory in found if os.path.isdir(directory)]


def _settings(path: str) -> dict[str, str]:
    """The lines ``name = value`` of a virtual environment's ``pyvenv.cfg`` (PEP 405)."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(1 << 16).splitlines()
    except OSError:
        return {}
    return {
        name.strip().lower(): value.strip() for name, equals, value in (line.partition("=") for line in lines) if equals
    }


def _distribution(name: str, directories: list[str] | None) -> Distribution:
    from importlib.metadata import PackageNotFoundError, distribution, distributions

    if directories is None:
        return distribution(name)
    if not name:
        raise ValueError("a distribution has a name")
    found = next(iter(distributions(name=name, path=directories)), None)
    if found is None:
        raise PackageNotFoundError(name)
    return found


def _module_files(name: str, directories: list[str] | None) -> tuple[str, list[str]] | None:
    """The files of the top-level module or package ``name``, on ``sys.path`` or in the directories; finding it
    executes nothing."""
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(name, directories) if name.isidentifier() else None
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
