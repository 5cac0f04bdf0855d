"""Opening a target with care: a file is scanned before anything loads it, and what would run code when loaded is loaded
only on demand, in a process with limits."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

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
    from violet.services.options import ScanOptions
    from violet.services.scan import scan
    from violet.targets.opening import needs_trust

    report = scan(ScanOptions(paths=(spec.location,)))
    worst = [f for f in report.findings if f.severity >= Severity.HIGH]
    from violet.domain import shell

    again = f"See: violet scan {shell.quote(spec.location)}"
    if worst:
        what = worst[0].message if not worst[0].evidence else f"{worst[0].message} {worst[0].evidence}"
        raise CondemnedError(f"{spec.location} is not loaded, because its scan condemns it: {what}", again)
    if needs_trust(spec) and not spec.trust:
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


def open_examined(spec: TargetSpec, digest: str, domain: InputDomain | None, classes: int) -> Target:
    """Open what ``examine`` let pass. Raises ``VioletError`` where the file is another one by now."""
    from violet.targets.opening import needs_trust, open_target

    if digest and digest_of(spec.location) != digest:
        raise VioletError(f"{spec.location} changed after it was examined: it is not loaded.", "Run the test again.")
    if digest and needs_trust(spec):
        return _hosted(spec, domain, classes)
    return open_target(spec, domain, classes)


def _hosted(spec: TargetSpec, domain: InputDomain | None, classes: int) -> Target:
    raise NotImplementedError
