"""``violet gate`` and ``violet policy`` as users meet them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.services.gate.conftest import built, place  # noqa: F401
from tests.services.gate.world import World
from violet.faces.cli.main import entry


def violet(capsys: pytest.CaptureFixture[str], line: str, code: int) -> str:
    """What a command prints; for mistakes, what it says on standard error."""
    capsys.readouterr()
    assert entry(shlex.split(line)) == code, capsys.readouterr()
    said = capsys.readouterr()
    return said.err if code == 2 else said.out


def stable(text: str) -> str:
    """Without what differs from run to run."""
    text = re.sub(r"[0-9a-f]{16}-[0-9a-f]{16}\.dsse", "SUBJECT-ENVELOPE.dsse", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)
    text = re.sub(r"-[0-9a-f]{16}\.dsse", "-ID.dsse", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME", text)
    return re.sub(r"\d{4}-\d\d-\d\d", "DAY", text)


@pytest.fixture
def proven(place: World, capsys: pytest.CaptureFixture[str]) -> World:  # noqa: F811
    """The good model and the trojan, both signed and scanned by those who are trusted."""
    from tests.services.gate.world import TRUST
    from violet.policy.presets import text

    place.policy(text("baseline"), TRUST)
    for model in ("good.pkl", "trojan.pkl"):
        place.sign(model)
        violet(capsys, f"attest scan {model} --key ci.pem", 0 if model == "good.pkl" else 1)
    return place


def test_a_model_that_is_allowed(
    proven: World, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion
) -> None:
    assert stable(violet(capsys, "gate good.pkl", 0)) == snapshot


def test_a_model_that_is_denied(proven: World, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    assert stable(violet(capsys, "gate trojan.pkl --key gate.pem", 1)) == snapshot


def test_a_model_of_which_nothing_is_known(
    place: World,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    snapshot: SnapshotAssertion,
) -> None:
    assert stable(violet(capsys, "gate good.pkl", 1)) == snapshot


def test_no_policy(
    place: World,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    snapshot: SnapshotAssertion,
) -> None:
    Path("violet.toml").unlink()
    assert stable(violet(capsys, "gate good.pkl", 1)) == snapshot


def test_explain(proven: World, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    violet(capsys, "gate init --preset strict --output strict.toml", 0)
    assert violet(capsys, "policy explain --policy strict.toml --environment production", 0) == snapshot
    explained = json.loads(violet(capsys, "policy explain --policy strict.toml --format json", 0))
    assert explained["schema"] == "violet-policy-explain/1"
    assert [entry["name"] for entry in explained["requirements"]][:2] == ["scan-complete", "no-medium-findings"]


@pytest.mark.parametrize("preset", ["baseline", "strict", "eu-high-risk"])
def test_presets_are_written_once(place: World, capsys: pytest.CaptureFixture[str], preset: str) -> None:  # noqa: F811
    printed = violet(capsys, f"gate init --preset {preset}", 0)
    violet(capsys, f"gate init --preset {preset} --output new.toml", 0)
    assert Path("new.toml").read_text(encoding="utf-8") == printed
    assert "is not replaced" in violet(capsys, "gate init --output new.toml", 2)
    assert violet(capsys, "gate good.pkl --policy new.toml", 1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gate", "MODEL"),
        ("gate good.pkl --preset strict", "violet gate init"),
        ("gate init --preset loose", "There is no preset"),
        ("gate good.pkl --format yaml", "invalid choice"),
        ("gate good.pkl --output x.unknown", "which format"),
        ("gate good.pkl --summary-days 0", "--summary-days"),
        ("gate good.pkl --key absent.pem", "absent.pem"),
        ("gate good.pkl --evidence absent", "no directory"),
        ("gate good.pkl --trust release=ann.pem.pub", "two trusted signers"),
        ("gate good.pkl --config absent.toml", "cannot be read"),
        ("policy", "action"),
        ("policy test", "no cases"),
        ("policy test absent.json", "cannot be read"),
        ("policy explain something", "takes no"),
        ("policy explain --environment staging", "says nothing"),
        ("policy explain --format junit", "JUnit"),
        ("policy waive", "--reason"),
        ("policy waive --reason a --owner b --approver c --until 2999-01-01", "fingerprints"),
        ("policy waive 0 --reason a --owner b --approver c --until tomorrow --key security.pem", "is no day"),
        ("policy waive --requirement signed --reason a --owner b --approver c --until 2999-01-01", "--model"),
        ("policy waive --requirement sgned --model x --reason a --owner b --approver c --until 2999-01-01", "'signed'"),
        ("policy waive 0 --reason a --owner b --approver c --until 2999-01-01", "no key to sign with"),
    ],
)
def test_mistakes_are_explained(proven: World, capsys: pytest.CaptureFixture[str], line: str, message: str) -> None:
    assert message in violet(capsys, line, 2)


def test_a_model_that_is_not_there(proven: World, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert entry(["gate", "absent.pkl"]) in (2, 3)
    assert "absent.pkl" in capsys.readouterr().err


def test_every_format_of_a_denial(proven: World, capsys: pytest.CaptureFixture[str]) -> None:
    files = "gate.json gate.sarif gate.xml gate.md gate.html gate.txt".split()
    outputs = " ".join(f"--output {name}" for name in files)
    assert violet(capsys, f"gate trojan.pkl --quiet {outputs}", 1) == ""
    decision = json.loads(Path("gate.json").read_text(encoding="utf-8"))
    assert (decision["schema"], decision["verdict"], decision["exit_code"]) == ("violet-gate/1", "deny", 1)
    by_name = {entry["name"]: entry for entry in decision["requirements"]}
    assert by_name["no-high-findings"]["outcome"] == "not-met"
    assert by_name["no-high-findings"]["findings"][0]["rule"] == "artifact/pickle-dangerous-call"
    assert by_name["signed"]["outcome"] == "met"
    results = json.loads(Path("gate.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    rules = {result["ruleId"]: result["level"] for result in results}
    assert rules["gate/no-high-findings"] == "error"
    assert rules["gate/no-medium-findings"] == "warning"
    assert "artifact/pickle-dangerous-call" in rules
    assert "gate/signed" not in rules
    suite = ElementTree.parse("gate.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "0")
    assert "## Violet gate: denied" in Path("gate.md").read_text(encoding="utf-8")
    assert "<script" not in Path("gate.html").read_text(encoding="utf-8")
    assert "DENY" in Path("gate.txt").read_text(encoding="utf-8")


def test_the_printed_command_decides_again(proven: World, capsys: pytest.CaptureFixture[str]) -> None:
    decision = json.loads(violet(capsys, "gate trojan.pkl --format json", 1))
    again = json.loads(violet(capsys, f"{decision['command'].removeprefix('violet ')} --format json", 1))
    for value in (decision, again):
        value.pop("time")
    assert decision == again


def test_commands_that_make_evidence_lead_to_an_allowance(place: World, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    """Following what the denial says, step by step."""
    from tests.services.gate.world import TRUST
    from violet.policy.presets import text

    place.policy(text("baseline"), TRUST)
    decision = json.loads(violet(capsys, "gate good.pkl --format json", 1))
    fixes = {entry["name"]: entry["fix"] for entry in decision["requirements"]}
    sign = fixes["signed"].replace("KEY", "release.pem")
    scan = fixes["scan-complete"].replace("KEY", "ci.pem")
    for line in (sign, scan):
        assert entry(shlex.split(line)[1:]) == 0
    violet(capsys, "gate good.pkl", 0)


def test_a_waiver_from_start_to_end(
    proven: World, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion
) -> None:
    decision = json.loads(violet(capsys, "gate trojan.pkl --format json", 1))
    print_ = decision["requirements"][1]["findings"][0]["fingerprint"]
    import datetime

    until = (datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(20)).isoformat()
    about = f"--reason 'a drill' --owner ann --approver security --until {until} --key security.pem"
    assert "would not count" in violet(capsys, f"policy waive {print_} {about.replace('ann', 'security')}", 2)
    assert stable(violet(capsys, f"policy waive {print_} {about}", 0)) == snapshot(name="written")
    assert stable(violet(capsys, "gate trojan.pkl", 0)) == snapshot(name="waived")
    assert stable(violet(capsys, "policy waivers", 0)) == snapshot(name="listed")
    assert violet(capsys, "scan trojan.pkl", 0)
    assert violet(capsys, "scan trojan.pkl --isolated", 1)
    (path,) = Path("violet.waivers").iterdir()
    path.write_text(path.read_text(encoding="utf-8").replace('"sig":"M', '"sig":"N'), encoding="utf-8")
    assert stable(violet(capsys, "policy waivers", 1)) == snapshot(name="tampered")
    assert "does not count" in " ".join(violet(capsys, "scan trojan.pkl", 1).split())
    assert json.loads(violet(capsys, "policy waivers --format json", 1))["waivers"][0]["status"] == "tampered"
    assert violet(capsys, "gate trojan.pkl", 1)


def test_recorded_cases(proven: World, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    Path("cases").mkdir()
    violet(capsys, "gate good.pkl --record cases/good.json", 0)
    violet(capsys, "gate trojan.pkl --record cases/trojan.json", 1)
    assert violet(capsys, "policy test cases", 0) == snapshot(name="passed")
    assert violet(capsys, "policy test cases --mutations", 1) == snapshot(name="mutations")
    policy = Path("violet.toml").read_text(encoding="utf-8")
    Path("violet.toml").write_text(policy.replace('severity("high")', 'severity("info")'), encoding="utf-8")
    assert violet(capsys, "policy test cases", 0)  # both come out the same: nothing is below info
    Path("violet.toml").write_text(policy.replace("scan.complete", "!scan.complete"), encoding="utf-8")
    assert violet(capsys, "policy test cases", 1) == snapshot(name="failed")
    tested = json.loads(violet(capsys, "policy test cases --format json", 1))
    assert [bool(case["mismatches"]) for case in tested["cases"]] == [True, True]
    suite = ElementTree.fromstring(violet(capsys, "policy test cases --format junit", 1))
    assert suite.get("failures") == "2"


def test_the_policy_may_stand_in_pyproject(place: World, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    Path("violet.toml").unlink()
    Path("pyproject.toml").write_text(
        "[tool.violet.gate.requirements.small]\nexpression = 'model.size < 1000000000'\n", encoding="utf-8"
    )
    violet(capsys, "gate good.pkl", 0)
    Path("pyproject.toml").write_text("[tool.other]\nx = 1\n", encoding="utf-8")
    violet(capsys, "gate good.pkl", 1)
    violet(capsys, "gate good.pkl --policy pyproject.toml", 1)
