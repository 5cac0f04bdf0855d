"""The gate's work, from the model and the policy to a decision."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from violet import __version__
from violet.domain import UsageError, Verdict, shell
from violet.domain.gate import CheckedWaiver, EvidenceItem, GateDecision, Outcome, RequirementResult, WaiverStatus
from violet.services.gate.context import model_entry
from violet.services.gate.fence import Fence
from violet.services.gate.gather import Gathered, Request, gather
from violet.services.policies import PolicyFile, constant, open_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.domain import Finding
    from violet.domain.provenance import Evidence, Identity, Refusal
    from violet.policy.gate import InForce
    from violet.policy.judge import Facts
    from violet.provenance.keys import PrivateKey
    from violet.services.gate.options import GateOptions

    Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """A decision, and the facts it was made from (``None`` where there was nothing to ask them)."""

    decision: GateDecision
    facts: Facts | None = None


def examine(options: GateOptions, progress: Progress | None = None) -> Examination:
    """Decide about a model. Raises as ``violet.services.gate.decide`` does."""
    from violet.provenance.identity import identify

    if not os.path.lexists(options.path):
        raise UsageError(f"{options.path} does not exist.", "Give a file or a directory.")
    opened = open_policy(options.policy, options.config, isolated=options.isolated)
    _require_outside(opened, options)
    now = options.now or datetime.datetime.now(datetime.UTC)
    fence = Fence.around(options.path)
    key = _key(options, opened)  # one that cannot be used is said before the work, not after it
    identity = identify(options.path, cache=options.cache, jobs=options.jobs, links=options.links, progress=progress)
    blank = GateDecision(
        verdict=Verdict.DENY,
        exit_code=1,
        identity=identity,
        path=options.path,
        environment=options.environment,
        time=now,
        policy=opened.path,
        policy_digest=opened.digest,
        command=command(options, opened),
        version=__version__,
    )
    refusal = nothing_asked(opened, options.environment)
    if refusal:
        return Examination(_summarised(replace(blank, reasons=(refusal,)), options, opened, key, None))
    from violet.services.policies import in_force

    rules = in_force(opened, options.environment)
    request = _request(options, opened, rules, identity, now, progress)
    evidence = _evidence(request, opened)
    found = gather(request, rules.needs, evidence)
    decision, facts = _decided(blank, rules, request, evidence, found, _waivers(request, opened, rules))
    change = _change(fence, identity, options)
    if change:
        denied = replace(decision, verdict=Verdict.DENY, exit_code=1, reasons=(change, *decision.reasons))
        return Examination(denied, facts)
    return Examination(_summarised(decision, options, opened, key, evidence), facts)


def command(options: GateOptions, opened: PolicyFile) -> str:
    """The command that makes this decision again."""
    words = ["violet", "gate", options.path]
    for name, value in (
        ("policy", opened.path),
        ("environment", options.environment),
        ("config", options.config),
        ("signature", options.signature),
        ("nonce", options.nonce),
    ):
        words += [f"--{name}", value] if value else []
    words += ["--run-missing"] if options.run_missing else []
    words += ["--allow-links"] if options.links else []
    for name, values in (("evidence", options.stores), ("trust", options.trust)):
        for value in values:
            words += [f"--{name}", value]
    return shell.join(words)


def _require_outside(opened: PolicyFile, options: GateOptions) -> None:
    """A policy, a configuration or a trusted key that came with the model is its maker's."""
    from violet.services.evidence import trusted

    model = options.path
    if not os.path.isdir(model):
        return
    root = os.path.realpath(model)
    keys = (("key", signer.key) for signer in trusted(opened.configuration, options.trust))
    for what, path in (("policy", opened.path), ("configuration", opened.configuration.file), *keys):
        if path and os.path.commonpath((os.path.realpath(path), root)) == root:
            raise UsageError(
                f"The {what} {path} lies within the model {model}, whose maker could have written it.",
                f"Keep the {what} elsewhere{', and name it with --policy FILE' if what == 'policy' else ''}.",
            )


