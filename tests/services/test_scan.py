"""The scan as a whole, through real workers."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.conftest import HOSTILE
from violet.domain import ConfigurationError, Report, Severity, UsageError
from violet.policy import Policy
from violet.services.baseline import accept, baseline_text, read_baseline
from violet.services.judgement import judge
from violet.services.options import ScanOptions
from violet.services.scan import scan


def options(*paths: Path, **changes: object) -> ScanOptions:
    return replace(ScanOptions(paths=tuple(map(str, paths))), **changes)  # type: ignore[arg-type]


def rules(report: Report) -> list[tuple[str, str]]:
    return [(f.logical_path, f.rule) for f in report.findings]


def test_hostile_files_are_found_and_harmless_ones_are_not(zoo: Path) -> None:
    report = scan(options(zoo))
    assert {path for path, _ in rules(report)} == {"evil.pkl", "below/evil.pkl"}
    assert {asset.path for asset in report.assets} == {str(path) for path in zoo.rglob("*.pkl")}
    assert not report.skipped
    assert not report.failed


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_the_report_does_not_depend_on_the_scheduling(zoo: Path, jobs: int) -> None:
    for number in range(120):
        (zoo / f"{number % 10}-{number}.pkl").write_bytes(HOSTILE if number % 3 else b"N.")
    first = scan(options(zoo, jobs=1))
    assert scan(options(zoo, jobs=jobs)) == first
    paths = [finding.location.path for finding in first.findings]
    assert paths == sorted(paths)


def test_fingerprints_do_not_depend_on_the_place(zoo: Path, tmp_path: Path) -> None:
    first = [f.fingerprint for f in scan(options(zoo)).findings]
    moved = tmp_path / "elsewhere" / "deeper"
    moved.parent.mkdir()
    zoo.rename(moved)
    assert [f.fingerprint for f in scan(options(moved)).findings] == first


def test_nothing_named_is_wrong_usage() -> None:
    with pytest.raises(UsageError):
        scan(ScanOptions())


def test_an_empty_directory_is_not_clean(tmp_path: Path) -> None:
    _, decision = judge(scan(options(tmp_path)), Policy())
    assert decision.exit_code == 3


def test_unreadable_files_fail(zoo: Path) -> None:
    """A file that vanishes between the walk and the examination cannot be opened by the worker."""
    seen: list[str] = []

    def vanish() -> None:
        seen.append("called")

    target = zoo / "zzz.pkl"
    target.write_bytes(b"N.")
    from violet.services import scan as module

    walk = module._walk(options(zoo))
    target.unlink()
    results = module._examine_all(walk.targets, options(zoo), None, vanish)
    report = module._report(walk, results)
    assert seen == ["called"]
    assert [f.location.path for f in report.failed] == [str(target)]


def test_memory_and_time_limits_become_findings(zoo: Path) -> None:
    """A pickle that is a long loop's worth of work gets a limit it cannot keep."""
    (zoo / "long.pkl").write_bytes(b"(" + b"N0" * 8_000_000 + b"N.")
    report = scan(options(zoo / "long.pkl", zoo / "evil.pkl", timeout=0.4))
    deaths = {f.logical_path: f for f in report.findings if f.rule == "artifact/worker-death"}
    assert set(deaths) == {"long.pkl"}
    assert deaths["long.pkl"].severity is Severity.HIGH
    assert [s.location.path for s in report.skipped] == [str(zoo / "long.pkl")]
    assert any(f.logical_path == "evil.pkl" for f in report.findings)


def test_progress_counts_every_file(zoo: Path) -> None:
    calls: list[tuple[int, int, str]] = []
    scan(options(zoo), lambda done, total, path: calls.append((done, total, path)))
    assert [(done, total) for done, total, _ in calls] == [(n, 4) for n in range(1, 5)]
    assert {path for _, _, path in calls} == {str(path) for path in zoo.rglob("*.pkl")}


def test_bounds_reach_the_workers(zoo: Path) -> None:
    with zipfile.ZipFile(zoo / "many.zip", "w") as archive:
        for number in range(50):
            archive.writestr(f"{number}.pkl", b"N.")
    narrow = scan(options(zoo / "many.zip", bounds=(("members", 10),)))
    assert any("10 members" in finding.message for finding in narrow.findings)
    assert not scan(options(zoo / "many.zip")).findings


def test_baseline_accepts_what_is_in_it_and_no_more(zoo: Path, tmp_path: Path) -> None:
    first = scan(options(zoo))
    file = tmp_path / "baseline.json"
    file.write_text(baseline_text(first), encoding="utf-8")
    again = scan(options(zoo, baseline=str(file)))
    assert not again.findings
    assert set(again.accepted) == set(first.findings)
    (zoo / "new.pkl").write_bytes(HOSTILE)
    third = scan(options(zoo, baseline=str(file)))
    assert {path for path, _ in rules(third)} == {"new.pkl"}


def test_a_json_report_is_a_baseline(zoo: Path, tmp_path: Path) -> None:
    from violet.domain import Decision, Verdict
    from violet.report import View, render

    report = scan(options(zoo))
    file = tmp_path / "report.json"
    file.write_text(render(View(report, Decision(Verdict.DENY)), "json"), encoding="utf-8")
    assert read_baseline(str(file)) == {f.fingerprint for f in report.findings}
    assert not accept(report, read_baseline(str(file))).findings


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"findings": 1}', '{"findings": [1]}', '{"findings": [{"rule": "x"}]}', "[" * 100_000],
)
def test_a_bad_baseline_is_an_error(tmp_path: Path, content: str) -> None:
    file = tmp_path / "b.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError):
        read_baseline(str(file))
    with pytest.raises(ConfigurationError):
        read_baseline(str(tmp_path / "absent"))


def test_the_baseline_can_be_read_in_a_review(zoo: Path) -> None:
    entries = json.loads(baseline_text(scan(options(zoo))))["findings"]
    assert {entry["path"] for entry in entries} == {"evil.pkl", "below/evil.pkl"}
    assert all(entry["rule"] and entry["message"] for entry in entries)
