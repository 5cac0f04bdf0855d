"""What an HDF5 file says of itself, as far as judgement needs it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Reach(enum.StrEnum):
    """How something in the file points at something outside it."""

    EXTERNAL_LINK = "external link"
    EXTERNAL_STORAGE = "external storage"
    VIRTUAL = "virtual dataset"


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that the library reads another file for: ``path`` in this file, ``file`` as written there,
    ``target`` the object (or byte offset) in the other file."""

    reach: Reach
    path: str
    file: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Oversized:
    """A dataset that declares far more than is stored: ``declared`` and ``stored`` are bytes."""

    path: str
    declared: int
    stored: int
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that reading a dataset needs: registered number, name as written (may be empty)."""

    number: int
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class StoredArray:
    """A dataset: ``kind`` is its class (``messages.Class``), ``size`` that of one element in bytes."""

    path: str
    shape: tuple[int, ...]
    kind: int
    size: int


@dataclass(slots=True)
class Hdf5Facts:
    """``version`` is that of the superblock, ``start`` its offset in bytes; ``attributes`` are the short texts
    among the attributes of the root group."""

    version: int = 0
    start: int = 0
    objects: int = 0
    keras: bool = False
    references: list[Reference] = field(default_factory=list)
    soft_links: list[tuple[str, str]] = field(default_factory=list)
    oversized: list[Oversized] = field(default_factory=list)
    filters: dict[int, Filter] = field(default_factory=dict)
    datasets: list[StoredArray] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
