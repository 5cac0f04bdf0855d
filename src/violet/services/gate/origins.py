"""Who signed the model, and what it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.domain import shell
from violet.domain.gate import EvidenceItem, MissingEvidence
from violet.domain.lineage import NodeKind
from violet.domain.signature import Change, Outcome
from violet.services.gate.context import text

if TYPE_CHECKING:
    from violet.domain.lineage import Lineage
    from violet.domain.provenance import Evidence
    from violet.domain.signature import VerifyResult
    from violet.services.gate.gather import Gathered, Request


def signed(request: Request, evidence: Evidence) -> Gathered:
    """The signature over the model itself, verified file by file. One that does not hold is known not to hold; one
    that is not there is missing."""
    from violet.provenance.signing.trust import VOUCHES_FOR
    from violet.services.gate.gather import Gathered
    from violet.services.sign import VerifyOptions, verify

    signers = tuple(s for s in request.signers if {"*", VOUCHES_FOR} & set(s.vouches_for))
    if not signers:
        reason = "Nobody is trusted to sign models."
        fix = "Name the public key of whoever signs in [trust.signers.NAME] of the policy's file."
        return Gathered(missing=MissingEvidence("signature", reason, fix))
    configuration = request.configuration
    result = verify(
        VerifyOptions(
            path=request.path,
            signature=request.options.signature,
            directory=configuration.path(configuration.value("evidence.directory")),
            signers=signers,
            jobs=request.options.jobs,
            cache=request.options.cache,
        ),
        request.progress,
    )
    if result.outcome is Outcome.NOT_SIGNED:
        named = f" --signature {shell.quote(request.options.signature)}" if request.options.signature else ""
        fix = f"violet sign {request.shown} --key KEY{named}"
        return Gathered(missing=MissingEvidence("signature", result.reason, fix))
    reason = _doubt(result, request)
    names = tuple(signer.name for signer in result.signers) if not reason else ()
    variables = {
        "signature": {
            "verified": not reason,
            "signers": [text(name) for name in names],
            "key_ids": [signer.key_id for signer in result.signers if signer.key_id] if not reason else [],
            "unsigned": _paths(result, Change.ADDED, Change.HIDDEN),
            "altered": _paths(result, Change.ALTERED, Change.MISSING, Change.RENAMED, Change.IRREGULAR, Change.DATA),
            "reason": text(reason),
        }
    }
    detail = f"signature, {result.outcome.value}"
    return Gathered(variables, (EvidenceItem("signature", detail, result.signature, "", names),))


def _doubt(result: VerifyResult, request: Request) -> str:
    """Why the signature does not count; empty where it covers just the content that the gate hashed."""
    if not result.holds:
        return result.reason
    if result.identity is not None and result.identity.digest != request.identity.digest:
        return f"It is for {result.identity.digest}, and the model has {request.identity.digest}."
    covered = {file.path for file in request.identity.files}
    left_out = sorted(covered.intersection((*result.ignored, *result.unsigned)))
    return f"It does not cover {', '.join(left_out[:3])}." if left_out else ""


def _paths(result: VerifyResult, *changes: Change) -> list[str]:
    return [text(difference.path) for difference in result.differences if difference.change in changes]


def descended(request: Request, evidence: Evidence) -> Gathered:
    """What the model was made from, as far as believed statements prove it."""
    from violet.services.gate.gather import Gathered
    from violet.services.lineage import LineageOptions, lineage_of

    found = lineage_of(
        LineageOptions(request.path, search=request.options.stores, now=request.now),
        request.configuration,
        identity=request.identity,
        signers=request.signers,
    )
    items = tuple(
        EvidenceItem("lineage", f"{found.nodes[edge.child].name}, {edge.relation}", edge.source, "", edge.signers)
        for edge in found.edges
        if edge.proven and edge.child == found.root
    )
    if not found.edges and not found.is_tainted:
        reason = "Nothing says what it was made from."
        fix = f"violet attest training {request.shown} --data DATA --code CODE --key KEY"
        return Gathered(missing=MissingEvidence("lineage", reason, fix))
    return Gathered({"lineage": _entry(found)}, items)


def _entry(found: Lineage) -> dict[str, Any]:
    above = found.ancestors()
    doubtful = {edge.parent for edge in found.edges if edge.child in above | {found.root} and not edge.proven}
    doubtful |= {key for key in above if found.nodes[key].kind is NodeKind.MODEL and not found.nodes[key].attested}
    runs = {edge.parent for edge in found.parents(found.root) if edge.proven}
    tainted_by = {path.taint.node for path in found.taints}
    return {
        "tainted": found.is_tainted,
        "tainted_by": sorted(_name(found, key) for key in tainted_by),
        "unproven": sorted(_name(found, key) for key in doubtful),
        "ancestors": sum(found.nodes[key].kind is not NodeKind.RUN for key in above),
        "trained": any(found.nodes[key].kind is NodeKind.RUN for key in runs),
        "datasets": sorted(_name(found, key) for key in above if found.nodes[key].kind is NodeKind.DATA),
    }


def _name(found: Lineage, key: str) -> str:
    node = found.nodes.get(key)
    return text(node.name) if node is not None else text(key)
