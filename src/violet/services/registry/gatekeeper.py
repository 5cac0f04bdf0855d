"""Ask the gate about a version in a registry, on its real files; and promote it if the gate allows it."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from violet.domain import ConfigurationError, UsageError, Verdict, VioletError
from violet.domain.registry import READY, Promotion
from violet.services.gate import decide

if TYPE_CHECKING:
    from violet.domain.gate import GateDecision
    from violet.domain.registry import ModelVersion, Registry
    from violet.services.gate import GateOptions

FILES = "files"
EVIDENCE = "evidence"
TAG_VERDICT = "violet.gate"
TAG_DIGEST = "violet.digest"
TAG_POLICY = "violet.policy"
EVIDENCE_SUFFIXES = (".dsse.json", ".sig")


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """``registry`` is where versions come from, ``options`` what the gate is asked but for the model. Files are
    fetched into a directory of their own, which is gone afterwards: what is decided on cannot change meanwhile."""

    registry: Registry
    options: GateOptions

    def ask(self, version: ModelVersion, *, keep_summary: bool = False) -> GateDecision:
        """The gate's decision on the files of a version, with the evidence that is kept with it. ``keep_summary``
        keeps the signed summary, if there is a key to sign it with, with the version, too. Raises ``VioletError``
        for a version whose files are not all there yet, or that is being deleted."""
        if version.status != READY:
            raise VioletError(f"{version} cannot be examined: the registry says {version.status} of it.")
        with tempfile.TemporaryDirectory(prefix="violet-") as folder:
            path, attached = fetch(self.registry, version, folder)
            options = replace(self.options, path=path, cache=False, summary=keep_summary)
            if attached:
                options = replace(options, stores=(*options.stores, attached), signature=_signature(attached))
            decision: GateDecision = decide(options)
            if decision.summary.startswith(folder) and version.run_id:
                self.registry.attach_evidence(version, os.path.dirname(decision.summary))
                decision = replace(decision, summary=os.path.join(folder, EVIDENCE, os.path.basename(decision.summary)))
            moved: GateDecision = _moved(decision, folder, version.folder)
            return moved

    def ask_of_policy(self, version: ModelVersion) -> GateDecision:
        """The same for a watch: where there is no policy that could deny, nothing is known of a version, and no alias
        is taken away. Raises ``ConfigurationError``."""
        self.require_policy()
        return self.ask(version)

    def require_policy(self) -> None:
        """Raises ``ConfigurationError`` where nothing is asked of models in this environment."""
        from violet.services.gate.examine import nothing_asked
        from violet.services.policies import open_policy

        options = self.options
        opened = open_policy(options.policy, options.config, isolated=options.isolated)
        problem = nothing_asked(opened, options.environment)
        if problem:
            raise ConfigurationError(problem)

    def promote(self, version: ModelVersion, alias: str, *, dry_run: bool = False) -> Promotion:
        """Set the alias if the gate allows the version. The decision is kept in the version's tags.

        Raises ``UsageError`` where the alias was moved by somebody else in the meantime.
        """
        previous = self.registry.alias(version.model, alias)
        decision = self.ask(version, keep_summary=not dry_run)
        if decision.verdict is Verdict.DENY or dry_run:
            return Promotion(version, alias, previous, False, decision)
        now = self.registry.alias(version.model, alias)
        if now != previous:
            raise UsageError(
                f"{version.model}@{alias} was moved from {previous or 'nothing'} to {now or 'nothing'} meanwhile.",
                "Look who did it, and promote again.",
            )
        self.registry.tag(
            version, TAG_VERDICT, f"{decision.verdict} {decision.environment} {decision.time:%Y-%m-%dT%H:%M:%SZ}"
        )
        self.registry.tag(version, TAG_DIGEST, str(decision.identity.digest))
        if decision.policy_digest is not None:
            self.registry.tag(version, TAG_POLICY, str(decision.policy_digest))
        self.registry.set_alias(version.model, alias, version.version)
        undo = f"violet promote {version.model}@{previous} --alias {alias}" if previous else ""
        return Promotion(version, alias, previous, previous != version.version, decision, undo)


def fetch(registry: Registry, version: ModelVersion, folder: str) -> tuple[str, str]:
    """Fetch a version's files and evidence into directories of ``folder``, which has neither; gives the path of the
    model and that of the evidence (``""``: there is none)."""
    files, evidence = os.path.join(folder, FILES), os.path.join(folder, EVIDENCE)
    try:
        os.mkdir(files)
        os.mkdir(evidence)
    except OSError as error:
        hint = f"Move {folder} away, or name another: violet mlflow fetch {version} DIR"
        raise UsageError(f"{error.filename} cannot be made: {error.strerror}.", hint) from error
    path = registry.fetch(version, files)
    return path, registry.fetch_evidence(version, evidence)


def _moved(value: Any, old: str, new: str) -> Any:
    """The same with every path in ``old`` as one in ``new``: where ``violet mlflow fetch`` puts the files, so that
    the commands beside a decision can be run."""
    if type(value) is str:  # not an enumeration's
        return value.replace(old, new)
    if isinstance(value, tuple):
        return tuple(_moved(entry, old, new) for entry in value)
    if is_dataclass(value) and not isinstance(value, type):
        named = ((field.name, getattr(value, field.name)) for field in fields(value))
        changed = {name: moved for name, entry in named if (moved := _moved(entry, old, new)) is not entry}
        return replace(value, **changed) if changed else value
    return value


def attach(registry: Registry, version: ModelVersion, directory: str) -> int:
    """Keep a directory of evidence with a version; gives the number of files. Raises ``UsageError`` for what holds
    no evidence: whatever is attached is fetched whenever the gate is asked."""
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        raise UsageError(f"{directory} cannot be read: {error.strerror}.") from error
    kept = [name for name in names if name.endswith(EVIDENCE_SUFFIXES)]
    if not kept:
        raise UsageError(f"{directory} holds no evidence.", f"Evidence ends in {' or '.join(EVIDENCE_SUFFIXES)}.")
    with tempfile.TemporaryDirectory(prefix="violet-") as folder:
        for name in kept:
            shutil.copyfile(os.path.join(directory, name), os.path.join(folder, name))
        registry.attach_evidence(version, folder)
    return len(kept)


def _signature(evidence: str) -> str:
    """The signature that was attached, ``""`` where there is none."""
    found = sorted(name for name in os.listdir(evidence) if name.endswith(".sig"))
    if len(found) > 1:
        raise VioletError(f"{len(found)} signatures are attached to the version: {', '.join(found)}.", "Keep one.")
    return os.path.join(evidence, found[0]) if found else ""


def parse_version(text: str) -> tuple[str, str]:
    """``MODEL@VERSION``, or ``models:/MODEL/VERSION``: name and version. Raises ``UsageError``."""
    if text.startswith("models:/"):
        model, _, version = text.removeprefix("models:/").lstrip("/").rpartition("/")
    else:
        model, _, version = text.rpartition("@")
    if not model or not version:
        raise UsageError(f"{text!r} names no version of a model.", "Write MODEL@VERSION: fraud@7")
    return model, version