def nothing_asked(opened: PolicyFile, environment: str) -> str:
    """Why there is nothing to ask, and so nothing that could allow; empty where there is."""
    if opened.policy is None:
        return f"{opened.problem} {opened.fix}".strip()
    known = opened.policy.environments
    if environment and environment not in known:
        import difflib

        close = difflib.get_close_matches(environment, known, 1, 0.5)
        hint = f"Did you mean {close[0]!r}?" if close else f"It has {', '.join(known) or 'none'}."
        return f"The policy {opened.path} has no environment {environment!r}. {hint}"
    from violet.domain.gate import Enforcement
    from violet.policy.gate import in_force

    rules = in_force(opened.policy, environment)
    where = f"the environment {environment!r}" if environment else "a model without --environment"
    if not rules.requirements:
        more = f" It has environments: {', '.join(known)}." if known and not environment else ""
        return f"The policy {opened.path} asks nothing of {where}.{more}"
    if not any(requirement.enforcement is Enforcement.DENY for requirement in rules.requirements):
        return f"The policy {opened.path} can only warn about {where}: no requirement of it denies."
    return ""


def _request(
    options: GateOptions,
    opened: PolicyFile,
    rules: InForce,
    identity: Identity,
    now: datetime.datetime,
    progress: Progress | None,
) -> Request:
    from violet.services.evidence import stores_for, trusted

    return Request(
        options=options,
        configuration=opened.configuration,
        settings=rules.settings,
        identity=identity,
        signers=trusted(opened.configuration, options.trust),
        stores=stores_for(options.path, opened.configuration, options.stores),
        now=now,
        progress=progress,
    )


def _evidence(request: Request, opened: PolicyFile) -> Evidence:
    from violet.services.evidence import Expected, collect

    expected = Expected(
        environment=request.options.environment,
        nonce=request.options.nonce,
        skew=datetime.timedelta(minutes=request.settings.clock_skew_minutes),
    )
    found = collect(request.identity, request.stores, request.signers, now=request.now, expected=expected)
    return replace(found, refused=tuple(refusal for refusal in found.refused if not _own(refusal)))


def _own(refusal: Refusal) -> bool:
    """An earlier decision of a gate, for another environment or by a key that is not trusted: nothing that this
    decision is made from."""
    from violet.provenance.statement import short_name

    return short_name(refusal.predicate_type) == "summary" and refusal.code in ("unknown-signer", "replayed")


def _waivers(request: Request, opened: PolicyFile, rules: InForce) -> tuple[CheckedWaiver, ...]:
    from violet.services.waivers import DIRECTORY, load

    directory = os.path.join(opened.directory, DIRECTORY)
    return load(directory, request.signers, request.now.date(), rules.settings.max_waiver_days, request.now)


def _decided(
    blank: GateDecision,
    rules: InForce,
    request: Request,
    evidence: Evidence,
    found: dict[str, Gathered],
    checked: tuple[CheckedWaiver, ...],
) -> tuple[GateDecision, Facts]:
    from violet.policy.judge import Facts, judge, verdict, warnings
    from violet.services.waivers import valid

    variables: dict[str, Any] = {
        "model": model_entry(request.identity),
        "environment": request.options.environment,
        "now": request.now,
    }
    for gathered in found.values():
        variables.update(gathered.variables)
    missing = tuple(gathered.missing for gathered in found.values() if gathered.missing is not None)
    facts = Facts(variables, missing, valid(checked))
    results = tuple(_attached(result, rules, request, found, facts) for result in judge(rules, facts))
    outcome, code = verdict(results, missing)
    report = next((gathered.report for gathered in found.values() if gathered.report is not None), None)
    used = {identifier for result in results for identifier in result.waivers}
    decision = replace(
        blank,
        verdict=outcome,
        exit_code=code,
        warnings=(*warnings(rules, constant(rules)), *_problems(found)),
        results=results,
        waivers=tuple(waiver for waiver in facts.waivers if waiver.id in used),
        ineffective=tuple(entry for entry in checked if _concerns(entry, results, facts)),
        evidence=_items(found),
        missing=missing,
        refused=evidence.refused,
        report=report,
    )
    return decision, facts


def _problems(found: dict[str, Gathered]) -> tuple[str, ...]:
    """What was passed over, each once; where evidence is missing for it, that says so."""
    said = [gathered.problems for gathered in found.values() if gathered.missing is None]
    return tuple(dict.fromkeys(sentence for problems in said for sentence in problems))


