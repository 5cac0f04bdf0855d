"""Fits and pickles real objects, and prints every name in the pickles that the allow-lists do not cover.

    PYTHONPATH=src python tools/trust/observe.py [protocol ...]

Runs in a virtual environment with the real libraries. It unpickles only what it has just pickled itself. A line shows
how the name was used (call, new, build or value), the name, and an object that contains it.
"""

from __future__ import annotations

import io
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from specimens import specimens

from violet.formats.pickle.trust import Trust, lookup

NEEDED = {"call": Trust.CALL_CHECKED, "new": Trust.CONSTRUCT, "build": Trust.CONSTRUCT, "value": Trust.REFER}


class Recorder(pickle._Unpickler):  # type: ignore[name-defined,misc]
    """The pure-Python unpickler, noting each name found and what the stream does with it."""

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.uses: set[tuple[str, str, str]] = set()
        self.names: dict[int, tuple[str, str]] = {}
        self.kept: list[Any] = []

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        self.names[id(found)] = (module, name)
        self.kept.append(found)
        self.uses.add(("value", module, name))
        return found

    def note(self, use: str, value: Any) -> None:
        """Record that a value found by name was used in this way."""
        if id(value) in self.names:
            self.uses.add((use, *self.names[id(value)]))


def _noting(opcode: bytes, use: str, pick: Callable[[Recorder], Any]) -> None:
    original = Recorder.dispatch[opcode[0]]

    def load(self: Recorder) -> None:
        picked = pick(self)
        arguments = self.stack[-1] if picked is getattr else ()
        self.note(use, picked)
        original(self)
        # A method reached with getattr goes by its owner's name and its own.
        if len(arguments) == 2 and id(arguments[0]) in self.names:
            module, owner = self.names[id(arguments[0])]
            self.names[id(self.stack[-1])] = (module, f"{owner}.{arguments[1]}")
            self.kept.append(self.stack[-1])

    Recorder.dispatch[opcode[0]] = load


_noting(pickle.REDUCE, "call", lambda self: self.stack[-2])
_noting(pickle.NEWOBJ, "new", lambda self: self.stack[-2])
_noting(pickle.NEWOBJ_EX, "new", lambda self: self.stack[-3])
_noting(pickle.BUILD, "build", lambda self: type(self.stack[-2]))


def uncovered(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Uses in one pickle that the allow-lists do not permit."""
    recorder = Recorder(io.BytesIO(data))
    recorder.load()
    for use, module, name in sorted(recorder.uses):
        entry = lookup(module, name)
        if entry is None or entry.trust < NEEDED[use]:
            yield use, module, name


def main() -> None:
    """Pickle every specimen with the protocols asked for (default 0, 2 and 5) and print what is missing."""
    warnings.simplefilter("ignore")
    protocols = [int(word) for word in sys.argv[1:]] or [0, 2, 5]
    missing: dict[tuple[str, str, str], str] = {}
    count = 0
    for label, value in specimens():
        for protocol in protocols:
            try:
                data = pickle.dumps(value, protocol)
                for use in uncovered(data):
                    missing.setdefault(use, label)
                count += 1
            except Exception as error:  # a specimen that cannot be pickled in this release is of no interest
                print(f"# {label}: {type(error).__name__}: {str(error)[:100]}")
    for (use, module, name), label in sorted(missing.items()):
        print(f"{use}\t{module}\t{name}\t({label})")
    print(f"# {count} pickles, {len(missing)} uncovered uses")


if __name__ == "__main__":
    main()
