"""What a worker says it read in one file, on its way to the parent.

A worker that was taken over can send anything, so decoding believes nothing: every observation names a known fact
and has a value of that fact's shape, texts are cut and made harmless, and their number is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from violet.domain.bom import Basis

LONGEST_TEXT = 4_000
"""Characters of one value; what is longer is cut."""
MOST_OBSERVATIONS = 60_000
"""Observations of one file."""
MOST_GAPS = 40
LARGEST_COUNT = 1 << 62

TEXT = "text"
COUNT = "count"
NAMED_COUNT = "named-count"
PAIR = "pair"
TENSOR = "tensor"
TRIPLE = "triple"
PACKAGE = "package"
DESCRIBED = "described"
FACTS = {
    "format": TEXT, "framework": TEXT, "framework_version": TEXT, "architecture": TEXT, "family": TEXT, "task": TEXT,
    "approach": TEXT, "tensors": COUNT, "parameters": COUNT, "parameters_claimed": COUNT, "dtypes": NAMED_COUNT,
    "quantisation": TEXT, "inputs": TENSOR, "outputs": TENSOR, "tokenizer": TEXT, "base_models": TEXT,
    "licenses": TEXT, "languages": TEXT, "hyperparameters": PAIR, "metrics": TRIPLE, "considerations": PAIR,
    "classes": TEXT, "producer": TEXT, "version": TEXT, "description": TEXT, "location": TEXT, "created": TEXT,
    "name": TEXT, "dataset": TRIPLE, "component": TRIPLE, "reference": PAIR, "property": PAIR, "weights": TEXT,
    "package": PACKAGE, "described": DESCRIBED,
}  # fmt: skip
"""Every fact that may be observed, and the shape of its value.

Beside the fields of ``ModelFacts``: ``name`` of the subject; ``dataset`` (name, role, location); ``component`` (name,
version, specifier of a Python package that is needed); ``reference`` (kind, location); ``property`` (name, value);
``weights`` (the file holds the tensors of a model: its format); ``package`` (an entry of a project's dependency file:
see ``Package``); ``described`` (the description of a data set: name, digest, bytes, rows and 1, shards, columns).
"""
MOST_HASHES = 200
"""Digests of one package: a wheel for every platform has its own."""


@dataclass(frozen=True, slots=True)
class Package:
    """What a dependency file has installed. ``group`` is ``""`` for what is needed to run, else ``dev``, ``build`` or
    the name of an extra; ``url`` where it comes from, if not from an index; ``hashes`` are ``algorithm:hex``."""

    name: str
    version: str = ""
    specifier: str = ""
    ecosystem: str = ""
    purl: str = ""
    group: str = ""
    url: str = ""
    hashes: tuple[str, ...] = ()

    def row(self) -> list[Any]:
        """As it is sent."""
        texts = [self.name, self.version, self.specifier, self.ecosystem, self.purl, self.group, self.url]
        return [*texts, list(self.hashes)]


@dataclass(frozen=True, slots=True)
class Observation:
    """``fact`` is a key of ``FACTS``; ``key`` says where in the file it was read."""

    fact: str
    value: Any
    basis: Basis
    key: str


@dataclass(slots=True)
class Notes:
    """What one file told: ``format`` as ``formats.registry`` names it, ``gaps`` what could not be read."""

    format: str = ""
    observations: list[Observation] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def add(self, fact: str, value: Any, key: str, basis: Basis = Basis.DECLARED) -> None:
        """Note a fact; values that are empty say nothing and are left out."""
        if value in (None, "", (), []) or len(self.observations) >= MOST_OBSERVATIONS:
            return
        number = value if FACTS.get(fact) == COUNT else value[1] if FACTS.get(fact) == NAMED_COUNT else 0
        if not 0 <= number <= LARGEST_COUNT:
            self.gap(f"{key}: it claims numbers that no file can hold")
            return
        self.observations.append(Observation(fact, value, basis, key))

    def gap(self, reason: str) -> None:
        if len(self.gaps) < MOST_GAPS and reason not in self.gaps:
            self.gaps.append(reason)


def clean(text: str, most: int = LONGEST_TEXT) -> str:
    """Text from an artifact as it may stand in a document: valid Unicode, without control characters but newlines,
    at most ``most`` characters."""
    text = text if len(text) <= most else text[: most - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text.replace("\r\n", "\n"))


def _escaped(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return " "
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def encode(notes: Notes) -> list[Any]:
    return [
        notes.format,
        [[o.fact, o.value, str(o.basis), o.key] for o in notes.observations],
        notes.gaps,
    ]


def decode(message: Any) -> Notes:
    """Raises ``ValueError`` for anything that ``encode`` does not produce."""
    try:
        form, observations, gaps = message
        if not isinstance(observations, list) or not isinstance(gaps, list):
            raise ValueError("not lists")
        if len(observations) > MOST_OBSERVATIONS:
            raise ValueError("more observations than a file may give")
        made = [
            Observation(_fact(fact), _value(FACTS[fact], value), Basis(basis), clean(_text(key), 400))
            for fact, value, basis, key in observations
        ]
        return Notes(clean(_text(form), 60), made, [clean(_text(gap), 400) for gap in gaps[:MOST_GAPS]])
    except (TypeError, KeyError) as error:
        raise ValueError(f"not what a worker sends: {error}") from error


def _fact(name: Any) -> str:
    if _text(name) not in FACTS:
        raise ValueError(f"no such fact: {name!r}")
    return str(name)


def _value(shape: str, value: Any) -> Any:
    if shape == TEXT:
        return clean(_text(value))
    if shape == COUNT:
        return _count(value)
    if shape == NAMED_COUNT:
        name, number = value
        return clean(_text(name), 60), _count(number)
    if shape == PAIR:
        first, second = value
        return clean(_text(first), 400), clean(_text(second))
    if shape == TRIPLE:
        first, second, third = value
        return clean(_text(first), 400), clean(_text(second), 400), clean(_text(third), 400)
    if shape == PACKAGE:
        *texts, hashes = value
        if len(texts) != 7 or not isinstance(hashes, list) or len(hashes) > MOST_HASHES:
            raise ValueError("not a package")
        name, version, specifier, ecosystem, purl, group, url = (clean(_text(t), 400) for t in texts)
        package = Package(name, version, specifier, ecosystem, purl, group, url)
        return replace(package, hashes=tuple(clean(_text(h), 200) for h in hashes))
    if shape == DESCRIBED:
        name, digest, size, rows, shards, columns = value
        if not _DIGEST.fullmatch(_text(digest)):
            raise ValueError("not a digest")
        return clean(_text(name), 400), digest, _count(size), _count(rows), _count(shards), clean(_text(columns))
    name, dtype, dimensions = value
    if not isinstance(dimensions, list | tuple) or len(dimensions) > 64:
        raise ValueError("a shape must be a list of up to 64 texts")
    shape_of = tuple(clean(_text(d), 60).translate(_IN_SHAPES) for d in dimensions)
    return clean(_text(name), 400), clean(_text(dtype), 60), shape_of


_DIGEST = re.compile(r"(?:sha256|dirHash):[0-9a-f]{64}")
_IN_SHAPES = str.maketrans(",[]", ";()")
"""Characters that would make the text of a shape ambiguous."""


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(f"expected text, got {type(value).__name__}")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_COUNT:
        raise ValueError("expected a whole number that is not negative")
    return value
