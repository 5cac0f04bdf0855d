"""A bill of materials of a model or a project: what it is, what is in it, and where each fact was read.

Facts are never guessed. Each one carries the places it was read from and how far it can be believed: a number of
parameters that was counted in the tensors is another thing than one that a model card states.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from violet.domain.component import Component

if TYPE_CHECKING:
    from violet.domain.asset import Digest


class Basis(enum.StrEnum):
    """How far a fact can be believed, the best first."""

    MEASURED = "measured"
    """Counted or computed from the content itself: the shapes of the tensors, the opcodes of the pickle."""
    DECLARED = "declared"
    """Metadata inside the artifact says so."""
    CLAIMED = "claimed"
    """A document beside it says so (a model card, a configuration), or a header that contradicts itself."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where one fact was read: ``fact`` is a field of ``ModelFacts``, ``value`` what was read as text,
    ``origin`` the file relative to the subject, ``#`` and the key in it (``config.json#model_type``)."""

    fact: str
    value: str
    basis: Basis
    origin: str


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output: ``shape`` as text, one entry a dimension (``3``, ``batch``, ``?`` where not fixed)."""

    name: str
    dtype: str = ""
    shape: tuple[str, ...] = ()

    def __str__(self) -> str:
        """``name: float32[batch, 4]``."""
        return f"{self.name}: {self.dtype or '?'}[{', '.join(self.shape)}]"


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure that somebody states; ``dataset`` is what it was measured on, where that is said."""

    name: str
    value: str
    dataset: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Data that a model was made or measured with.

    ``role`` is ``training``, ``testing`` or ``""``; ``digests`` bind it to content where that was at hand;
    ``location`` is a URL or path; ``origin`` the place that names it; ``size`` in bytes, -1 where not known.
    """

    name: str
    role: str = "training"
    digests: tuple[Digest, ...] = ()
    licenses: tuple[str, ...] = ()
    location: str = ""
    origin: str = ""
    size: int = -1


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model is, as far as its files tell. Empty strings, ``None`` and ``()`` mean: not known.

    ``tensors``, ``parameters`` (elements of all tensors together, each stored one counted once) and ``dtypes``
    (elements by type) are counted; ``parameters_claimed`` is what a document says. ``sources`` tell for each field
    where its value was read, ``conflicts`` where two places disagree.
    """

    format: str = ""
    framework: str = ""
    framework_version: str = ""
    architecture: str = ""
    family: str = ""
    task: str = ""
    approach: str = ""
    """``supervised``, ``unsupervised``, ``self-supervised``, ``semi-supervised`` or ``reinforcement-learning``."""
    tensors: int | None = None
    parameters: int | None = None
    parameters_claimed: int | None = None
    dtypes: tuple[tuple[str, int], ...] = ()
    quantisation: str = ""
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    tokenizer: str = ""
    base_models: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    hyperparameters: tuple[tuple[str, str], ...] = ()
    metrics: tuple[Metric, ...] = ()
    considerations: tuple[tuple[str, str], ...] = ()
    """Sections of a model card: ``users``, ``use-cases``, ``limitations``, ``trade-offs``, ``ethics``,
    ``environment``, ``training``, ``preprocessing`` and ``explainability`` with their text."""
    classes: tuple[str, ...] = ()
    """Names of the classes it is built of (estimators, layers), each once."""
    producer: str = ""
    version: str = ""
    description: str = ""
    location: str = ""
    """Where it can be had, as a URL."""
    created: str = ""
    """When it was made or released, in ISO 8601."""
    sources: tuple[Source, ...] = ()
    conflicts: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return all(getattr(self, f.name) == f.default for f in fields(self))


