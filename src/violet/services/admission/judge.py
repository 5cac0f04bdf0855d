"""What the gate says of a model that a cluster wants to run.

Where the model's files can be reached, the gate decides on them. Where they cannot, a digest that the object claims
may stand in for them, if that is accepted: a signed verification summary must then say that a model of this digest
passed. That proves nothing about the files the cluster will load, so whoever accepts it has to verify them where
they are loaded.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.domain import Digest, UsageError, Verdict, VioletError
from violet.domain.admission import ModelReference, ModelVerdict
from violet.domain.provenance import DIRECTORY_DIGEST, FILE_DIGEST, Identity
from violet.services.gate.fence import Fence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from violet.domain.gate import GateDecision
    from violet.domain.provenance import TrustedSigner
    from violet.provenance.stores import Store

    Decide = Callable[[str], GateDecision]

_DIGEST = re.compile(rf"({FILE_DIGEST}|{DIRECTORY_DIGEST}):([0-9a-f]{{64}})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Addresses that begin with ``prefix`` are found in the directory ``root``."""

    prefix: str
    root: str

    @classmethod
    def parse(cls, text: str) -> Mapping:
        """``PREFIX=DIRECTORY``. Raises ``UsageError``."""
        prefix, equals, root = text.rpartition("=")
        if not equals or not prefix or not root:
            raise UsageError(
                f"{text!r} does not say where to look.", "Write PREFIX=DIRECTORY: s3://models/=/mnt/models"
            )
        if not os.path.isdir(root):
            raise UsageError(f"The directory {root}, in which {prefix} is looked for, does not exist.")
        return cls(prefix, os.path.realpath(root))

    def path(self, uri: str) -> str | None:
        """The file that an address stands for, ``None`` where it is not one of these or leads out of the
        directory. A prefix ends where a name ends: ``s3://models`` is not the beginning of ``s3://models-2``."""
        prefix = self.prefix if self.prefix.endswith("://") else f"{self.prefix.rstrip('/')}/"
        if not f"{uri}/".startswith(prefix):
            return None
        rest = uri[len(prefix) :].removesuffix("/")
        if rest and not _plain(rest):
            return None
        found = os.path.realpath(os.path.join(self.root, rest))
        inside = found == self.root or found.startswith(self.root.rstrip(os.sep) + os.sep)
        return found if inside else None


def _plain(path: str) -> bool:
    """Whether everybody reads a path alike: stores take ``%2e``, ``//`` and ``..`` for parts of names, file systems
    and clients do not, and a cluster replaces ``$(NAME)``."""
    parts = path.split("/")
    return (
        not any(part in ("", ".", "..") for part in parts)
        and not any(character in "%?#\\" or character < " " for character in path)
        and "$(" not in path
    )


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """``environment`` is the policy's; ``deadline`` the seconds after which a cluster is told to ask again
    (Kubernetes waits for 10 at most 30); ``remember`` the seconds for which a decision is not made again.

    ``accept_claimed_digests`` lets a signed summary for a digest stand in for files that cannot be reached, if it
    is not older than ``summary_age`` seconds and was made by one of ``signers`` for this environment and no other,
    under the policy with the digest ``policy`` (``""``: there is none, and no summary does).
    ``pending`` is the number of models that may wait to be examined.
    """

    environment: str
    mappings: tuple[Mapping, ...] = ()
    deadline: float = 8.0
    remember: float = 60.0
    workers: int = 2
    accept_claimed_digests: bool = False
    summary_age: float = 30 * 86_400.0
    policy: Callable[[], str] = str
    pending: int = 256


class _BusyError(Exception):
    """Too many models wait already."""


@dataclass(slots=True)
class _Answer:
    """``fence`` tells whether the files are still those that were decided on."""

    future: Future[GateDecision]
    fence: Fence
    finished: datetime.datetime | None = None


