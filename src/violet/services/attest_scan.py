"""Scan an artifact, and leave the result signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain import UsageError, VioletError
from violet.services.attest import attest_report, identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from violet.domain import Decision, Report, Severity
    from violet.domain.provenance import Identity, Written
    from violet.policy import Policy
    from violet.provenance.keys import PrivateKey
    from violet.provenance.stores import Store
    from violet.services.attest import Terms
    from violet.services.configuration import Configuration
    from violet.services.options import ScanOptions

    Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class AttestedScan:
    report: Report
    decision: Decision
    written: Written


def attest_scan(
    path: str,
    configuration: Configuration,
    keys: Sequence[PrivateKey],
    store: Store,
    *,
    terms: Terms | None = None,
    deep: bool | None = None,
    fail_on: str | None = None,
    progress: Progress | None = None,
) -> AttestedScan:
    """Scan with the configuration's settings, judge by its policy, sign the result and keep it, whatever it is.

    Raises ``VioletError`` where the content changed meanwhile: then nothing is signed.
    """
    from violet.policy import Policy
    from violet.services.configuration import policy
    from violet.services.judgement import judge
    from violet.services.options import ScanOptions
    from violet.services.scan import scan
    from violet.services.waivers import for_scan

    rules = policy(configuration)
    if fail_on is not None:
        rules = Policy(_threshold(fail_on))
    options = ScanOptions(
        paths=(path,),
        deep=configuration.value("scan.deep") if deep is None else deep,
        jobs=configuration.value("scan.jobs"),
        timeout=configuration.value("scan.timeout"),
        memory=configuration.value("scan.memory"),
        ignore=configuration.ignore,
        bounds=configuration.bounds,
        configuration=configuration.found_files,
        intel=configuration.path(configuration.value("intel.directory")),
    )
    before = identity_of(path, progress)
    report, decision = judge(scan(options, progress), rules, for_scan(configuration))
    written = attest_scanned(path, before, report, decision, rules, options, keys, store, terms)
    return AttestedScan(report, decision, written)


def attest_scanned(
    path: str,
    before: Identity,
    report: Report,
    decision: Decision,
    rules: Policy,
    options: ScanOptions,
    keys: Sequence[PrivateKey],
    store: Store,
    terms: Terms | None = None,
) -> Written:
    """Sign the report of a scan of ``path``, whose identity was ``before`` when it began. Raises ``VioletError``
    where it is another one now."""
    require_unchanged(path, before)
    from violet.policy import NEVER_FAIL

    fail_on = NEVER_FAIL if rules.fail_on is None else str(rules.fail_on)
    return attest_report(report, before, keys, store, decision=decision, options=options, fail_on=fail_on, terms=terms)


def require_unchanged(path: str, before: Identity) -> None:
    """Hash again, without any cache. Raises ``VioletError`` where the content is not what it was."""
    from violet.provenance.identity import identify

    after = identify(path, cache=False)
    if after.digest != before.digest:
        raise VioletError(
            f"{path} changed while it was examined ({before.digest}, then {after.digest}): nothing was signed.",
            "Run it again when nobody writes there.",
        )


def _threshold(text: str) -> Severity | None:
    from violet.services.configuration import threshold

    try:
        return threshold(text)
    except ValueError as error:
        raise UsageError(f"--fail-on: {error}.") from error
