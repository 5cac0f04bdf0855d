"""That something must not be used any more: poisoned data, stolen code, a trojaned model.

A predicate of Violet's own, ``urn:violet-mlsecops:revocation:v1``:

    {"reason": "...", "revokedOn": "2026-11-02T09:00:00Z", "reference": "..."}

``reason`` is required. The statement's subject is what is revoked, by digest. A revocation is negative evidence:
whoever can remove files can remove it, so keep revocations where those who ship models cannot write.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from violet.provenance.predicates.resource import Fields, PredicateError
from violet.provenance.statement import timestamp


@dataclass(frozen=True, slots=True)
class Revocation:
    reason: str
    revoked: datetime.datetime | None = None
    reference: str = ""

    def encode(self) -> dict[str, Any]:
        if not self.reason.strip():
            raise PredicateError("a revocation needs a reason")
        value: dict[str, Any] = {"reason": self.reason}
        if self.revoked:
            value["revokedOn"] = timestamp(self.revoked)
        if self.reference:
            value["reference"] = self.reference
        return value

    @classmethod
    def decode(cls, value: Mapping[str, Any]) -> Revocation:
        reader = Fields(value, "the revocation")
        return cls(reader.text("reason"), reader.time("revokedOn"), reader.text("reference", ""))