@dataclass(slots=True)
class Judge:
    """Asks the gate, several at a time, each model once however often the cluster asks.

    ``decide`` is called in threads with the path of a model. ``stores`` hold verification summaries.
    """

    decide: Decide
    options: JudgeOptions
    stores: tuple[Store, ...] = ()
    signers: tuple[TrustedSigner, ...] = ()
    clock: Callable[[], datetime.datetime] = field(default=lambda: datetime.datetime.now(datetime.UTC))
    _pool: ThreadPoolExecutor = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _answers: dict[str, _Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.options.workers, "gate")

    def close(self) -> None:
        """Wait for nothing that has not begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __call__(self, references: Sequence[ModelReference]) -> list[ModelVerdict]:
        """What the gate says of each model of one object. All are begun at once, and the cluster waits once."""
        until = time.monotonic() + self.options.deadline
        for reference in references:
            path = self._locate(reference)[0] if _claimed(reference)[1] == "" else ""
            if path:
                with contextlib.suppress(VioletError, _BusyError):
                    self._begun(path)
        return [self._verdict(reference, until) for reference in references]

    def _verdict(self, reference: ModelReference, until: float) -> ModelVerdict:
        claimed, problem = _claimed(reference)
        if problem:
            return _denied(reference, problem)
        path, problem = self._locate(reference)
        if path:
            return self._judge_content(reference, path, claimed, until)
        if claimed is not None and self.options.accept_claimed_digests:
            return self._judge_claim(reference, claimed)
        if claimed is not None and not reference.uri:
            problem = "only a digest is named, and the files it belongs to are not."
        return _denied(reference, problem)

    def _locate(self, reference: ModelReference) -> tuple[str, str]:
        """The path of the model's files, or why there is none."""
        uri = reference.uri
        if not uri:
            return "", "it names no files."
        candidates = sorted(self.options.mappings, key=lambda m: len(m.prefix), reverse=True)
        for mapping in candidates:
            path = mapping.path(uri)
            if path is not None:
                if os.path.exists(path):
                    return path, ""
                return "", f"its files are not in {mapping.root}."
        scheme = uri.partition("://")[0] if "://" in uri else "a path"
        how = f"start violet admission with --map {reference}=DIRECTORY"
        return "", f"its files ({scheme[:20]}) cannot be reached from here: {how}."

    def _judge_content(
        self, reference: ModelReference, path: str, claimed: Digest | None, until: float
    ) -> ModelVerdict:
        try:
            decision = self._decision(path, until)
        except _BusyError:
            return _denied(reference, "too many models are being examined; apply the object again in a minute.")
        except NotYetError:
            return _denied(reference, "it is still being examined; apply the object again in a minute.")
        except VioletError as error:
            return _denied(reference, error.diagnostics())
        except Exception as error:  # a gate that breaks does not open
            return _denied(reference, f"the gate failed: {type(error).__name__}.")
        digest = decision.identity.digest
        if claimed is not None and claimed != digest:
            return _denied(reference, f"its files are {digest}, not {claimed} as the object says.", digest)
        unmet = tuple(f"{r.requirement.name}: {r.reason}" for r in decision.unmet)
        if decision.verdict is Verdict.DENY:
            return ModelVerdict(reference, False, (*decision.reasons, *unmet), how="content", digest=str(digest))
        return ModelVerdict(reference, True, warnings=unmet, how="content", digest=str(digest))

    def _decision(self, path: str, until: float) -> GateDecision:
        """The gate's decision, remembered for a while. Raises ``NotYetError`` where it takes longer than a cluster
        waits: it goes on, and the next question finds the answer."""
        known = self._begun(path)
        decision = known.future.result(max(0.0, until - time.monotonic()))
        with self._lock:
            known.finished = known.finished or self.clock()
        return decision

    def _begun(self, path: str) -> _Answer:
        """The answer, or one that is to come. An answer about files that changed since is none."""
        with self._lock:
            known = self._answers.get(path)
        changed = known is not None and known.future.done() and known.fence.breach() != ""
        fence = known.fence if known is not None and not changed else Fence.around(path)
        with self._lock:
            if self._answers.get(path) is known and known is not None and not changed and not self._stale(known):
                return known
            known = self._answers.get(path) if self._answers.get(path) is not known else None
            if known is not None:  # somebody else asked meanwhile
                return known
            self._answers = {p: a for p, a in self._answers.items() if p != path and not self._stale(a)}
            if sum(not answer.future.done() for answer in self._answers.values()) >= self.options.pending:
                raise _BusyError
            known = _Answer(self._pool.submit(self.decide, path), fence)
            self._answers[path] = known
            return known

    def _stale(self, answer: _Answer) -> bool:
        if not answer.future.done():
            return False
        if answer.future.exception() is not None:
            return True
        if answer.finished is None:  # nobody has waited for it: it counts from now on
            answer.finished = self.clock()
        return (self.clock() - answer.finished).total_seconds() >= self.options.remember

    def _judge_claim(self, reference: ModelReference, claimed: Digest) -> ModelVerdict:
        from violet.provenance.evidence import Expected, collect
        from violet.provenance.predicates.summary import Summary
        from violet.provenance.statement import PREDICATES

        now = self.clock()
        identity = Identity(str(claimed), claimed, 0)
        try:
            policy = self.options.policy()
            if not policy:
                return _denied(reference, "there is no policy under which a summary could have been made.", claimed)
            expected = Expected(environment=self.options.environment, policy=policy)
            evidence = collect(identity, self.stores, self.signers, now=now, expected=expected)
        except VioletError as error:
            return _denied(reference, error.diagnostics(), claimed)
        found = [a for a in evidence.attestations if a.statement.predicate_type == PREDICATES["summary"]]
        admitted = False
        reasons = [refusal.reason for refusal in evidence.refused if refusal.predicate_type == PREDICATES["summary"]]
        for attestation in found:
            try:
                summary = Summary.decode(attestation.statement.predicate)
            except ValueError as error:
                reasons.append(f"{attestation.path} cannot be read: {error}.")
                continue
            age = (now - summary.verified).total_seconds()
            if attestation.environment != self.options.environment:
                where = f"the environment {attestation.environment!r}" if attestation.environment else "no environment"
                reasons.append(f"the summary of {summary.verified:%Y-%m-%d} is for {where}.")
                continue
            if not any(digest.value == policy for digest in summary.policy.digests):
                reasons.append(f"the summary of {summary.verified:%Y-%m-%d} was not made under this policy.")
                continue
            if not summary.passed:
                return _denied(reference, f"the gate denied {claimed} on {summary.verified:%Y-%m-%d}.", claimed)
            if age > self.options.summary_age:
                reasons.append(f"the summary of {summary.verified:%Y-%m-%d} is too old.")
                continue
            admitted = True
        if admitted:
            warning = f"{reference}: admitted by its digest alone; its files were not seen"
            return ModelVerdict(reference, True, warnings=(warning,), how="summary", digest=str(claimed))
        if not reasons:
            reasons = [f"no signed verification summary says that {claimed} may run in {self.options.environment}."]
        return _denied(reference, " ".join(reasons), claimed)


def _claimed(reference: ModelReference) -> tuple[Digest | None, str]:
    """The digest that the object claims, or what is wrong with it."""
    if not reference.digest:
        return None, ""
    match = _DIGEST.fullmatch(reference.digest)
    if match is None:
        return None, f"{reference.digest[:80]!r} is no digest: write sha256:… or dirHash:… and 64 digits."
    algorithm = FILE_DIGEST if match.group(1).lower() == FILE_DIGEST else DIRECTORY_DIGEST
    return Digest(algorithm, match.group(2).lower()), ""


def _denied(reference: ModelReference, reason: str, digest: Digest | str = "") -> ModelVerdict:
    return ModelVerdict(reference, False, (reason,), digest=str(digest))
