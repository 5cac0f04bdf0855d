"""The protocols there are, by name, and which of them a request speaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from violet.domain.errors import ConfigurationError
from violet.runtime.wire._reading import LONG_PATH, USUAL, Bounds

if TYPE_CHECKING:
    from violet.runtime.wire.base import Wire
    from violet.runtime.wire.template import Places

NAMES = ("v2", "mlflow", "tf-serving", "torchserve", "openai")
"""What is watched for where nothing is said. ``template`` needs its places."""


def wires(names: Iterable[str] = NAMES, templates: Sequence[Places] = (), bounds: Bounds = USUAL) -> tuple[Wire, ...]:
    """Those named, templates first: what somebody wrote down goes before what is guessed. Raises
    ``ConfigurationError`` for a protocol that is not known, and for a template that cannot be."""
    from violet.runtime.wire.mlflow import Mlflow
    from violet.runtime.wire.open_inference import OpenInference
    from violet.runtime.wire.openai import OpenAI
    from violet.runtime.wire.template import Template
    from violet.runtime.wire.tf_serving import TfServing
    from violet.runtime.wire.torchserve import TorchServe

    kinds = {kind.name: kind for kind in (OpenInference, Mlflow, TfServing, TorchServe, OpenAI)}
    found: list[Wire] = [Template(places, bounds) for places in templates]
    for name in dict.fromkeys("v2" if name == "oip" else name for name in names):
        kind = kinds.get(name)
        if kind is None:
            raise ConfigurationError(f"{name!r} is no protocol.", f"There is {', '.join(NAMES)}.")
        found.append(kind(bounds))
    return tuple(found)


class WireTable:
    """Which protocol a request speaks. Paths seen before are one look-up; a flood of others pushes them out, and no
    more."""

    __slots__ = ("_find", "wires")

    def __init__(self, known: Sequence[Wire]) -> None:
        self.wires = tuple(known)
        self._find = lru_cache(4096)(self._search)

    def of(self, method: str, path: str) -> Wire | None:
        """``path`` as it stands on the wire, without its query. ``None``: it is no prediction."""
        if len(path) > LONG_PATH or len(method) > 8:
            return self._search(method, path)
        return self._find(method, path)

    def _search(self, method: str, path: str) -> Wire | None:
        for wire in self.wires:
            if wire.matches(method, path):
                return wire
        return None


@lru_cache(1)
def _usual() -> WireTable:
    return WireTable(wires())


def wire_of(method: str, path: str) -> Wire | None:
    """The usual protocol that a request speaks."""
    return _usual().of(method, path)
