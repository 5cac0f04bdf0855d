"""What a statement says, in a few words for a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from violet.provenance.predicates.derivation import Derivation
from violet.provenance.predicates.resource import PredicateError
from violet.provenance.predicates.revocation import Revocation
from violet.provenance.predicates.slsa_provenance import RELATION, Provenance
from violet.provenance.predicates.summary import Summary
from violet.provenance.predicates.test_result import TestResult
from violet.provenance.statement import short_name

if TYPE_CHECKING:
    from violet.domain.provenance import Statement

LONGEST = 160


def in_words(statement: Statement) -> str:
    """At most ``LONGEST`` characters; what the predicate lacks is said, not raised."""
    say = _SAYINGS.get(short_name(statement.predicate_type))
    try:
        text = say(statement.predicate) if say else statement.predicate_type
    except PredicateError as error:
        text = f"not as its type requires: {error}"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _test_result(value: Mapping[str, Any]) -> str:
    result = TestResult.decode(value)
    counts = f"{len(result.passed)} passed, {len(result.warned)} warned, {len(result.failed)} failed"
    return f"{result.result}: {counts}"


def _provenance(value: Mapping[str, Any]) -> str:
    made = Provenance.decode(value)
    relation = made.external.get(RELATION)
    how = f"{relation} of" if isinstance(relation, str) and relation else "made from"
    return f"{how} {len(made.dependencies)} inputs by {made.builder}"


def _summary(value: Mapping[str, Any]) -> str:
    summary = Summary.decode(value)
    return f"{'PASSED' if summary.passed else 'FAILED'} under {summary.policy.uri}"


def _derivation(value: Mapping[str, Any]) -> str:
    made = Derivation.decode(value)
    return f"{made.relation} of {', '.join(source.name or str(source.digests[0]) for source in made.sources)}"


def _revocation(value: Mapping[str, Any]) -> str:
    return f"revoked: {Revocation.decode(value).reason}"


_SAYINGS = {
    "test-result": _test_result,
    "provenance": _provenance,
    "summary": _summary,
    "derivation": _derivation,
    "revocation": _revocation,
}
