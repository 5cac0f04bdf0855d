"""What a cluster asks before it lets a model run, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ModelReference:
    """A model that an object wants to run.

    ``uri`` is where its files are, as the object says (``s3://…``, ``pvc://…``, a path), ``digest`` what it claims
    its content to be (``sha256:…`` or ``dirHash:…``, empty where it claims nothing), ``place`` the field that
    names it.
    """

    place: str
    uri: str = ""
    digest: str = ""

    def __str__(self) -> str:
        """The address without what may be secret in it: a password, a token in its query."""
        start, mark, rest = self.uri.partition("://")
        host, slash, path = rest.partition("/")
        shown = f"{start}{mark}{host.rpartition('@')[2]}{slash}{path}"
        return shown.partition("?")[0] or self.digest


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """The part of an AdmissionReview (``admission.k8s.io/v1``) that is judged. ``old`` is the object before an
    update."""

    uid: str
    kind: str
    group: str
    name: str
    namespace: str
    operation: str
    user: str
    object: Mapping[str, Any]
    old: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelVerdict:
    """What the gate says of one reference; ``reasons`` are plain sentences, ``how`` says what was verified: the
    ``content`` of the files, or a signed ``summary`` for the digest."""

    reference: ModelReference
    allowed: bool
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    how: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class AdmissionResponse:
    """The answer: ``message`` is shown to whoever applied the object, ``warnings`` too, ``annotations`` go into
    the cluster's audit log."""

    uid: str
    allowed: bool
    message: str = ""
    warnings: tuple[str, ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    code: int = 0
    """The HTTP status of a denial: 403 for what the gate denies, 400 for what cannot be understood."""
