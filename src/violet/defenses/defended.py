"""A model with defences before and behind it, as a target, and as a small file that names the model and the steps.

The file holds no code and no weights: ``{"schema": "violet-defended/1", "base": {...}, "steps": [...]}``. The model
that it names is bound by its digest, and opened as any other.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.defenses.calibration import softmax, to_logits
from violet.defenses.smoothing import vote
from violet.defenses.steps import Step, discretise, one_hot
from violet.domain.errors import ConfigurationError
from violet.targets.base import Offers, Target, TargetError, TargetSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

SCHEMA = "violet-defended/1"
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class DefendedModel:
    """``members`` vote by the mean of their probabilities; mostly there is one. ``digests`` are those of their
    files."""

    members: tuple[TargetSpec, ...]
    digests: tuple[str, ...]
    steps: tuple[Step, ...]
    seed: int = 0

    def text(self) -> str:
        document = {
            "schema": SCHEMA,
            "members": [
                {"location": m.location, "kind": m.kind, "trust": m.trust, "options": dict(m.options), "digest": digest}
                for m, digest in zip(self.members, self.digests, strict=True)
            ],
            "steps": [asdict(step) for step in self.steps],
            "seed": self.seed,
        }
        return json.dumps(document, indent=2) + "\n"


def is_defended(path: str) -> bool:
    """Whether a file is one of these."""
    try:
        with open(path, "rb") as file:
            return f'"{SCHEMA}"'.encode() in file.read(200)
    except OSError:
        return False


def read_defended(path: str) -> DefendedModel:
    """Raises ``ConfigurationError`` where it is not such a file."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(LARGEST))
        if found.get("schema") != SCHEMA:
            raise ValueError("it has another schema")
        members, digests = [], []
        for entry in found["members"]:
            options = tuple((str(name), str(value)) for name, value in entry["options"].items())
            members.append(TargetSpec(str(entry["location"]), str(entry["kind"]), bool(entry["trust"]), options))
            digests.append(str(entry["digest"]))
        steps = tuple(Step(str(s["name"]), float(s["value"]), int(s["votes"])) for s in found["steps"])
        seed = int(found["seed"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path} is no defended model that can be read: {error}.") from error
    if not members:
        raise ConfigurationError(f"{path} names no model.")
    for step in steps:
        step.check()
    return DefendedModel(tuple(members), tuple(digests), steps, seed)


class DefendedTarget:
    """``members`` answer behind the steps. Rows are counted as the defended model is asked, not as its members are:
    that is what an attacker pays. Noise of ``smooth`` is fresh with every question, from one generator."""

    def __init__(self, members: Sequence[Target], steps: Sequence[Step], seed: int = 0, name: str = "") -> None:
        from violet.targets.base import Counter

        first = members[0]
        for member in members[1:]:
            if member.domain.shape != first.domain.shape or member.classes != first.classes:
                raise TargetError(f"{member.name} and {first.name} take other inputs or know other classes.")
        self.members = tuple(members)
        self.steps = tuple(steps)
        self.name = name or f"{first.name} with {', '.join(s.name for s in steps) or 'an ensemble'}"
        self.classes = first.classes
        self.domain = first.domain
        self.counter = Counter()
        self._generator = np.random.default_rng(seed)
        names = {step.name for step in steps}
        scores = all(Offers.SCORES in m.offers for m in members)
        self.offers = Offers.LABELS
        if (scores or "smooth" in names) and "labels" not in names:
            self.offers |= Offers.SCORES | Offers.PROBABILITIES

    def labels(self, x: Array) -> Array:
        self._count(x)
        return np.asarray(self._answer(x).argmax(axis=1), dtype=np.int64)

    def scores(self, x: Array) -> Array:
        if Offers.SCORES not in self.offers:
            raise TargetError(f"{self.name} gives labels, and no scores.")
        self._count(x)
        answer = self._answer(x)
        for step in self.steps:
            if step.name == "round":
                answer = np.round(answer, int(step.value))
        return answer

    def _count(self, x: Array) -> None:
        self.counter.rows += len(x)
        self.counter.calls += 1

    def _answer(self, x: Array) -> Array:
        """Probabilities, before anything is held back."""
        unit = self.domain.to_unit(x)
        for step in self.steps:
            if step.name == "discretise":
                unit = discretise(unit, int(step.value))
        smooth = next((s for s in self.steps if s.name == "smooth"), None)
        if smooth is None:
            return self._probabilities(self.domain.to_raw(unit))

        def labels(noisy: Array) -> Array:
            return np.asarray(self._probabilities(self.domain.to_raw(noisy)).argmax(axis=1))

        shares = [
            vote(
                labels,
                unit[start : start + 256],
                self.classes,
                sigma=smooth.value,
                votes=smooth.votes,
                generator=self._generator,
            )
            for start in range(0, len(unit), 256)
        ]
        return np.concatenate(shares) if shares else np.zeros((0, self.classes))

    def _probabilities(self, raw: Array) -> Array:
        total = np.zeros((len(raw), self.classes))
        for member in self.members:
            total += self._of_member(member, raw)
        return total / len(self.members)

    def _of_member(self, member: Target, raw: Array) -> Array:
        if Offers.SCORES not in member.offers:
            return one_hot(member.labels(raw), self.classes)
        logits = to_logits(member.scores(raw), Offers.PROBABILITIES in member.offers)
        for step in self.steps:
            if step.name == "temperature":
                logits = logits / step.value
        return softmax(logits)
