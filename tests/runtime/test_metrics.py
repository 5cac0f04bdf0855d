"""Metrics: counted cheaply, added up over workers, and in the form that Prometheus reads."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families

from tests.runtime.alerts.made import HOSTILE, alert
from violet.domain.guard_status import (
    ClientStatus,
    DetectorStatus,
    GuardStatus,
    QueueStatus,
    SharingStatus,
    SpoolStatus,
)
from violet.domain.incident_alert import DeskState, RouteState
from violet.runtime import metrics as module
from violet.runtime.metrics import BOUNDS, FAMILIES, PREFIX, Metrics


def status() -> GuardStatus:
    return GuardStatus(
        worker="0",
        at=1.0,
        started=0.0,
        mode="enforce",
        upstream_errors=3,
        known_clients=12,
        memory=1 << 27,
        clients=(ClientStatus("a", suspicion=0.4), ClientStatus("b", suspicion=float("inf"))),
        detectors=(
            DetectorStatus("extraction/own_change", rows=1_000, microseconds=3.0),
            DetectorStatus("inputs/strip", why="there is no model to ask"),
        ),
        queues=(QueueStatus("judge", 5, 100, 2),),
        sharing=SharingStatus("alone", peers=1, failures=4),
        spool=SpoolStatus("/spool", accepted=50, left_out=1, bytes=10, limit=100),
    )


def desk() -> DeskState:
    return DeskState(7, 6, 1, 2, 5, True, (RouteState("soc", "webhook", 3, 2, 0, 1, 4),), "full")


def filled(directory: str = "", worker: str = "0") -> Metrics:
    metrics = Metrics(directory, worker, status=status, desk=desk)
    for seconds in (0.0004, 0.002, 0.002, 40.0):
        metrics.request("credit", 200, seconds, 3)
    metrics.request("credit", 503, 0.01, 1)
    metrics.request("fraud", 0, 0.0, 0)
    metrics.event("over_quota", 2)
    metrics.counted = {
        "proxy_total": lambda: {"requests": 9, "body-too-large": 1},
        "hook_failures_total": lambda: {"asked": 1},
        "limits_refused_total": lambda: {"rows": 2},
        "identity_failures_total": lambda: {"token_expired": 3},
    }
    metrics.response("credit", "slow")
    metrics.alert(alert())
    return metrics


def read(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = metrics.expose()[1].decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_was_counted_is_what_is_read() -> None:
    found = read(filled())

    def value(name: str, **labels: str) -> float:
        return found[PREFIX + name, tuple(sorted(labels.items()))]

    assert value("requests_total", model="credit", code="2xx") == 4
    assert value("requests_total", model="credit", code="5xx") == 1
    assert value("requests_total", model="fraud", code="none") == 1
    assert value("rows_total", model="credit") == 13
    assert value("request_duration_seconds_bucket", model="credit", le="0.0005") == 1
    assert value("request_duration_seconds_bucket", model="credit", le="0.0025") == 3
    assert value("request_duration_seconds_bucket", model="credit", le="30.0") == 4
    assert value("request_duration_seconds_bucket", model="credit", le="+Inf") == 5
    assert value("request_duration_seconds_count", model="credit") == 5
    assert value("request_duration_seconds_sum", model="credit") == pytest.approx(40.0144)
    assert value("events_total", event="over_quota") == 2
    assert value("proxy_total", what="body-too-large") == 1
    assert value("limits_refused_total", limit="rows") == 2
    assert value("identity_failures_total", reason="token_expired") == 3
    assert value("hook_failures_total", hook="asked") == 1
    assert value("alerts_total", model="credit-risk", detector="extraction/own_change", severity="medium") == 1
    assert value("detector_seconds_total", detector="extraction/own_change") == pytest.approx(0.003)
    assert value("detector_up", detector="inputs/strip") == 0
    assert value("queue_dropped_total", queue="judge") == 2
    assert value("sharing_up") == 0
    assert value("spool_up") == 1
    assert value("suspicion_ratio") == 0.4
    assert value("incidents") == 2
    assert value("alerts_unsaved") == 1
    assert value("route_waiting", route="soc") == 4


def test_a_bound_belongs_to_its_bucket() -> None:
    metrics = Metrics()
    for bound in BOUNDS:
        metrics.request("m", 200, bound, 1)
    found = read(metrics)
    for number, bound in enumerate(BOUNDS, 1):
        labels = (("le", str(bound)), ("model", "m"))
        assert found[f"{PREFIX}request_duration_seconds_bucket", labels] == number


def test_every_family_is_there_and_named_as_prometheus_wants() -> None:
    metrics = filled()
    content_type, text = metrics.expose("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    families = {family.name: family for family in open_metrics(text.decode())}
    for family in FAMILIES:
        name = PREFIX + family.name.removesuffix("_total")
        assert families[name].samples, f"{name} has no sample in a guard that is full"
        assert families[name].type == family.kind
        assert family.help.endswith(".")
        assert (family.kind == "counter") == family.name.endswith("_total")


def test_promtool_has_nothing_to_say() -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool on this machine (Debian: prometheus)")
    done = subprocess.run([program, "check", "metrics"], input=filled().expose()[1], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_workers_add_up_whoever_is_asked(tmp_path: Path) -> None:
    one, two, three = (filled(str(tmp_path), worker) for worker in ("0", "1", "2"))
    for each in (one, two, three):
        each.save()
    for each in (one, two, three):
        found = read(each)
        assert found[f"{PREFIX}requests_total", (("code", "2xx"), ("model", "credit"))] == 12
        assert found[f"{PREFIX}request_duration_seconds_count", (("model", "credit"),)] == 15
        assert found[f"{PREFIX}workers", ()] == 3
        assert found[f"{PREFIX}resident_memory_bytes", ()] == 3 << 27
        assert found[f"{PREFIX}clients", ()] == 12, "the same clients are not counted three times"
        assert found[f"{PREFIX}spool_bytes", ()] == 10, "all share one spool"


def test_counters_do_not_fall_when_a_worker_starts_again(tmp_path: Path) -> None:
    first = filled(str(tmp_path))
    first.save()
    again = Metrics(str(tmp_path), "0")
    again.request("credit", 200, 0.001, 1)
    found = read(again)
    assert found[f"{PREFIX}requests_total", (("code", "2xx"), ("model", "credit"))] == 5
    assert found[f"{PREFIX}request_duration_seconds_count", (("model", "credit"),)] == 6
    again.save()
    assert read(Metrics(str(tmp_path), "0"))[f"{PREFIX}rows_total", (("model", "credit"),)] == 14
    assert (f"{PREFIX}queue_length", (("queue", "judge"),)) not in found, "what is no count is not of yesterday"


def test_a_silent_workers_counts_stay_and_its_queues_go(tmp_path: Path) -> None:
    now = [1_000.0]
    silent = Metrics(str(tmp_path), "1", status=status, clock=lambda: now[0])
    silent.event("x")
    silent.save()
    asked = Metrics(str(tmp_path), "0", clock=lambda: now[0])
    assert read(asked)[f"{PREFIX}queue_length", (("queue", "judge"),)] == 5
    now[0] += 60.0
    found = read(asked)
    assert found[f"{PREFIX}events_total", (("event", "x"),)] == 1
    assert (f"{PREFIX}queue_length", (("queue", "judge"),)) not in found
    assert found[f"{PREFIX}workers", ()] == 1


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(max_size=4) | st.floats(), lambda x: st.lists(x)))
def test_a_damaged_file_of_another_worker_is_left_out(tmp_path_factory: pytest.TempPathFactory, junk: object) -> None:
    directory = tmp_path_factory.mktemp("state")
    metrics = filled(str(directory))
    content = junk if isinstance(junk, bytes) else json.dumps({"at": 1, "values": {"rows_total": junk}}).encode()
    (directory / "metrics" / "1.json").write_bytes(content)
    assert read(metrics)[f"{PREFIX}rows_total", (("model", "credit"),)] == 13


def test_names_that_clients_choose_are_bounded_and_do_no_harm() -> None:
    metrics = Metrics()
    for number in range(5_000):
        metrics.request(f"m{number}", 200, 0.1, 1)
        metrics.event(f"e{number}")
        metrics.response(f"m{number}", f"r{number % 9}")
        metrics.alert(alert(model=f"m{number}", detector=f"x/{number}"))
    metrics.request(HOSTILE.replace("\udc80", ""), 200, 0.1, 1)
    values = metrics.values()
    assert max(map(len, values.values())) <= 2_100
    text = metrics.expose()[1].decode()
    assert sum(value for (_, *_), value in values["requests_total"].items()) == 5_001
    assert sum(values["alerts_total"].values()) == 5_000
    list(text_string_to_metric_families(text))


def test_a_models_name_with_everything_in_it_is_read_back_as_it_is() -> None:
    metrics = Metrics()
    name = 'a"b\\c\nd} 1\nforged 7'
    metrics.request(name, 200, 0.1, 1)
    found = read(metrics)
    assert found[f"{PREFIX}rows_total", (("model", name),)] == 1
    assert not any(sample.startswith("forged") for sample, _ in found)


def test_what_is_between_processes_is_for_the_owner(tmp_path: Path) -> None:
    filled(str(tmp_path), "../../x").save()
    assert [path.name for path in (tmp_path / module.DIRECTORY).iterdir()] == [".._.._x.json"]
    assert (tmp_path / module.DIRECTORY).stat().st_mode & 0o077 == 0


def test_every_metric_is_documented_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "tasks" / "route-alerts.md").read_text()
    for family in FAMILIES:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        assert f"| `{PREFIX}{family.name}` | {family.kind} | {labels} | {family.help} |" in page
