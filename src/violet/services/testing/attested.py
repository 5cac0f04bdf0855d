"""Leave the result of a test signed, bound to the model that was tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.services.attest import attest_report
from violet.services.attest_scan import require_unchanged
from violet.services.gate.robustness import CHECK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain import Decision, Report
    from violet.domain.provenance import Identity, Written
    from violet.policy import Policy
    from violet.provenance.keys import PrivateKey
    from violet.provenance.stores import Store
    from violet.services.attest import Terms


def attest_tested(
    path: str,
    before: Identity,
    report: Report,
    decision: Decision,
    rules: Policy,
    keys: Sequence[PrivateKey],
    store: Store,
    terms: Terms | None = None,
    threat: str = "",
) -> Written:
    """Sign the report of a test of ``path``, whose identity was ``before`` when it began. Raises ``VioletError`` where
    it is another one now."""
    from violet.policy import NEVER_FAIL

    require_unchanged(path, before)
    fail_on = NEVER_FAIL if rules.fail_on is None else str(rules.fail_on)
    return attest_report(
        report, before, keys, store, decision=decision, fail_on=fail_on, terms=terms, question=f"{CHECK}{threat}"
    )
