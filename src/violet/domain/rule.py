"""What a check looks for, as data that documentation and reports are made from."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from violet.domain.outcome import Severity
from violet.domain.value import Value


class Stage(enum.StrEnum):
    """The part of a model's life in which a rule is asked."""

    DATA = "data"
    TRAINING = "training"
    PACKAGING = "packaging"
    DEPLOYMENT = "deployment"
    OPERATION = "operation"


class Cost(enum.StrEnum):
    """How much work a rule is: by its headers, by its whole content, or by running the model."""

    CHEAP = "cheap"
    READS_ALL = "reads-all"
    RUNS_MODEL = "runs-model"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rule(Value):
    """A named question with everything a reader needs to act on its answer.

    ``id`` is ``family/name``; ``severity`` is the usual severity of its findings (a finding may carry
    another); ``techniques`` are MITRE ATLAS technique ids; ``cwe`` are CWE numbers; ``fix`` is one
    sentence that says what to do.
    """

    id: str
    title: str
    severity: Severity
    fix: str
    stage: Stage = Stage.PACKAGING
    techniques: tuple[str, ...] = ()
    cwe: tuple[int, ...] = ()
    cost: Cost = Cost.CHEAP
    references: tuple[str, ...] = ()
