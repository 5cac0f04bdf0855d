"""Opening a target with care: a file is scanned before anything loads it, and what would run code when loaded is loaded
only on demand, in a process with limits."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError, VioletError
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from violet.domain import Report
    from violet.targets.base import InputDomain, Target, TargetSpec


class CondemnedError(VioletError):
    """The scan of a model found that loading it is dangerous."""

    exit_code = 1


def examine(spec: TargetSpec) -> tuple[str, Report | None]:
    """The digest of the model's file (``""`` where it is none), after a scan that found nothing of severity high or
    above.

    Raises ``CondemnedError`` where it did, with what loading would do, and ``UsageError`` where loading runs code that
    nobody said to trust.
    """
    if not os.path.exists(spec.location):
        return "", None
    from violet.defenses.defended import is_defended
    from violet.services.options import ScanOptions
    from violet.services.scan import scan
    from violet.targets.kinds import needs_trust

    report = scan(ScanOptions(paths=(spec.location,)))
    worst = [f for f in report.findings if f.severity >= Severity.HIGH]
    from violet.domain import shell

    again = f"See: violet scan {shell.quote(spec.location)}"
    if worst:
        what = worst[0].message if not worst[0].evidence else f"{worst[0].message} {worst[0].evidence}"
        raise CondemnedError(f"{spec.location} is not loaded, because its scan condemns it: {what}", again)
    if not is_defended(spec.location) and needs_trust(spec) and not spec.trust:
        calls = "; ".join(dict.fromkeys(f.message for f in report.findings)) or "it is a pickle, and loading it runs it"
        raise UsageError(
            f"Loading {spec.location} runs what is in it: {calls}.",
            f"{again}. If you trust whoever made it, add --trust: it is loaded in a process with limits.",
        )
    return digest_of(spec.location), report


def digest_of(path: str) -> str:
    """SHA-256 of a file or directory, as provenance computes it."""
    from violet.provenance.identity import identify

    return str(identify(path).digest)


def open_examined(spec: TargetSpec, digest: str, domain: InputDomain | None, names: tuple[str, ...]) -> Target:
    """Open what ``examine`` let pass; its classes in the order of ``names``. A defended model's members are examined
    here.

    Raises ``VioletError`` where the file is another one by now.
    """
    from violet.defenses.defended import is_defended
    from violet.targets.opening import open_target

    if digest and digest_of(spec.location) != digest:
        raise VioletError(f"{spec.location} changed after it was examined: it is not loaded.", "Run the test again.")
    if digest and is_defended(spec.location):
        return _defended(spec, domain, names)
    return open_target(spec, domain, len(names), names=names, host=host)


def _defended(spec: TargetSpec, domain: InputDomain | None, names: tuple[str, ...]) -> Target:
    from dataclasses import replace

    from violet.defenses.defended import read_defended
    from violet.defenses.torch_defended import defended

    model = read_defended(spec.location)
    members = []
    for member, expected in zip(model.members, model.digests, strict=True):
        beside = os.path.join(os.path.dirname(spec.location), member.location)
        location = beside if os.path.exists(beside) else member.location
        # Trust is given by whoever runs the test, never by a file.
        found = replace(member, location=location, trust=member.trust and spec.trust)
        digest, _ = examine(found)
        if digest != expected:
            raise VioletError(
                f"{spec.location} names {member.location} with the digest {expected}; it has {digest or 'none'}.",
                "Harden the model again, or restore the file.",
            )
        members.append(open_examined(found, digest, domain, names))
    return defended(members, model.steps, model.seed, os.path.basename(spec.location))


def host(function: str, words: tuple[str, ...]) -> Any:
    """A process with limits for what runs code when it is loaded."""
    from violet.engine.hosted import HostedProcess

    return HostedProcess(function, words)
