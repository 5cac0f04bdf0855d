"""What somebody who opens a target says about it, and what every kind of target makes of that."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError
from violet.targets.alignment import class_order
from violet.targets.base import InputDomain, InputKind, Offers, TargetError, TargetSpec
from violet.targets.callable_target import CallableTarget, example

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

OUTPUTS = ("labels", "scores", "logits", "probabilities", "log-probabilities")
"""What a model gives, where it is said by the option ``outputs``."""

COMMON = ("classes", "outputs", "batch", "name")
"""Options that every kind understands."""


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """``domain`` is that of the data (``None``: what the model itself says); ``classes`` how many classes the data has
    (0: as many as the model); ``names`` their names in the data's order."""

    spec: TargetSpec
    domain: InputDomain | None = None
    classes: int = 0
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.option("name") or os.path.basename(self.spec.location.rstrip("/")) or self.spec.location

    def option(self, name: str, default: str = "") -> str:
        """The last value that was given for it."""
        for key, value in reversed(self.spec.options):
            if key == name:
                return value
        return default

    def options(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.spec.options if key == name)

    def whole(self, name: str, default: int, least: int = 0) -> int:
        """Raises ``UsageError`` for what is no whole number from ``least`` on."""
        text = self.option(name)
        if not text:
            return default
        if not text.isdigit() or int(text) < least:
            raise UsageError(f"{name}={text}: a whole number from {least} on was expected.")
        return int(text)

    def seconds(self, name: str, default: float) -> float:
        text = self.option(name)
        if not text:
            return default
        try:
            value = float(text.removesuffix("s"))
        except ValueError:
            value = -1.0
        if not 0 < value < float("inf"):
            raise UsageError(f"{name}={text}: a number of seconds above 0 was expected.")
        return value

    @property
    def outputs(self) -> str:
        """``""`` where nobody said."""
        said = self.option("outputs")
        if said and said not in OUTPUTS:
            raise UsageError(f"outputs={said} is not known.", f"Say one of {', '.join(OUTPUTS)}.")
        return said

    @property
    def order(self) -> tuple[str, ...]:
        """The names of the model's outputs, as the user said them."""
        return tuple(part.strip() for part in self.option("classes").split(",") if part.strip())

    def inputs(self, shape: Sequence[int], names: Sequence[str] = (), dtype: str = "float64") -> InputDomain:
        """The data's domain; where there is no data, rows of ``shape`` about whose range nothing is known."""
        if self.domain is not None:
            return self.domain
        if not shape:
            raise UsageError(f"{self.name} does not say what its inputs are.", "Name data.")
        kind = InputKind.TABLE if names else InputKind.VECTOR
        infinite = np.full(tuple(shape), np.inf)
        return InputDomain(kind, tuple(shape), -infinite, infinite, names=tuple(names), dtype=dtype)

    def place(self, count: int, own: Sequence[str] = ()) -> tuple[int, ...]:
        """See ``class_order``; the user's word counts for more than the model's. Raises ``TargetError``."""
        if self.classes and not self.names and self.classes > count:
            raise TargetError(f"{self.name} knows {count} classes, and the data has {self.classes}.")
        said = self.order
        return class_order(count, said or tuple(own), self.names, self.name, bool(said))

    def target(
        self,
        predict: Callable[[Array], Any],
        domain: InputDomain,
        offers: Offers,
        own: Sequence[str] = (),
        count: int = 0,
        batch: int = 0,
    ) -> CallableTarget:
        """A target of ``predict`` whose classes are in the data's order. ``count`` (0: see ``own``) is how many classes
        it knows."""
        known = count or len(own) or self.classes or len(self.names)
        if known < 2:
            raise TargetError(
                f"{self.name} does not say how many classes it knows.", "Name data, or say --option classes=a,b"
            )
        return CallableTarget(
            predict,
            domain,
            known,
            offers,
            self.name,
            words=self.order or tuple(own) or self.names,
            order=self.place(known, own),
            batch=self.whole("batch", batch),
        )

    def probed(
        self, predict: Callable[[Array], Any], domain: InputDomain, own: Sequence[str] = (), batch: int = 0
    ) -> CallableTarget:
        """As ``target``, of a model that must be asked what it gives (or the user says it: ``outputs``). The questions
        are about made-up inputs, and are not counted."""
        from violet.targets.answers import what_it_gives

        asked = example(domain)
        probing = CallableTarget(predict, domain, 0, Offers.LABELS, self.name, batch=self.whole("batch", batch))
        answer = probing.ask(asked)
        known = len(self.order or own) or self.classes or len(self.names)
        offers, count = what_it_gives(answer, len(asked), self.outputs, self.name, known)
        return self.target(predict, domain, offers, own if len(own) in (0, count) else (), count, batch)
