"""Put the webhook's judge together from what the command line and the configuration say."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.services.admission.judge import Judge, JudgeOptions, Mapping
from violet.services.gate import GateOptions, decide

if TYPE_CHECKING:
    from violet.domain.gate import GateDecision
    from violet.provenance.stores import Store


@dataclass(frozen=True, slots=True)
class AdmissionOptions:
    """``gate`` is what the gate is asked but for the model; ``maps`` say where addresses are found
    (``PREFIX=DIRECTORY``); ``summaries`` are directories of signed verification summaries."""

    gate: GateOptions
    maps: tuple[str, ...] = ()
    summaries: tuple[str, ...] = ()
    accept_claimed_digests: bool = False
    summary_days: float = 30.0
    deadline: float = 8.0
    remember: float = 60.0
    workers: int = 2


def judge_for(options: AdmissionOptions) -> Judge:
    """Raises ``UsageError`` where nothing could ever be admitted, ``ConfigurationError`` for a bad policy."""
    from violet.services.evidence import open_store, trusted
    from violet.services.policies import open_policy

    gate = options.gate
    opened = open_policy(gate.policy, gate.config, isolated=gate.isolated)
    mappings = tuple(Mapping.parse(text) for text in options.maps)
    if not mappings and not options.accept_claimed_digests:
        raise UsageError(
            "No model can be reached, so none could ever be admitted.",
            "Say where addresses are found: --map s3://models/=/mnt/models",
        )
    stores: tuple[Store, ...] = tuple(open_store(path) for path in options.summaries)
    if options.accept_claimed_digests and not stores:
        raise UsageError("Nothing says where the verification summaries are.", "Give --summaries DIRECTORY.")

    def policy() -> str:
        now = open_policy(gate.policy, gate.config, isolated=gate.isolated)
        return now.digest.value if now.policy is not None and now.digest is not None else ""

    def ask(path: str) -> GateDecision:
        return decide(replace(gate, path=path, summary=False))

    return Judge(
        ask,
        JudgeOptions(
            environment=gate.environment,
            mappings=mappings,
            deadline=options.deadline,
            remember=options.remember,
            workers=max(1, options.workers or os.cpu_count() or 1),
            accept_claimed_digests=options.accept_claimed_digests,
            summary_age=options.summary_days * 86_400,
            policy=policy,
        ),
        stores,
        trusted(opened.configuration, gate.trust),
    )