SINGLE = (
    "format", "framework", "framework_version", "architecture", "family", "task", "approach", "tensors", "parameters",
    "parameters_claimed", "quantisation", "tokenizer", "producer", "version", "description", "location", "created",
)  # fmt: skip
"""Fields of ``ModelFacts`` with one value."""
SEVERAL = (
    "dtypes", "inputs", "outputs", "base_models", "licenses", "languages", "hyperparameters", "metrics",
    "considerations", "classes",
)  # fmt: skip
"""Fields of ``ModelFacts`` with any number of values."""
NUMBERS = ("tensors", "parameters", "parameters_claimed")


@dataclass(frozen=True, slots=True)
class Relation:
    """``source`` and ``target`` are references of parts (``reference``); ``kind`` is ``depends-on``, ``contains``,
    ``trained-on``, ``tested-on`` or ``derived-from``."""

    source: str
    kind: str
    target: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A document about the subject that lies elsewhere: ``kind`` is ``signature``, ``attestation``, ``model-card``,
    ``website`` or ``other``; ``location`` a URL, or a path relative to the subject's directory."""

    kind: str
    location: str
    digests: tuple[Digest, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """Something said of one part (``reference``; ``""``: of the whole) that has no field of its own."""

    part: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Bom:
    """A bill of materials.

    ``facts`` are those of the subject, where it is a model; ``models`` those of models among the components, by
    reference. ``gaps`` say in plain words what could not be read, so that nothing unread looks complete.
    """

    subject: Component
    facts: ModelFacts = field(default_factory=ModelFacts)
    components: tuple[Component, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    relations: tuple[Relation, ...] = ()
    references: tuple[Reference, ...] = ()
    properties: tuple[Property, ...] = ()
    models: tuple[tuple[str, ModelFacts], ...] = ()
    gaps: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


MODEL = "machine-learning-model"


def identity_of(part: Component) -> tuple[str, str, str]:
    """What makes two parts versions of the same thing: type, ecosystem and name.

    Names of Python distributions count as equal when they differ in case, ``-``, ``_`` and ``.`` only (PEP 503).
    Libraries, frameworks and applications are one kind: tools differ in what they call a package.
    """
    name = part.name
    if part.ecosystem == "PyPI":
        import re

        name = re.sub(r"[-_.]+", "-", name).lower()
    kind = "package" if part.type in ("library", "framework", "application") else part.type
    return kind, part.ecosystem, name


def reference(part: Component | Dataset) -> str:
    """The name by which relations and files speak of a part: the same for the same part on every machine.

    Two parts that differ in name, version or digest have different ones, so that nothing is lost by a merge.
    """
    import hashlib

    if isinstance(part, Dataset):
        bound = sorted(str(d) for d in part.digests)
        text = "\0".join(("dataset", part.name, part.role, *bound))
        return f"dataset:{_word(part.name)}:{hashlib.sha256(_bytes(text)).hexdigest()[:12]}"
    if part.purl and not part.hashes:
        return part.purl
    bound = sorted(str(d) for d in part.hashes)
    text = "\0".join((*identity_of(part), part.version, part.specifier, part.purl, *bound))
    digest = hashlib.sha256(_bytes(text)).hexdigest()[:12]
    return f"{part.purl}#{digest}" if part.purl else f"{part.type}:{_word(part.name)}:{digest}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _word(name: str) -> str:
    """A name cut down to what may stand in any identifier."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name)[:60]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``what`` names it (a field, a component), ``kind`` is ``added``, ``removed``, ``upgraded``,
    ``downgraded`` or ``changed``; ``before`` and ``after`` are text, ``""`` for what is not there."""

    what: str
    kind: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class BomDifference:
    """What changed between two bills of materials, each group in a stable order."""

    before: str
    after: str
    subject: tuple[Change, ...] = ()
    facts: tuple[Change, ...] = ()
    components: tuple[Change, ...] = ()
    licenses: tuple[Change, ...] = ()
    datasets: tuple[Change, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.subject or self.facts or self.components or self.licenses or self.datasets)

    @property
    def count(self) -> int:
        return sum(map(len, (self.subject, self.facts, self.components, self.licenses, self.datasets)))
