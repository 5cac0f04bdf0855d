"""The description of one corpus sample, and discovery of the modules that hold samples.

A module `malicious_<kind>.py` or `benign_<kind>.py` beside this one takes part in the corpus when it
defines `SAMPLES`, a sequence of `Sample`. Importing such a module builds nothing and imports nothing
dangerous: everything happens in `Sample.build`.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """One file or directory of the corpus.

    name: what the victim would see on disk, a unique slug with a realistic suffix ("memo_overwrite.pkl").
    technique: slug shown in the documentation ("pickle/memo-overwrite", "zip/flag-bits").
    malicious: whether a scanner has to report it.
    fires: loading it with `loader` really runs the payload (`firing.py` verifies); False for samples
        that are structural only, or whose loader is a library that is not installed.
    build: writes the sample below the given empty directory and returns its path.
    loader: key of `firing.LOADERS`, "" when there is none.
    needs: importable modules the builder (and the loader) requires.
    source: advisory or paper that describes the technique, "" for our own.
    """

    name: str
    technique: str
    malicious: bool
    fires: bool
    build: Callable[[Path], Path]
    loader: str = ""
    needs: tuple[str, ...] = ()
    source: str = ""

    def available(self) -> bool:
        """Tell whether every module in `needs` can be found here."""
        return all(_findable(module) for module in self.needs)


def _findable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def malicious() -> tuple[Sample, ...]:
    """Return every malicious sample, in module order."""
    return _collect("malicious_")


def benign() -> tuple[Sample, ...]:
    """Return every benign sample, in module order."""
    return _collect("benign_")


def write_bytes(name: str, content: Callable[[], bytes]) -> Callable[[Path], Path]:
    """Return a builder that writes `content()` to a single file called `name`."""

    def build(directory: Path) -> Path:
        path = directory / name
        path.write_bytes(content())
        return path

    return build


def write_fixed(name: str, content: bytes) -> Callable[[Path], Path]:
    """Return a builder that writes `content` to a single file called `name`."""
    return write_bytes(name, lambda: bytes(content))


def _collect(prefix: str) -> tuple[Sample, ...]:
    package = __name__.rpartition(".")[0]
    directory = Path(__file__).parent
    modules = pkgutil.iter_modules([str(directory)])
    names = sorted(module.name for module in modules if module.name.startswith(prefix))
    samples: list[Sample] = []
    for name in names:
        module = importlib.import_module(f"{package}.{name}" if package else name)
        samples.extend(module.SAMPLES)
    _require_unique(samples)
    return tuple(samples)


def _require_unique(samples: Iterable[Sample]) -> None:
    seen: set[str] = set()
    for sample in samples:
        if sample.name in seen:
            raise ValueError(f"two corpus samples are called {sample.name!r}")
        seen.add(sample.name)