def _items(found: dict[str, Gathered]) -> tuple[EvidenceItem, ...]:
    """Each file once: a scan's report is an attestation, too."""
    items = [item for source, gathered in found.items() if source != "attestations" for item in gathered.items]
    known = {item.digest for item in items if item.digest}
    others = [item for item in found["attestations"].items if item.digest not in known]
    return (*items, *others)


def _attached(
    result: RequirementResult, rules: InForce, request: Request, found: dict[str, Gathered], facts: Facts
) -> RequirementResult:
    """The result with what it rests on, and with commands."""
    from violet.policy.judge import offending
    from violet.services.gate.remedies import fix, reproduce

    requirement = result.requirement
    items = tuple(item for source in requirement.needs for item in _evidence_for(source, found))
    findings: tuple[Finding, ...] = ()
    report = next((gathered.report for gathered in found.values() if gathered.report is not None), None)
    if report is not None and result.outcome in (Outcome.NOT_MET, Outcome.WAIVED):
        prints = offending(rules.compiled[requirement.name], facts.context)
        findings = tuple(finding for finding in report.findings if finding.fingerprint in prints)
    result = replace(result, evidence=items, findings=findings, reproduce=reproduce(requirement, request, found))
    return (
        result if result.passed else replace(result, fix=fix(result, rules.compiled[requirement.name], request, facts))
    )


def _evidence_for(source: str, found: dict[str, Gathered]) -> tuple[EvidenceItem, ...]:
    return found[source].items if source in found else ()


def _concerns(entry: CheckedWaiver, results: tuple[RequirementResult, ...], facts: Facts) -> bool:
    """Whether a waiver that does not count would have covered something that is not met; one that cannot be read
    might have."""
    from violet.policy.waivers import applies

    if entry.status is WaiverStatus.VALID:
        return False
    waiver = entry.waiver
    if waiver is None:
        return True
    if not applies(waiver, facts.model, facts.environment):
        return False
    unmet = {result.requirement.name for result in results if not result.passed}
    prints = {item["fingerprint"] for name in ("findings", "vulnerabilities") for item in facts.context.get(name, ())}
    return waiver.requirement in unmet or waiver.fingerprint in prints


def _change(fence: Fence, identity: Identity, options: GateOptions) -> str:
    """A sentence where the model is not what it was when the gate began."""
    from violet.domain import VioletError
    from violet.provenance.identity import identify

    path = fence.breach()
    if path:
        return f"The model changed while the gate was at work: {path} is not what it was."
    try:
        after = identify(options.path, cache=False, jobs=options.jobs, links=options.links)
    except VioletError as error:
        return f"The model changed while the gate was at work: {error.what}"
    if after.digest != identity.digest:
        return f"The model changed while the gate was at work: it was {identity.digest}, and now it is {after.digest}."
    return ""


def _key(options: GateOptions, opened: PolicyFile) -> PrivateKey | None:
    """The key that signs the summary. Without a key, or without a policy to name, there is none."""
    if not options.summary or opened.digest is None:
        return None
    if not options.key and not opened.configuration.value("sign.key"):
        return None
    from violet.services.attest import signing_key

    return signing_key(opened.configuration, options.key, options.passphrase)


def _summarised(
    decision: GateDecision,
    options: GateOptions,
    opened: PolicyFile,
    key: PrivateKey | None,
    evidence: Evidence | None,
) -> GateDecision:
    """The decision with its signed summary."""
    if key is None or opened.digest is None:
        return decision
    from violet.services.attest import Terms, write_summary
    from violet.services.evidence import stores_for

    relied = {item.digest for result in decision.results for item in result.evidence if item.digest}
    inputs = [a for a in evidence.attestations if str(a.digest) in relied] if evidence is not None else []
    written = write_summary(
        decision.identity,
        key,
        stores_for(options.path, opened.configuration)[0],
        verdict=decision.verdict,
        policy_uri=f"file:{os.path.basename(opened.path)}",
        policy_digest=opened.digest,
        inputs=inputs,
        terms=Terms(
            expires=datetime.timedelta(days=options.summary_days),
            environment=options.environment,
            nonce=options.nonce,
            now=decision.time,
        ),
    )
    return replace(decision, summary=written.path)
