"""What somebody tried in order to be let through who should not be."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.services.gate.test_swaps import CLEAN, denied_for_change, during_the_scan
from tests.services.gate.world import NOW, World, outcomes
from violet.domain import ConfigurationError, UsageError, Verdict
from violet.domain.gate import Outcome
from violet.services import configuration, policies

FOR_BOTH = """
[trust.signers.release]
key = "release.pem.pub"
vouches_for = ["provenance"]
[trust.signers.ci]
key = "ci.pem.pub"
vouches_for = ["test-result"]
"""


def test_a_report_under_another_name_is_no_report(place: World) -> None:
    """Who may say how a model was built signs what looks like a clean scan."""
    from violet.provenance.envelope import decode

    place.policy(CLEAN, FOR_BOTH)
    clean = json.loads(decode(Path(place.attest("good.pkl")).read_bytes()).payload)["predicate"]
    place.state("trojan.pkl", "provenance", clean, key="release", check="scan")
    decision = place.decide("trojan.pkl")
    assert decision.verdict is Verdict.DENY
    assert outcomes(decision) == {"clean": Outcome.UNKNOWN}
    place.state("trojan.pkl", "test-result", clean, key="release", check="scan")
    assert place.decide("trojan.pkl").verdict is Verdict.DENY


@pytest.mark.parametrize("inside", ["configuration", "key", "named key"])
def test_nobody_is_believed_because_the_model_says_so(place: World, inside: str) -> None:
    tree = place.root / "tree"
    place.policy(CLEAN)
    (tree / "mine.pub").write_bytes(Path("stranger.pem.pub").read_bytes())
    more: dict[str, Any] = {"policy": "violet.toml"}
    if inside == "configuration":
        (tree / "violet.toml").write_text('[trust.signers.me]\nkey = "mine.pub"\n', encoding="utf-8")
        more["config"] = "tree/violet.toml"
    elif inside == "key":
        os.symlink("tree/mine.pub", "looks-outside.pub")
        place.policy(CLEAN, '[trust.signers.me]\nkey = "looks-outside.pub"\n')
    else:
        more["trust"] = ("me=tree/mine.pub",)
    with pytest.raises(UsageError, match="whose maker could have written it"):
        place.decide("tree", **more)


def test_a_policy_that_changes_while_it_is_read_is_not_taken(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    place.policy(CLEAN)
    load = configuration.load

    def late(*arguments: Any, **more: Any) -> Any:
        loaded = load(*arguments, **more)
        place.policy(CLEAN, '[trust.signers.me]\nkey = "stranger.pem.pub"\n')
        return loaded

    monkeypatch.setattr(policies, "load", late)
    with pytest.raises(ConfigurationError, match="changed while it was read"):
        place.decide("good.pkl", policy="violet.toml")


@pytest.mark.parametrize("masked", [False, True])
def test_the_directory_above_is_swapped_and_swapped_back(
    place: World, monkeypatch: pytest.MonkeyPatch, masked: bool
) -> None:
    for name in ("good", "trojan"):
        Path(f"all/{name}/deep").mkdir(parents=True)
        Path(f"all/{name}/deep/model.pkl").write_bytes(Path(f"{name}.pkl").read_bytes())

    def swap() -> None:
        os.rename("all/trojan", "all/aside")
        os.rename("all/good", "all/trojan")

    def back() -> None:
        os.rename("all/trojan", "all/good")
        os.rename("all/aside", "all/trojan")
        if masked:  # so that its times look as if only a file were new
            Path("all/trojan/notes").write_text("", encoding="utf-8")

    assert denied_for_change(during_the_scan(place, monkeypatch, "all/trojan/deep/model.pkl", swap, back))


def test_what_happens_beside_the_model_is_no_change(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("all/good").mkdir(parents=True)
    Path("all/good/model.pkl").write_bytes(Path("good.pkl").read_bytes())
    decision = during_the_scan(place, monkeypatch, "all/good/model.pkl", Path("all/good/notes").touch)
    assert decision.verdict is Verdict.ALLOW


def test_a_summary_of_an_allowance_is_no_evidence_of_a_scan(place: World) -> None:
    place.policy(CLEAN)
    assert place.decide("good.pkl", run_missing=True, key="gate.pem").verdict is Verdict.ALLOW
    assert place.decide("good.pkl").verdict is Verdict.DENY


def test_variables_of_the_environment_name_nobody_to_believe(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    place.policy(CLEAN)
    place.attest("good.pkl", key="stranger")
    monkeypatch.setenv("VIOLET_TRUST_SIGNERS", "stranger.pem.pub")
    monkeypatch.setenv("VIOLET_GATE_REQUIREMENTS", "{}")
    monkeypatch.setenv("VIOLET_POLICY_FAIL_ON", "critical")
    assert place.decide("good.pkl").verdict is Verdict.DENY


def test_a_clock_ahead_lets_no_old_report_through(place: World) -> None:
    place.policy(CLEAN)
    place.attest("good.pkl", now=NOW + datetime.timedelta(hours=1))
    decision = place.decide("good.pkl")
    assert [refusal.code for refusal in decision.refused] == ["not-yet-valid"]
    assert decision.verdict is Verdict.DENY
