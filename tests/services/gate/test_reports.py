"""What the gate makes of signed reports of scans, one by one and together."""

from __future__ import annotations

import datetime
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from violet.domain import (
    Asset,
    Confidence,
    ConfigurationError,
    Digest,
    Failed,
    Finding,
    Location,
    Report,
    Severity,
    VioletError,
)
from violet.domain.provenance import Attestation, Statement
from violet.policy.gate import Settings
from violet.provenance.statement import PREDICATES
from violet.services.gate import reports
from violet.services.gate.gather import _guarded
from violet.services.gate.reports import Believed, combined

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
FINDING = Finding("r", Severity.LOW, Confidence.HIGH, "m", Location("m.pkl"), key="k", logical_path="m.pkl")
ASKED: Any = SimpleNamespace(settings=Settings(), now=NOW, stores=())


def attestation(check: str = "scan", issued: datetime.datetime | None = NOW) -> Attestation:
    statement = Statement((), PREDICATES["test-result"], {})
    return Attestation(f"{check}.json", statement, ("ci",), ("0",), Digest("sha256", "0" * 64), issued, check=check)


def believed(*findings: Finding, check: str = "scan", **more: Any) -> Believed:
    report = Report("scan", "1", (Asset("m.pkl", "pickle", 1),), findings, **more)
    return Believed(attestation(check), report, datetime.timedelta(0))


def variables(*entries: Believed) -> Any:
    return combined(ASKED, entries, ()).variables


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_opinions_the_worse_one_counts(order: int) -> None:
    both = (believed(FINDING), believed(replace(FINDING, severity=Severity.CRITICAL)))
    assert [item["level"] for item in variables(*both[::order])["findings"]] == ["critical"]


@pytest.mark.parametrize("order", [1, -1])
def test_what_one_could_not_read_is_not_complete(order: int) -> None:
    both = (believed(), believed(failed=(Failed(Location("m.pkl"), "It ended early."),)))
    assert variables(both[0])["scan"]["complete"]
    assert not variables(*both[::order])["scan"]["complete"]


@pytest.mark.parametrize("order", [1, -1])
def test_one_shallow_report_makes_all_of_them_shallow(order: int) -> None:
    both = (believed(), believed(check="scan-deep"))
    assert variables(both[1])["scan"]["deep"]
    assert not variables(*both[::order])["scan"]["deep"]


def test_a_report_without_a_date_is_not_believed() -> None:
    evidence: Any = SimpleNamespace(attestations=(attestation(issued=None),))
    found, problems = reports.attested(ASKED, evidence)
    assert (found, problems) == ([], ("scan.json does not say when it was made.",))


def test_a_mistake_of_the_operator_is_no_missing_evidence() -> None:
    def make(error: VioletError) -> Any:
        def maker(request: Any, evidence: Any) -> Any:
            raise error

        return _guarded("scan", maker, ASKED, ASKED)

    with pytest.raises(ConfigurationError):
        make(ConfigurationError("The setting is wrong."))
    missing = make(VioletError("It cannot be read.")).missing
    assert (missing.source, missing.failed) == ("scan", True)
