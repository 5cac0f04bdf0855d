"""A model that is changed or swapped while the gate is at work is denied, whatever was seen of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services.gate.world import World
from violet.domain import Verdict
from violet.domain.gate import GateDecision
from violet.services.gate import reports

CLEAN = """
[gate.requirements.clean]
expression = 'findings.all(f, f.severity < severity("high"))'
"""


def during_the_scan(
    place: World,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    before: Callable[[], object],
    after: Callable[[], object] = lambda: None,
) -> GateDecision:
    """The gate's decision where something happens just before and just after its scan."""
    place.policy(CLEAN)
    scan = reports.live

    def live(request: object) -> object:
        before()
        try:
            return scan(request)  # type: ignore[arg-type]
        finally:
            after()

    monkeypatch.setattr(reports, "live", live)
    return place.decide(model, run_missing=True, cache=False, key="gate.pem")


def denied_for_change(decision: GateDecision) -> bool:
    changed = decision.reasons[:1] and "changed while the gate was at work" in decision.reasons[0]
    return decision.verdict is Verdict.DENY and decision.exit_code == 1 and bool(changed) and not decision.summary


def test_nothing_happens(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = during_the_scan(place, monkeypatch, "good.pkl", lambda: None)
    assert decision.verdict is Verdict.ALLOW
    assert decision.summary


def test_a_file_is_rewritten(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = Path("trojan.pkl").read_bytes()
    decision = during_the_scan(
        place, monkeypatch, "good.pkl", lambda: None, lambda: Path("good.pkl").write_bytes(evil) and None
    )
    assert denied_for_change(decision)


def test_a_file_is_rewritten_with_its_size_and_time(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who sets the modification time back cannot set the change time."""
    content = bytearray(Path("good.pkl").read_bytes())
    content[-20] ^= 1
    status = os.stat("good.pkl")

    def rewrite() -> None:
        with open("good.pkl", "r+b") as file:
            file.write(content)
        os.utime("good.pkl", ns=(status.st_atime_ns, status.st_mtime_ns))

    assert denied_for_change(during_the_scan(place, monkeypatch, "good.pkl", rewrite))


def test_the_good_twin_stands_in_for_the_scan(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trojan is hashed, the good one scanned, and the trojan put back before the end."""
    os.link("trojan.pkl", "model.pkl")

    def swap() -> None:
        os.rename("model.pkl", "aside")
        os.link("good.pkl", "model.pkl")

    def back() -> None:
        os.rename("aside", "model.pkl")

    decision = during_the_scan(place, monkeypatch, "model.pkl", swap, back)
    assert denied_for_change(decision)


def test_a_link_on_the_way_is_turned_and_turned_back(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("good", "trojan"):
        Path(f"{name}-v").mkdir()
        Path(f"{name}-v/model.pkl").write_bytes(Path(f"{name}.pkl").read_bytes())
    os.symlink("trojan-v", "current")

    def point(name: str) -> None:
        os.symlink(f"{name}-v", "next")
        os.replace("next", "current")

    decision = during_the_scan(place, monkeypatch, "current/model.pkl", lambda: point("good"), lambda: point("trojan"))
    assert denied_for_change(decision)


def test_a_file_joins_a_directory(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = during_the_scan(
        place, monkeypatch, "tree", lambda: None, lambda: Path("tree/late.pkl").write_bytes(b"N.") and None
    )
    assert denied_for_change(decision)


def test_a_file_leaves_a_directory_and_comes_back(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = during_the_scan(
        place,
        monkeypatch,
        "tree",
        lambda: os.rename("tree/model.pkl", "aside"),
        lambda: os.rename("aside", "tree/model.pkl"),
    )
    assert denied_for_change(decision)


def test_the_model_goes_away(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = during_the_scan(place, monkeypatch, "good.pkl", lambda: None, lambda: os.unlink("good.pkl"))
    assert denied_for_change(decision)


def test_evidence_that_is_written_meanwhile_is_no_change(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = during_the_scan(place, monkeypatch, "good.pkl", lambda: place.attest("good.pkl") and None)
    assert decision.verdict is Verdict.ALLOW


def test_links_count_only_where_they_are_accepted(place: World) -> None:
    from violet.domain import VioletError

    place.policy(CLEAN)
    os.symlink("model.pkl", "tree/again.pkl")
    with pytest.raises(VioletError, match="symbolic link"):
        place.decide("tree", run_missing=True)
    assert place.decide("tree", run_missing=True, links=True).verdict is Verdict.ALLOW
    os.symlink("../trojan.pkl", "tree/out.pkl")
    with pytest.raises(VioletError, match="out of the model"):
        place.decide("tree", run_missing=True, links=True)


def test_a_key_that_cannot_be_used_is_said_first(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from violet.provenance.keys import KeyFileError

    place.policy(CLEAN)
    monkeypatch.setattr(reports, "live", lambda request: pytest.fail("the scan was begun"))
    with pytest.raises(KeyFileError):
        place.decide("good.pkl", run_missing=True, key="absent.pem")


def test_a_change_that_the_kernel_did_not_date_is_seen_in_the_content(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory that was mapped before may be written to without a trace in any time."""
    from violet.services.gate.fence import Fence

    monkeypatch.setattr(Fence, "breach", lambda self: "")
    evil = Path("trojan.pkl").read_bytes()
    decision = during_the_scan(place, monkeypatch, "good.pkl", lambda: None, lambda: Path("good.pkl").write_bytes(evil))
    assert denied_for_change(decision)
