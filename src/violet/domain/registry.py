"""A model registry, as far as Violet needs to know it: versions, and the aliases that say which one is live."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from violet.domain.errors import VioletError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Mapping

    from violet.domain.gate import GateDecision


class RegistryError(VioletError):
    """The registry does not answer, or answers with an error: nothing is known of what it was asked about."""


READY = "READY"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a registered model. ``source`` is where the registry says its files are, ``run_id`` the
    training run it came from (``""``: none); ``status`` is ``READY`` once all its files are there."""

    model: str
    version: str
    source: str = ""
    run_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    status: str = READY

    def __str__(self) -> str:
        return f"{self.model}@{self.version}"

    @property
    def folder(self) -> str:
        """The directory into which ``violet mlflow fetch`` puts it: ``files`` and ``evidence``."""
        return f"{file_name(self.model)}-{self.version}"


def file_name(model: str) -> str:
    """A model's name as that of a file or directory."""
    kept = "".join(c if c.isalnum() or c in "-_. " else "_" for c in model).strip(". ")
    return kept or "model"


@dataclass(frozen=True, slots=True, order=True)
class Alias:
    """A name that moves: ``champion`` of a model is this version."""

    model: str
    alias: str
    version: str

    def __str__(self) -> str:
        return f"{self.model}@{self.alias}"


class Registry(Protocol):
    """What every registry adapter can do. Each method raises ``violet.domain.VioletError`` for a registry that
    does not answer, and ``UsageError`` for what it does not know."""

    address: str

    def version(self, model: str, version: str) -> ModelVersion:
        """The version of this number; an alias will do, too."""

    def aliases(self, model: str = "") -> tuple[Alias, ...]:
        """All aliases of a model, or of all models, sorted."""

    def alias(self, model: str, alias: str) -> str:
        """The version that an alias stands for, ``""`` where there is no such alias."""

    def set_alias(self, model: str, alias: str, version: str) -> None: ...

    def delete_alias(self, model: str, alias: str) -> None: ...

    def fetch(self, version: ModelVersion, directory: str) -> str:
        """Download the version's files into ``directory``; gives the path of the model in it."""

    def fetch_evidence(self, version: ModelVersion, directory: str) -> str:
        """Download what was attached to the version; ``""`` where nothing was."""

    def attach_evidence(self, version: ModelVersion, directory: str) -> None:
        """Keep a directory of evidence with the version."""

    def tag(self, version: ModelVersion, name: str, value: str) -> None: ...

    def models(self) -> Iterator[str]:
        """The names of all registered models."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """What came of asking for an alias. ``previous`` is the version it stood for before (``""``: none);
    ``changed`` tells whether it stands for ``version`` now because of this. ``undo`` is the command that puts it
    back."""

    version: ModelVersion
    alias: str
    previous: str
    changed: bool
    decision: GateDecision
    undo: str = ""


class WatchAction(enum.StrEnum):
    """What a watch did about an alias."""

    ALLOWED = "allowed"
    """The gate allows the version; nothing was changed."""
    REVERTED = "reverted"
    """Put back to the last version that the gate allowed."""
    REMOVED = "removed"
    """Taken away: no version is known that the gate allows."""
    WOULD_REVERT = "would-revert"
    WOULD_REMOVE = "would-remove"
    MOVED_ON = "moved-on"
    """Somebody moved it while the gate was at work: looked at again in the next round."""
    GONE = "gone"
    """The alias is not there any more."""
    FAILED = "failed"
    """Nothing is known: the registry or the gate did not answer."""


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One thing that a watch saw or did. ``to`` is the version that the alias was put back to."""

    time: datetime.datetime
    action: WatchAction
    model: str
    alias: str
    version: str = ""
    to: str = ""
    reason: str = ""
    digest: str = ""
