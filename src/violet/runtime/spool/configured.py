"""A spool as the guard's policy wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from violet.runtime.spool.options import SpoolOptions
from violet.runtime.spool.redaction import Redaction, Redactor
from violet.runtime.spool.writer import Spool

if TYPE_CHECKING:
    from violet.domain.guarding import RedactionPolicy, SpoolPolicy

GONE = "[redacted]"


def spool_options(policy: SpoolPolicy) -> SpoolOptions:
    """Raises ``ConfigurationError`` for what cannot be."""
    return SpoolOptions(
        share=policy.sample,
        bodies=policy.bodies,
        limit=policy.most_bytes,
        # An open segment counts twice, and every worker has one: fifteen of them must find room.
        segment_bytes=min(policy.segment_bytes, policy.most_bytes // 32),
        keep_seconds=policy.days * 86_400.0,
    )


def redaction(policy: RedactionPolicy, order: tuple[str, ...] = ()) -> Redaction:
    """``order`` names the columns of rows that come without names: those of the model's profile."""
    how = policy.how
    return Redaction(
        columns=tuple((int(column) if column.isdecimal() else column, how) for column in policy.columns),
        request=tuple((path, how) for path in policy.paths),
        response=tuple((path, how) for path in policy.paths),
        texts=tuple((pattern, GONE) for pattern in policy.patterns),
        clients="hash" if policy.clients else "keep",
        addresses="hash" if policy.clients else "keep",
        order=order,
    )


def open_spool(
    policy: SpoolPolicy,
    rules: RedactionPolicy,
    *,
    key: bytes,
    worker: str,
    model: str = "",
    order: tuple[str, ...] = (),
    say: Callable[[str], None] = lambda sentence: None,
) -> Spool:
    """``key`` is for hashes of what is redacted. Raises ``ConfigurationError``."""
    wanted = redaction(rules, order)
    redactor = None if wanted.empty else Redactor(wanted, key, bodies=policy.bodies)
    options = spool_options(policy)
    return Spool(policy.directory, options, worker=worker, model=model, redactor=redactor, say=say)
