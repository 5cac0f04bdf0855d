"""What lies in ``integrations/`` for other programs: every name in it exists, and the programs' own checks pass."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.runtime.alerts.made import alert, notices
from tests.runtime.test_metrics import filled
from violet.domain.alert import Response
from violet.intel.atlas import TECHNIQUES
from violet.runtime.alerts.documents import notice_document
from violet.runtime.metrics import FAMILIES, PREFIX

ROOT = Path(__file__).parents[3]
INTEGRATIONS = ROOT / "integrations"
SIGMA = sorted((INTEGRATIONS / "sigma").glob("*.yml"))


def exposed() -> set[str]:
    """Names of series that a guard exposes."""
    text = filled().expose()[1].decode()
    return {re.split(r"[{ ]", line)[0] for line in text.splitlines() if line and not line.startswith("#")}


def named(text: str) -> set[str]:
    return set(re.findall(rf"\b{PREFIX}[a-z0-9_]+", text))


# -- Grafana -----------------------------------------------------------------------------------------


def test_every_metric_of_the_dashboard_exists_and_every_metric_is_on_it() -> None:
    text = (INTEGRATIONS / "grafana" / "violet-guard.json").read_text()
    assert named(text) <= exposed()
    shown = named(text)
    for family in FAMILIES:
        name = PREFIX + family.name
        assert name in shown or f"{name}_bucket" in shown, f"{name} is not on the dashboard"


def test_the_dashboard_is_sound() -> None:
    dashboard = json.loads((INTEGRATIONS / "grafana" / "violet-guard.json").read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert all(panel["targets"] for panel in panels)
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, f"{panel['title']} lies on another panel"
        assert place["x"] + place["w"] <= 24
        taken |= cells
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]+)\b", json.dumps(panels)))
    assert used <= variables


@pytest.mark.parametrize("where", ["dashboard", "rules"])
def test_labels_in_queries_are_labels_of_the_metric(where: str) -> None:
    files = {"dashboard": "grafana/violet-guard.json", "rules": "prometheus/violet-guard.rules.yml"}
    text = (INTEGRATIONS / files[where]).read_text().replace('\\"', '"')
    labels = {PREFIX + family.name: {*family.labels, "job", "instance", "le"} for family in FAMILIES}
    for name, selector in re.findall(rf"({PREFIX}[a-z0-9_]+)\{{([^}}]*)\}}", text):
        known = labels[re.sub(r"_bucket$", "", name)]
        assert set(re.findall(r"([a-z_]+)[=!]", selector)) <= known, name


# -- Prometheus --------------------------------------------------------------------------------------


def test_every_metric_of_the_rules_exists() -> None:
    rules = yaml.safe_load((INTEGRATIONS / "prometheus" / "violet-guard.rules.yml").read_text())
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert named(" ".join(expressions)) <= exposed()
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    assert all({"summary", "description"} <= set(rule["annotations"]) for rule in alerts)
    tests = (INTEGRATIONS / "prometheus" / "violet-guard.test.yml").read_text()
    assert named(tests) <= exposed()


def test_promtool_runs_the_rules() -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool on this machine (Debian: prometheus)")
    place = INTEGRATIONS / "prometheus"
    for arguments in (["check", "rules", "violet-guard.rules.yml"], ["test", "rules", "violet-guard.test.yml"]):
        done = subprocess.run([program, *arguments], cwd=place, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "SUCCESS" in done.stdout + done.stderr


# -- Sigma -------------------------------------------------------------------------------------------


def matches(rule: dict[str, Any], document: dict[str, Any]) -> bool:
    """As much of the Sigma specification as the rules use: equality, ``startswith``, lists as alternatives."""
    assert rule["detection"]["condition"] == "selection"
    for name, wanted in rule["detection"]["selection"].items():
        field, _, modifier = name.partition("|")
        assert modifier in ("", "startswith")
        value = document[field]
        options = wanted if isinstance(wanted, list) else [wanted]
        hit = any(str(value).startswith(option) if modifier else value == option for option in options)
        if not hit:
            return False
    return True


def fired(**changes: Any) -> set[str]:
    document = notice_document(notices(alert(**changes))[-1], "/state")
    return {path.stem for path in SIGMA if matches(yaml.safe_load(path.read_text()), document)}


def test_there_is_a_rule_for_every_family_of_detectors() -> None:
    package = ROOT / "src" / "violet" / "detectors"
    families = {
        path.name for path in package.iterdir() if path.is_dir() and path.name not in ("__pycache__", "profile")
    }
    assert {f"violet_guard_{family}" for family in families} <= {path.stem for path in SIGMA}


@pytest.mark.parametrize("family", ["extraction", "evasion", "membership", "denial", "inputs", "outputs", "drift"])
def test_a_familys_rule_fires_for_its_own_alerts(family: str) -> None:
    assert fired(detector=f"{family}/x") == {f"violet_guard_{family}"}


def test_a_campaign_and_a_blocked_client_have_rules_of_their_own() -> None:
    blocked = fired(response=Response.REFUSE, enforced=True)
    assert blocked == {"violet_guard_extraction", "violet_guard_enforced"}
    told = notices(*(alert(client=client) for client in "abc"))[-1]
    document = notice_document(told, "/state")
    assert matches(yaml.safe_load((INTEGRATIONS / "sigma" / "violet_guard_campaign.yml").read_text()), document)


@pytest.mark.parametrize("path", SIGMA, ids=lambda path: path.stem)
def test_a_rule_has_what_sigma_asks(path: Path) -> None:
    rule = yaml.safe_load(path.read_text())
    assert list(rule) == [
        "title", "id", "status", "description", "references", "author", "date", "logsource", "detection", "fields",
        "falsepositives", "level",
    ]  # fmt: skip
    assert uuid.UUID(rule["id"]).version == 4
    assert len(rule["title"]) <= 110
    assert rule["level"] in ("informational", "low", "medium", "high", "critical")
    assert rule["logsource"] == {"product": "violet", "service": "guard"}
    for reference in rule["references"]:
        assert reference.removeprefix("https://atlas.mitre.org/techniques/") in TECHNIQUES, reference
    document = notice_document(notices(alert())[0], "/state")
    fields = {name.partition("|")[0] for name in rule["detection"]["selection"]} | set(rule["fields"])
    assert fields <= set(document)


def test_every_id_is_one_rules() -> None:
    ids = [yaml.safe_load(path.read_text())["id"] for path in SIGMA]
    assert len(set(ids)) == len(ids) == 9


def test_pysigma_reads_the_rules() -> None:
    collection = pytest.importorskip("sigma.collection", reason="pysigma is not installed")
    rules = collection.SigmaCollection.load_ruleset([str(path) for path in SIGMA]).rules
    assert [rule.errors for rule in rules] == [[]] * len(SIGMA)
