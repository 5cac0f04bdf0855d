"""A part of something: a package a model needs, a data set it was trained on, the model itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.asset import Digest


@dataclass(frozen=True, slots=True)
class Component:
    """One entry of a bill of materials.

    ``type`` is one of ``library``, ``framework``, ``application``, ``file``, ``data``,
    ``machine-learning-model``; ``version`` is ``""`` where it is not known; ``specifier`` is what was asked for
    (``>=1.2,<2``) where that is all that is known; ``purl`` is a package URL, ``licenses`` SPDX expressions or
    names; ``origin`` is the file (and line) that named it.
    """

    name: str
    version: str = ""
    type: str = "library"
    ecosystem: str = ""
    """As OSV spells it: ``PyPI``, ``npm``, ``Debian:12``."""
    purl: str = ""
    specifier: str = ""
    hashes: tuple[Digest, ...] = ()
    licenses: tuple[str, ...] = ()
    origin: str = ""
