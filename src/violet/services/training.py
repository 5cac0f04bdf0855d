"""What went into a training run, as SLSA provenance."""

from __future__ import annotations

import datetime
import os
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet import __version__
from violet.domain import Digest, UsageError
from violet.domain.provenance import Identity
from violet.provenance.predicates.resource import Resource
from violet.provenance.predicates.slsa_provenance import RELATION, ROLE, TRAINING, Provenance
from violet.provenance.statement import OWN, subject_of
from violet.provenance.strict_json import canonical, parse
from violet.services.attest import identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Progress = Callable[[int, int, str], None]

BUILDER = f"{OWN}:local"
"""Who ran it, where nobody says: somebody, on some machine. Who vouches for it is whoever signs."""

_REFERENCE = re.compile(r"(?:(?P<name>[^=]+)=)?(?P<algorithm>sha256|dirHash|gitCommit):(?P<value>[0-9a-f]{40,64})")
_LARGEST_PARAMETER = 1 << 20
_PARAMETER = re.compile(r"[A-Za-z_][\w.\-]*")


@dataclass(frozen=True, slots=True)
class Training:
    """``data``, ``code`` and ``base`` are paths, or digests of what is not at hand (``NAME=sha256:HEX``).

    ``parameters`` are texts ``name=value``, values as JSON where they are, else as text. ``relation`` is what the
    result is to its base. With ``git``, code is also known by the commit that is checked out.
    """

    data: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    byproducts: tuple[str, ...] = ()
    relation: str = ""
    builder: str = BUILDER
    run: str = ""
    started: datetime.datetime | None = None
    finished: datetime.datetime | None = None
    git: bool = False


def provenance_of(training: Training, progress: Progress | None = None) -> Provenance:
    """Hash all that went in. Raises ``UsageError`` for what does not exist or cannot be understood."""
    if not (training.data or training.code or training.base):
        raise UsageError(
            "Nothing is said of what the model was made from.", "Add --data, --code or --base, each as often as needed."
        )
    if training.started and training.finished and training.finished < training.started:
        raise UsageError("The run is said to have finished before it started.")
    external = parameters(training.parameters)
    if training.relation:
        external[RELATION] = training.relation
    dependencies = [
        *(_resource(name, "data", progress) for name in training.data),
        *(_resource(name, "code", progress, git=training.git) for name in training.code),
        *(_resource(name, "base-model", progress) for name in training.base),
    ]
    return Provenance(
        build_type=TRAINING,
        builder=training.builder,
        dependencies=tuple(dependencies),
        external=external,
        invocation=training.run or f"urn:uuid:{uuid.uuid4()}",
        started=training.started,
        finished=training.finished or datetime.datetime.now(datetime.UTC),
        byproducts=tuple(_resource(name, "byproduct", progress) for name in training.byproducts),
        versions={"violet": __version__},
    )


def reference(text: str) -> tuple[str, Digest] | None:
    """A name and a digest, where ``text`` is ``NAME=sha256:HEX`` or ``sha256:HEX``."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return None
    return match["name"] or "", Digest(match["algorithm"], match["value"])


def sources(texts: Sequence[str], progress: Progress | None = None) -> list[Identity]:
    """What is at these paths, or is known by these digests (``NAME=sha256:HEX``). Raises ``UsageError``."""
    found = []
    for text in texts:
        known = reference(text)
        if known is not None and not os.path.exists(text):
            found.append(Identity(known[0] or known[1].value[:16], known[1], 0))
            continue
        found.append(identity_of(text, progress))
    return found


def parameters(texts: Sequence[str]) -> dict[str, Any]:
    """``NAME=VALUE`` as a mapping. Raises ``UsageError``."""
    return dict(map(_parameter, texts))


def _resource(text: str, role: str, progress: Progress | None, *, git: bool = False) -> Resource:
    known = reference(text)
    if known is not None and not os.path.exists(text):
        return Resource(known[0] or known[1].value[:16], digests=(known[1],), annotations={ROLE: role})
    identity = identity_of(text, progress)
    digests, uri = [identity.digest], ""
    if git:
        from violet.provenance.git import commit_of

        commit = commit_of(text if identity.is_directory else os.path.dirname(os.path.abspath(text)))
        if commit is None:
            raise UsageError(f"{text} is in no Git repository with a commit.", "Leave out --git, or commit it first.")
        digests.append(Digest("gitCommit", commit.digest))
        uri = f"git+{commit.remote}@{commit.digest}" if commit.remote else ""
    return Resource(subject_of(identity).name, uri=uri, digests=tuple(digests), annotations={ROLE: role})


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not _PARAMETER.fullmatch(name):
        raise UsageError(f"{text!r} is no parameter.", "Write --parameter NAME=VALUE.")
    try:
        found = parse(value.encode(), _LARGEST_PARAMETER)
        canonical(found)  # 1e999 is read as infinity, which JSON cannot write
    except ValueError:
        return name, value
    return name, found
