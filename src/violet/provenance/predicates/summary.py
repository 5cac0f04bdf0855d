"""That an artifact met a policy, or did not: the SLSA verification summary, version 1.

Source: SLSA specification v1.1, "Verification Summary Attestation (VSA)". ``levels`` may hold words of our own,
which must not begin with ``SLSA_``; where the policy was not met it is ``FAILED``.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from violet.provenance.predicates.resource import Fields, PredicateError, Resource
from violet.provenance.statement import timestamp

PASSED, FAILED = "PASSED", "FAILED"


@dataclass(frozen=True, slots=True)
class Summary:
    """``verifier`` is a URI; ``resource`` the URI under which the artifact was verified, environment and all;
    ``policy`` has a uri, and the digest of the policy's text; ``inputs`` are the attestations relied upon."""

    verifier: str
    verified: datetime.datetime
    resource: str
    policy: Resource
    passed: bool
    levels: tuple[str, ...] = ()
    inputs: tuple[Resource, ...] = ()
    slsa_version: str = "1.1"

    def encode(self) -> dict[str, Any]:
        if not self.policy.uri:
            raise PredicateError("the policy of a summary needs a uri")
        if any(not entry.digests for entry in self.inputs):
            raise PredicateError("every input attestation of a summary needs a digest")
        value: dict[str, Any] = {
            "verifier": {"id": self.verifier},
            "timeVerified": timestamp(self.verified),
            "resourceUri": self.resource,
            "policy": self.policy.encode(),
            "verificationResult": PASSED if self.passed else FAILED,
            "verifiedLevels": list(self.levels) if self.passed else [FAILED],
            "slsaVersion": self.slsa_version,
        }
        if self.inputs:
            value["inputAttestations"] = [entry.encode() for entry in self.inputs]
        return value

    @classmethod
    def decode(cls, value: Mapping[str, Any]) -> Summary:
        reader = Fields(value, "the summary")
        result = reader.text("verificationResult")
        if result not in (PASSED, FAILED):
            raise PredicateError(f"the verification result is {result[:40]!r}, neither {PASSED} nor {FAILED}")
        verified = reader.time("timeVerified")
        if verified is None:
            raise PredicateError("the summary lacks timeVerified")
        reader.inner("policy")
        return cls(
            verifier=reader.inner("verifier").text("id"),
            verified=verified,
            resource=reader.text("resourceUri"),
            policy=Resource.decode(value["policy"]),
            passed=result == PASSED,
            levels=reader.texts("verifiedLevels"),
            inputs=reader.resources("inputAttestations"),
            slsa_version=reader.text("slsaVersion", ""),
        )
