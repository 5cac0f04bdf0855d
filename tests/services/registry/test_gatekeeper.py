"""What stands between a version in a registry and an alias, with a gate that always allows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.services.registry.test_watch import NOON, MemoryRegistry
from violet.domain import Digest, UsageError, Verdict, VioletError
from violet.domain.gate import GateDecision
from violet.domain.provenance import Identity
from violet.domain.registry import ModelVersion
from violet.services.gate import GateOptions
from violet.services.registry import gatekeeper
from violet.services.registry.gatekeeper import Gatekeeper


@dataclasses.dataclass
class Stocked(MemoryRegistry):
    """Has one file for every version, and ``evidence`` with it."""

    evidence: tuple[str, ...] = ()
    tags: dict[str, str] = dataclasses.field(default_factory=dict)

    def fetch(self, version: ModelVersion, directory: str) -> str:
        path = Path(directory, "model.pkl")
        path.write_bytes(b"N.")
        return str(path)

    def fetch_evidence(self, version: ModelVersion, directory: str) -> str:
        for name in self.evidence:
            Path(directory, name).touch()
        return directory if self.evidence else ""

    def tag(self, version: ModelVersion, name: str, value: str) -> None:
        self.tags[name] = value


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[GateOptions]:
    seen: list[GateOptions] = []

    def decide(options: GateOptions) -> GateDecision:
        seen.append(options)
        identity = Identity("fraud", Digest("sha256", "ab" * 32), 2)
        return GateDecision(Verdict.ALLOW, 0, identity, options.path, "production", NOON, "")

    monkeypatch.setattr(gatekeeper, "decide", decide)
    return seen


def test_an_alias_that_somebody_moved_meanwhile_is_left(asked: list[GateOptions]) -> None:
    registry = Stocked({("fraud", "champion"): "1"})

    def somebody() -> None:  # before the second question
        if asked:
            registry.live["fraud", "champion"] = "9"

    registry.before_write = somebody
    with pytest.raises(UsageError, match="moved from 1 to 9"):
        Gatekeeper(registry, GateOptions("")).promote(ModelVersion("fraud", "2"), "champion")
    assert (registry.writes, registry.tags) == ([], {})


def test_of_two_signatures_none_is_chosen(asked: list[GateOptions]) -> None:
    registry = Stocked({}, evidence=("a.sig", "b.sig"))
    with pytest.raises(VioletError, match="2 signatures"):
        Gatekeeper(registry, GateOptions("")).ask(ModelVersion("fraud", "2", run_id="r"))
    assert not asked


def test_a_question_leaves_no_summary_and_believes_no_remembered_digest(asked: list[GateOptions]) -> None:
    Gatekeeper(Stocked({}, evidence=("a.sig",)), GateOptions("", key="k.pem")).ask(ModelVersion("fraud", "2"))
    (options,) = asked
    assert (options.summary, options.cache) == (False, False)
    assert options.signature.endswith("a.sig")
    assert not Path(options.path).exists()


@pytest.mark.parametrize("status", ["PENDING_REGISTRATION", "FAILED_REGISTRATION"])
def test_a_version_that_is_not_ready_is_not_promoted(asked: list[GateOptions], status: str) -> None:
    registry = Stocked({})
    with pytest.raises(VioletError, match=status):
        Gatekeeper(registry, GateOptions("")).promote(ModelVersion("fraud", "2", status=status), "champion")
    assert (asked, registry.writes) == ([], [])
