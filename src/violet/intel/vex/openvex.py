"""OpenVEX documents, read and written.

Source: OpenVEX specification, document version 0.2.0.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from typing import TYPE_CHECKING, Any

from violet.domain.vulnerability import Exposure, VexProduct, VexStatement, VexStatus
from violet.intel.vex.base import (
    JUSTIFICATIONS,
    MOST_PRODUCTS,
    MOST_STATEMENTS,
    VexError,
    items,
    moment,
    text_of,
)
from violet.intel.vex.products import purl_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.vulnerability import Match, VulnerabilityReport

CONTEXT = "https://openvex.dev/ns/v0.2.0"
_CONTEXTS = "https://openvex.dev/ns"
_DEPTH = 4


def read_openvex(
    value: dict[str, Any],
    source: str,
    *,
    signers: tuple[str, ...] = (),
    products: Sequence[VexProduct] = (),
    timestamp: datetime.datetime | None = None,
) -> tuple[VexStatement, ...]:
    """The statements of a document. Raises ``VexError``."""
    context = value.get("@context")
    names = context if isinstance(context, list) else [context]
    if not any(isinstance(name, str) and name.startswith(_CONTEXTS) for name in names):
        raise VexError(f"{source} is no OpenVEX document: its @context is not {_CONTEXTS}.")
    author = text_of(value.get("author"))
    if not author:
        raise VexError(f"{source} has no author.", "Nobody vouches for what it says.")
    if value.get("timestamp") is not None:
        timestamp = moment(value["timestamp"], source)
    found = []
    for number, statement in enumerate(items(value.get("statements"), MOST_STATEMENTS, f"{source}, statements"), 1):
        where = f"{source}, statement {number}"
        if not isinstance(statement, dict):
            raise VexError(f"{where} is no object.")
        own = statement.get("timestamp")
        if own is None and timestamp is None:
            raise VexError(f"{where} has no timestamp, and neither has the document.")
        when = moment(own, where) if own is not None else timestamp
        assert when is not None
        found.append(_statement(statement, where, when, source, author, signers, products))
    if not found:
        raise VexError(f"{source} holds no statements.")
    return tuple(found)


def _statement(
    value: dict[str, Any],
    where: str,
    timestamp: datetime.datetime,
    source: str,
    author: str,
    signers: tuple[str, ...],
    outer: Sequence[VexProduct],
) -> VexStatement:
    name, aliases = _vulnerability(value.get("vulnerability"), where)
    try:
        status = VexStatus(str(value.get("status")))
    except ValueError:
        raise VexError(f"{where} has the status {str(value.get('status'))[:40]!r}, which VEX does not know.") from None
    products = tuple(
        _product(item, where, 0) for item in items(value.get("products"), MOST_PRODUCTS, f"{where}, products")
    )
    products = products or tuple(outer)
    if not products:
        raise VexError(f"{where} names no product.")
    justification = text_of(value.get("justification"))
    impact, action = text_of(value.get("impact_statement")), text_of(value.get("action_statement"))
    if justification and justification not in JUSTIFICATIONS:
        raise VexError(f"{where} has the justification {justification[:60]!r}, which VEX does not know.")
    if status is VexStatus.NOT_AFFECTED and not justification and not impact:
        raise VexError(f"{where} says not_affected and not why.", "It needs a justification or an impact_statement.")
    if status is VexStatus.AFFECTED and not action:
        raise VexError(f"{where} says affected and not what to do.", "It needs an action_statement.")
    return VexStatement(
        vulnerability=name,
        status=status,
        products=products,
        timestamp=timestamp,
        aliases=aliases,
        justification=justification,
        impact=impact,
        action=action,
        notes=text_of(value.get("status_notes")),
        author=author,
        source=source,
        signers=signers,
    )


def _vulnerability(value: Any, where: str) -> tuple[str, tuple[str, ...]]:
    """Name and aliases; before 0.2.0 it was a text."""
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, dict):
        raise VexError(f"{where} names no vulnerability.")
    name = text_of(value.get("name")) or text_of(value.get("@id")).rpartition("/")[2]
    aliases = tuple(text_of(alias) for alias in items(value.get("aliases"), 1000, f"{where}, aliases"))
    if not name:
        raise VexError(f"{where} names no vulnerability.")
    return name, aliases


def _product(value: Any, where: str, depth: int) -> VexProduct:
    if isinstance(value, str):
        value = {"@id": value}
    if not isinstance(value, dict) or depth > _DEPTH:
        raise VexError(f"{where} has a product that cannot be understood.")
    given = value.get("identifiers")
    identifiers = [text_of(value.get("@id"))]
    if isinstance(given, dict):
        identifiers += [text_of(entry) for entry in list(given.values())[:20]]
    hashes = value.get("hashes")
    digests = tuple(
        f"{name.lower().replace('-', '')}:{digest.lower()}"
        for name, digest in (list(hashes.items())[:20] if isinstance(hashes, dict) else ())
        if isinstance(digest, str)
    )
    product = VexProduct(
        tuple(dict.fromkeys(filter(None, identifiers))),
        digests,
        tuple(
            _product(item, where, depth + 1)
            for item in items(value.get("subcomponents"), MOST_PRODUCTS, f"{where}, subcomponents")
        ),
    )
    if not product.identifiers and not product.hashes:
        raise VexError(f"{where} has a product without any identifier.")
    return product


def write_openvex(report: VulnerabilityReport, author: str, tooling: str) -> dict[str, Any]:
    """An OpenVEX document of what a report says, to be edited by who knows better.

    A match that a statement of VEX is about keeps it; of the others, those that are certain and have a fixed
    version are ``affected``, all else is ``under_investigation``.
    """
    when = report.generated.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    statements = [_written(match, when) for match in (*report.matches, *report.suppressed)]
    content = json.dumps([author, when, statements], sort_keys=True).encode()
    return {
        "@context": CONTEXT,
        "@id": f"https://openvex.dev/docs/public/vex-{hashlib.sha256(content).hexdigest()}",
        "author": author,
        "timestamp": when,
        "version": 1,
        "tooling": tooling,
        "statements": statements,
    }


def _written(match: Match, when: str) -> dict[str, Any]:
    vulnerability: dict[str, Any] = {"name": match.id}
    if match.summary:
        vulnerability["description"] = match.summary
    others = [name for name in match.names if name != match.id]
    if others:
        vulnerability["aliases"] = others
    found: dict[str, Any] = {"vulnerability": vulnerability, "products": [_written_product(match)]}
    vex = match.vex
    if vex is not None:
        found["timestamp"] = vex.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ")
        found["status"] = str(vex.status)
        return found | {name: text for name, text in _reasons(vex, match).items() if text}
    found["timestamp"] = when
    if match.exposure is Exposure.AFFECTED and match.fixed:
        found["status"] = str(VexStatus.AFFECTED)
        found["action_statement"] = _action(match)
    else:
        found["status"] = str(VexStatus.UNDER_INVESTIGATION)
    return found


def _reasons(vex: VexStatement, match: Match) -> dict[str, str]:
    """The texts that go with a status. OpenVEX's JSON schema takes a justification or an impact statement, not both:
    beside the former, the latter becomes a note."""
    if vex.status is VexStatus.NOT_AFFECTED:
        if not vex.justification:
            return {"impact_statement": vex.impact, "status_notes": vex.notes}
        return {"justification": vex.justification, "status_notes": vex.impact or vex.notes}
    if vex.status is VexStatus.AFFECTED:
        return {"action_statement": vex.action or _action(match), "status_notes": vex.notes}
    return {"status_notes": vex.impact or vex.notes}


def _action(match: Match) -> str:
    if not match.fixed:
        return "No fixed version is known."
    return f"Update {match.component.name} to {match.fixed[0]} or later."


def _written_product(match: Match) -> dict[str, Any]:
    product: dict[str, Any] = {"@id": purl_of(match.component)}
    names = {"sha256": "sha-256", "sha384": "sha-384", "sha512": "sha-512", "sha1": "sha1", "md5": "md5"}
    hashes = {names[d.algorithm]: d.value for d in match.component.hashes if d.algorithm in names}
    if len(hashes) == len(match.component.hashes) == 1:  # several of one kind are those of several files
        product["hashes"] = hashes
    return product
